"""Stacks: how they refer to each other, run side by side, are configured, reported and ended."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corral.local.engine import Credentials, Event, Host, StackResult, run_stacks
from corral.local.engine.model import Job

ROOT = Path(__file__).parents[3]
CREDENTIALS = Credentials("a", "b")
REST = ("http://127.0.0.1:1", CREDENTIALS, "us-east-1", "123456789012")

# One line, which the line numbers below count on. KEPT is what the policy pack asks of a queue.
IMPORTS = (
    "import json, os, time, pulumi, pulumi_aws as aws, pulumi_aws_native as native; "
    'KEPT = {"kms_master_key_id": "alias/aws/sqs"}\n'
)


def messages(result: StackResult) -> list[str]:
    return [str(error) for error in result.errors]


def only(result: StackResult) -> str:
    assert len(result.errors) == 1, messages(result)
    return str(result.errors[0])


def queues(client: Callable[[str], Any]) -> list[str]:
    return sorted(url.rsplit("/", 1)[1] for url in client("sqs").list_queues().get("QueueUrls", []))


def test_secrets_and_stack_references(evaluate):
    results = evaluate(
        IMPORTS
        + """
if pulumi.get_stack() == "dev":
    queue = aws.sqs.Queue("q", **KEPT, name=pulumi.Output.secret("hush"), tags={"team": "none"})
    pulumi.export("password", pulumi.Output.secret("hunter2"))
    pulumi.export("plain", {"list": [1, 2.5, True, None]})
else:
    platform = pulumi.StackReference(f"{pulumi.get_organization()}/corral/dev")
    pulumi.export("seen", platform.require_output("password"))
    pulumi.export("plain", platform.require_output("plain"))
""",
        "dev.support",
        "dev",
    )
    dev, support = results["dev"], results["dev.support"]
    assert dev.ok, messages(dev)
    assert dev.outputs == {"password": "hunter2", "plain": {"list": [1, 2.5, True, None]}}
    assert dev.secret_outputs == {"password"}
    assert support.ok, messages(support)
    assert support.outputs["seen"] == "hunter2"
    assert support.outputs["plain"]["list"][:3] == [1, 2.5, True]
    assert support.secret_outputs == {"seen"}
    (queue,) = dev.resources
    assert queue.inputs.pop("kmsMasterKeyId") == "alias/aws/sqs"
    assert queue.inputs == {"name": "[secret]", "tags": {"team": "none"}}
    assert queue.outputs["name"] == "[secret]"


def test_a_reference_to_a_stack_that_is_not_there_says_which_are(evaluate):
    program = (
        'ref = pulumi.StackReference("organization/corral/prod")\npulumi.export("x", ref.get_output("x"))'
    )
    result = evaluate.one(IMPORTS + program)
    assert only(result).endswith("there is no stack 'prod' to refer to; stacks of this run: none")
    error = only(evaluate.one(IMPORTS + 'pulumi.StackReference("dev")'))
    assert "reads <organization>/corral/<stack>, got 'dev'" in error


def test_a_program_may_look_at_a_stack_before_it_refers_to_it(evaluate):
    results = evaluate(
        IMPORTS
        + """
def outputs(stack):
    read = "pulumi:pulumi:readStackOutputs"
    return pulumi.runtime.invoke(read, {"name": f"{pulumi.get_organization()}/corral/{stack}"}).value["outputs"]

if pulumi.get_stack() == "dev":
    pulumi.export("plain", {"list": [1, True]})
    pulumi.export("password", pulumi.Output.secret("hunter2"))
else:
    pulumi.export("seen", outputs("dev")["plain"])
    try:
        outputs("prod")
    except Exception as error:
        pulumi.export("told", str(error))
""",
        *("dev", "dev.a"),
    )
    team = results["dev.a"]
    assert team.ok, messages(team)
    assert team.outputs["seen"] == {"list": [1, True]}
    assert 'unknown stack "organization/corral/prod"' in team.outputs["told"]
    assert "stacks of this run: dev" in team.outputs["told"]


def test_a_team_of_this_project_without_its_platform_is_told_so_once(engine_host):
    ours = (*REST[:3], "111122223333")
    result = run_stacks("dev", ROOT, ["dev.support"], *ours, lambda _: None, host=engine_host)["dev.support"]
    assert only(result).endswith("there is no stack organization/corral/dev: run `pulumi up -s dev` first")
    assert not result.resources
    assert not result.skipped


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="stacks run side by side, one a processor")
def test_team_stacks_run_side_by_side(evaluate):
    results = evaluate(
        IMPORTS
        + """
me = pulumi.get_stack()
if me != "dev":
    other = {"dev.a": "dev.b", "dev.b": "dev.a"}[me]
    open(f"{me}.here", "w").close()
    give_up = time.monotonic() + 20
    while not os.path.exists(f"{other}.here"):
        assert time.monotonic() < give_up, "the other stack never came"
        time.sleep(0.01)
    aws.sqs.Queue("q", **KEPT, name=me.replace(".", "-"))
