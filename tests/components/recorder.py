"""Evaluates the Pulumi program without any engine, in its own process, and returns what it registered."""

import asyncio
import gc
import json
import multiprocessing
import os
import runpy
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ACCOUNT = "111122223333"
REGION = "us-east-1"
HELD: dict[str, Any] = {}  # what people hold, as DynamoDB writes it: changed by tests, before they evaluate
DEPLOYER = f"arn:aws:sts::{ACCOUNT}:assumed-role/engineer/somebody"


@dataclass
class Recorded:
    """One resource as it was registered."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    dependencies: list[str]
    protect: bool
    retain: bool  # on delete
    delete_first: bool | None  # before its replacement is made; None: as the provider has it
    timeouts: dict[str, str]
    ignored: list[str]  # inputs whose changes the engine leaves alone
    outputs: dict[str, Any] | None = None  # what a component registered


@dataclass
class Program:
    """All of one stack."""

    stack: str
    resources: list[Recorded] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Recorded]:
        """The resources of a type."""
        return [resource for resource in self.resources if resource.type == kind]


def project(folder: Path) -> Path:
    """Copy what a stack is made from into a folder, to be changed there; returns the program."""
    for name in ("functions", "templates"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "stacks", folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "stacks"


def team_of_every_kind(folder: Path) -> Path:
    """Make a project with a team, `reports`, whose agents are what others need not be; returns the program.

    `weekly` has a schedule and the strict guardrail, `digest` a schedule, both a judge of their own and an
    evaluator that is code, and `gazette` is retired.
    """
    stacks = project(folder)
    add_team_of_every_kind(stacks)
    return stacks


def add_team_of_every_kind(stacks: Path) -> None:
    """Add that team to a project."""
    template = stacks / "dev/templates/weekly/1.0.0"
    shutil.copytree(ROOT / "templates/agents/blank/1.1.0", template)
    replaced(
        template / "template.yaml", "template: blank\nversion: 1.1.0\n", "template: weekly\nversion: 1.0.0\n"
    )
    replaced(
        template / "template.yaml",
        "\nparameters:\n",
        """
guardrail: strict
schedule: {parameter: schedule, message: Write the report.}
parameters:
  schedule: {type: schedule, optional: true, help: When it is written.}
""",
    )
    replaced(template / "template.yaml", "evaluators: [", f"evaluators: [{JUDGE}, {CODED}, ")
    (template / "evaluators").mkdir()
    (template / "evaluators/sums.py").write_text(SUMS, encoding="utf-8")
    shutil.copytree(template, stacks / "dev/templates/digest/1.0.0")
    replaced(stacks / "dev/templates/digest/1.0.0/template.yaml", "template: weekly\n", "template: digest\n")
    replaced(stacks / "dev/templates/digest/1.0.0/template.yaml", "guardrail: strict\n", "")
    (stacks / "dev/teams/reports.yaml").write_text(REPORTS, encoding="utf-8")


JUDGE = """{name: cites-a-source, judge: "Does {assistant_turn} name where its numbers are from?", model: nova-pro,
  scale: [{value: 0, label: None, definition: No number has a source.},
    {value: 1, label: All, definition: Each number has its source.}]}"""
CODED = "{name: in-money, code: evaluators/sums.py}"
SUMS = '''"""Is each amount in dollars."""

import re


def evaluate(turns):
    amounts = re.findall(r"(.?)\\b\\d", turns[-1]["answer"])
    return None if not amounts else all(before == "$" for before in amounts)
'''
REPORTS = """
apiVersion: corral/v1
team: reports
owner: {name: Reports, email: reports@example.com, on_call: reports-oncall@example.com}
cost: {center: r-1, monthly_budget_usd: 100}
members: {operators: ["arn:aws:iam::111122223333:role/reports-desk"]}
agents:
  - name: weekly
    template: weekly@1
    stage: experiment
    parameters: {purpose: Reports, schedule: "cron(0 6 ? * MON *)"}
    tools: [ticket-create]
  - name: digest
    template: digest@1
    stage: experiment
    parameters: {purpose: Reports, schedule: rate(1 day)}
    tools: [ticket-create]
  - name: on-demand
    template: weekly@1
    stage: experiment
    parameters: {purpose: Reports}
    tools: [ticket-create]
retired:
  - {name: gazette, formerly: bulletin, template: weekly@1.0.0, since: 2026-11-20, reason: Nobody read it.}
"""


def replaced(path: Path, old: str, new: str) -> None:
    """Replace text that occurs once in a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} must occur once in {path}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def record(
    stack: str,
    outputs: dict[str, dict[str, Any]],
    program: Path = ROOT / "stacks",
    settings: dict[str, str] | None = None,
) -> Program:
    """Evaluate a stack; `outputs` are those of the stacks it may refer to, `settings` the stack's own."""
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(stack, outputs, program, settings or {}, sending))
    process.start()
    sending.close()
    try:
        result: Program = receiving.recv()
    finally:
        process.join()
    return result