""",
        *("dev", "dev.a", "dev.b"),
    )
    assert {stack: messages(result) for stack, result in results.items()} == {
        "dev": [],
        "dev.a": [],
        "dev.b": [],
    }
    started = [event.stack for event in evaluate.events if event.kind == "stack-start"]
    assert started == ["dev", "dev.a", "dev.b"]


def test_team_stacks_do_not_start_when_the_platform_failed(evaluate, client):
    results = evaluate(
        IMPORTS + 'aws.sqs.Queue("q", **KEPT, name="bad name" if pulumi.get_stack() == "dev" else "team")',
        *("dev", "dev.a"),
    )
    assert only(results["dev.a"]) == "not started, because stack dev failed"
    assert [event.stack for event in evaluate.events if event.kind == "stack-start"] == ["dev"]
    assert queues(client) == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ('config: {"aws:region": eu-west-1}', "aws:region is eu-west-1, this run is in us-east-1"),
        ('config: {"aws:allowedAccountIds": ["999999999999"]}', "this run is in 123456789012"),
        ("config: {key: {secure: v1:abc}}", "key is encrypted and cannot be read offline"),
        ("config: [", "while parsing"),
    ],
)
def test_configuration_that_cannot_be_met_is_refused(evaluate, config, expected):
    (evaluate.root / "Pulumi.dev.yaml").write_text(config)
    assert expected in only(evaluate.one(IMPORTS))


def test_configuration_reaches_the_program_from_its_folder(evaluate):
    folder = evaluate.root / "conf"
    folder.mkdir()
    (folder / "Pulumi.dev.yaml").write_text(
        "config: {size: 3, on: true, list: [1, 2], 'aws:region': us-east-1}"
    )
    program = """
config = pulumi.Config()
pulumi.export("all", [config.require_int("size"), config.require_bool("on"), config.require_object("list")])
"""
    result = evaluate(IMPORTS + program, project="stackConfigDir: conf\n")["dev"]
    assert result.outputs == {"all": [3, True, [1, 2]]}, messages(result)


def test_a_project_that_cannot_be_used_is_an_error_of_every_stack(evaluate):
    results = evaluate(IMPORTS, *("dev", "dev.a"), project="main: nowhere/\n")
    assert all("main is 'nowhere/', and there is no" in only(result) for result in results.values())


def test_closing_the_host_ends_the_stacks_it_runs(tmp_path, endpoint):
    (tmp_path / "Pulumi.yaml").write_text("name: corral\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        "import os, time\nopen('pid', 'w').write(str(os.getpid()))\nos.rename('pid', 'ready')\n"
        "time.sleep(60)\n"
    )
    job = Job("dev", tmp_path, ("dev",), endpoint, CREDENTIALS, "us-east-1", "123456789012")
    with Host() as host:
        threading.Thread(target=host.run, args=(job, lambda event: None), daemon=True).start()
        while not (tmp_path / "ready").exists():
            time.sleep(0.05)
    child = int((tmp_path / "ready").read_text())
    give_up = time.monotonic() + 5
    while os.path.exists(f"/proc/{child}"):
        assert time.monotonic() < give_up, "the stack's process is still there"
        time.sleep(0.05)


def test_events_arrive_as_things_happen(evaluate):
    evaluate.one(
        IMPORTS
        + """
first = aws.sqs.Queue("first", **KEPT, name="first")
aws.sqs.Queue("second", **KEPT, name=first.arn.apply(lambda arn: time.sleep(0.5) or "second"))
"""
    )
    kinds = [event.kind for event in evaluate.events]
    assert kinds == ["stack-start", "resource", "resource", "stack-done"]
    assert evaluate.arrived[2] - evaluate.arrived[1] > 0.4
    assert evaluate.events[3].seconds > evaluate.events[1].seconds > 0


def test_a_run_abandoned_half_way_ends_its_process(evaluate):
    class Stop(Exception):  # noqa: N818
        pass

    def stop(event: Event) -> None:
        raise Stop

    evaluate.one("")
    with Host() as host:
        with pytest.raises(Stop):
            run_stacks("dev", evaluate.root, ["dev"], *REST, stop, host=host)
        assert host._process.poll() is not None


LATE_THREAD = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from corral.local.engine import program
from corral.local.engine.calls import Calls
from corral.local.engine.model import Credentials
from corral.local.engine.project import read_project

class Late(ThreadPoolExecutor):
    def submit(self, call, *arguments, **keywords):
        future = super().submit(call, *arguments, **keywords)
        super().submit(time.sleep, 0.1)
        return future

program.ThreadPoolExecutor = Late
calls = Calls("http://127.0.0.1:1", Credentials("a", "b"), "us-east-1", "123456789012")
result = program.run_program(read_project(Path(sys.argv[1])), "dev", calls, {}, print)
assert result.outputs == {"x": 1}, result
"""


def test_stack_outputs_arrive_even_when_the_machine_is_busy(tmp_path):
    """The SDK ends without waiting for them when nothing else is under way; then a late thread loses them."""
    (tmp_path / "Pulumi.yaml").write_text("name: corral\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("import pulumi\npulumi.export('x', 1)\n")
    command = [sys.executable, "-c", LATE_THREAD, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