def _child(
    stack: str, outputs: dict[str, dict[str, Any]], program: Path, given: dict[str, str], sending: Any
) -> None:
    os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "1"
    gc.disable()  # the process is short, and collecting makes each resource dearer than the last
    os.environ.pop("AWS_REGION", None)
    result = Program(stack)
    try:
        asyncio.run(_run(stack, outputs, program, given, result))
    except BaseException as error:
        result.errors.append(f"{type(error).__name__}: {error}")
    sending.send(result)
    sending.close()


async def _run(
    stack: str, outputs: dict[str, dict[str, Any]], program: Path, given: dict[str, str], result: Program
) -> None:
    from pulumi.runtime import set_all_config, settings
    from pulumi.runtime.mocks import set_mocks
    from pulumi.runtime.stack import run_in_stack

    set_all_config(given)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
    monitor = _monitor(outputs, result)
    set_mocks(
        monitor.mocks,
        project="corral",
        stack=stack,
        preview=False,
        monitor=monitor,
        organization="organization",
    )
    settings.set_root_resource(None)  # type: ignore[arg-type]
    os.chdir(ROOT)

    def run() -> None:
        runpy.run_path(str(program), run_name="__main__")

    await run_in_stack(run)


def _monitor(stack_outputs: dict[str, dict[str, Any]], result: Program) -> Any:
    from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
    from pulumi.runtime import rpc
    from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

    from tests.components.aws_outputs import provider_outputs

    class Recording(Mocks):
        def call(self, args: MockCallArgs) -> Any:
            if args.token == "aws:index/getCallerIdentity:getCallerIdentity":
                return {"arn": DEPLOYER, "accountId": DEPLOYER.split(":")[4], "id": "x", "userId": "x"}
            if args.token == "aws:dynamodb/getTableItem:getTableItem":
                if not HELD:
                    return {}, [("", "reading DynamoDB Table Item (held): couldn't find resource")]
                return {"item": json.dumps({"of": {"S": "held"}, **HELD}), "id": "held"}
            if args.token != "pulumi:pulumi:readStackOutputs":
                raise AssertionError(f"unknown invoke {args.token}")
            name = args.args["name"]
            if name not in stack_outputs:
                return {}, [("name", f'unknown stack "{name}"')]
            return {"name": name, "outputs": stack_outputs[name], "secretOutputNames": []}

        def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
            if args.typ == "pulumi:pulumi:StackReference":
                known = stack_outputs[args.name]
                return args.name, {"name": args.name, "outputs": known, "secretOutputNames": []}
            made = {**args.inputs, **provider_outputs(args.typ, args.name, args.inputs)}
            return str(made.pop("id", f"{args.name}-id")), made

    class Monitor(MockMonitor):
        def make_urn(self, parent: str, type_: str, name: str) -> str:
            above = parent.split("::")[2] + "$" if parent and "pulumi:Stack" not in parent else ""
            return f"urn:pulumi:{result.stack}::corral::{above}{type_}::{name}"

        def RegisterResource(self, request: Any) -> Any:  # noqa: N802
            if request.type != "pulumi:pulumi:Stack":
                urn = self.make_urn(request.parent, request.type, request.name)
                if any(known.urn == urn for known in result.resources):
                    raise AssertionError(f"repeated name: {urn}")
                result.resources.append(
                    Recorded(
                        urn=urn,
                        type=request.type,
                        name=request.name,
                        parent=request.parent,
                        custom=request.custom,
                        inputs=_plain(rpc.deserialize_properties(request.object)),
                        dependencies=sorted(request.dependencies),
                        protect=request.protect,
                        retain=request.retainOnDelete,
                        delete_first=(
                            request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None
                        ),
                        timeouts={
                            step: seconds
                            for step in ("create", "update", "delete")
                            if (seconds := getattr(request.customTimeouts, step))
                        },
                        ignored=list(request.ignoreChanges),
                    )
                )
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]

        def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
            values = _plain(rpc.deserialize_properties(request.outputs))
            if "pulumi:pulumi:Stack" in request.urn:
                result.outputs.update(values)
            for known in result.resources:
                if known.urn == request.urn:
                    known.outputs = values
            return Empty()

    return Monitor(Recording())


def _plain(value: Any) -> Any:
    """Assets as their paths, secrets bare, whole numbers whole."""
    import pulumi

    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, pulumi.FileAsset):
        return {"path": value.path}
    if isinstance(value, pulumi.AssetArchive):
        return {"assets": _plain(value.assets)}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
