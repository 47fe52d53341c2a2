"""How long a decision of the supervisor takes, warm and cold, and what its cold start is spent on.

Usage: python benchmarks/supervisor.py [warm decisions of each kind] [cold starts]     (500 10)

It runs as deployed: on a platform stood up on a local AWS of its own, in a Lambda worker, with the function's role and
variables. Only its handler is wrapped, to tell three times of each decision: in all, of which waiting for AWS to
answer (everything between sending a request and having the answer read), and CPU. What is not waiting is the
supervisor's own time, signing and reading answers included. Ends with 1 when the 95th percentile of that is over
the limit for any kind of decision.
"""

import io
import json
import statistics
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from corral.local.rehearse import stage
from corral.local.session import Session
from corral.spec.load import load_environment

ROOT = Path(__file__).parents[1]
MAX_OWN_MS = 15.0
DEPLOYED, COPY = "corral-dev-supervisor", "corral-dev-supervisor-timed"
TIMED = """
import sys, time

before, began = set(sys.modules), time.perf_counter()
from functions.supervisor.handler import handler as decide
import_ms, modules = (time.perf_counter() - began) * 1000, len(set(sys.modules) - before)

from botocore.httpsession import URLLib3Session

send, waits = URLLib3Session.send, []

def timed_send(self, request):
    began = time.perf_counter()
    try:
        return send(self, request)
    finally:
        waits.append((time.perf_counter() - began) * 1000)

URLLib3Session.send = timed_send

def handler(event, context):
    waits.clear()
    began, cpu = time.perf_counter(), time.process_time()
    answer = decide(event, context)
    total = (time.perf_counter() - began) * 1000
    return {
        "answer": answer, "total": total, "waited": sum(waits), "calls": len(waits),
        "cpu": (time.process_time() - cpu) * 1000, "modules": modules, "import": import_ms,
    }
"""
_IMPORTS = "import sys; sys.path[:0] = sys.argv[1:]; import functions.supervisor.handler"


class Supervisor:
    """The wrapped copy of the deployed function, and an agent for it to decide about."""

    def __init__(self, session: Session, harness_arn: str) -> None:
        self._client = session.client("lambda")
        self._harness_arn = harness_arn
        deployed = self._client.get_function_configuration(FunctionName=DEPLOYED)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.write(ROOT / "functions/__init__.py", "functions/__init__.py")
            for folder in ("common", "supervisor"):
                for path in (ROOT / "functions" / folder).rglob("*.py"):
                    packed.write(path, path.relative_to(ROOT).as_posix())
            packed.writestr("timed.py", TIMED)
        self._variables = deployed["Environment"]["Variables"]
        self._raise_cap(session)
        self._client.create_function(
            FunctionName=COPY,
            Handler="timed.handler",
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": self._variables},
            **{key: deployed[key] for key in ("Runtime", "Role", "Timeout", "MemorySize")},
        )

    def _raise_cap(self, session: Session) -> None:
        """Let one task have all of these steps: it is counted as any other is, and not ended."""
        dynamodb, at = (
            session.client("dynamodb"),
            {"agent": {"S": self._harness_arn}, "item": {"S": "config"}},
        )
        item = dynamodb.get_item(TableName="corral-dev-agents", Key=at)["Item"]
        item["cap"] = {"S": json.dumps({**json.loads(item["cap"]["S"]), "usd": 1e9})}
        dynamodb.put_item(TableName="corral-dev-agents", Item=item)

    def decide(self, event: str, expected: str, number: int, context: dict[str, Any]) -> dict[str, Any]:
        """Have one step decided. Ends the benchmark unless the decision is the expected one."""
        payload = {
            "hookEventId": f"benchmark-{number}",
            "name": "supervisor",
            "event": event,
            "harnessArn": self._harness_arn,
            "sessionId": "benchmark-of-the-supervisor-0000000000000",
            "context": context,
        }
        said = self._client.invoke(FunctionName=COPY, Payload=json.dumps(payload).encode())
        body = json.loads(said["Payload"].read())
        if "FunctionError" in said or body["answer"]["decision"] != expected:
            raise SystemExit(f"{event} of {context} was not decided as {expected}: {body}")
        return dict(body)

    def forget(self, number: int) -> None:
        """Have the next decision start a new worker: a change of configuration does."""
        self._client.update_function_configuration(
            FunctionName=COPY, Environment={"Variables": {**self._variables, "BENCHMARK": str(number)}}
        )


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    """The context of a tool call's hook."""
    return {"toolName": f"{tool}___{tool}", "toolInput": arguments, "toolUseId": "t", "toolType": "gateway"}


TICKET = call("ticket-create", subject="It broke", body="Every evening.")
REFUND = call("refund-issue", order_id="A-1", amount_cents=9000, reason="broken")
STEPS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a message comes in": ("before_invocation", "allow", {"messages": []}),
    "a call, allowed": ("before_tool_call", "allow", TICKET),
    "a call, not granted": ("before_tool_call", "deny", call("report-write", title="x")),
    "a call, waiting for a person": ("before_tool_call", "deny", REFUND),
    "a call is over": ("after_tool_call", "allow", TICKET),
    "an answer goes out": ("after_invocation", "allow", {"stopReason": "end_turn", "usage": {}}),
}


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[max(0, int(len(values) * 0.95) - 1)]


def warm(supervisor: Supervisor, count: int) -> bool:
    """Print a row for each kind of decision; tell whether all are within the limit."""
    print(
        f"{'warm, ms':<32}{'own p50':>9}{'own p95':>9}{'CPU p95':>9}{'all p50':>9}{'all p95':>9}{'calls':>7}"
    )
    within = True
    for title, (event, expected, context) in STEPS.items():
        supervisor.decide(event, expected, 0, context)  # makes what is made at first use
        runs = [supervisor.decide(event, expected, number, context) for number in range(count)]
        own = [run["total"] - run["waited"] for run in runs]
        total, cpu = [run["total"] for run in runs], [run["cpu"] for run in runs]
        row = (statistics.median(own), p95(own), p95(cpu), statistics.median(total), p95(total))
        print(f"{title:<32}{''.join(f'{value:>9.2f}' for value in row)}{runs[-1]['calls']:>7}")
        within = within and p95(own) <= MAX_OWN_MS
    return within


def cold(supervisor: Supervisor, count: int) -> None:
    """Print what a first decision takes in a new worker."""
    event, expected, context = STEPS["a call, allowed"]
    runs = []
    for number in range(count):
        supervisor.forget(number)
        runs.append(supervisor.decide(event, expected, number, context))
    imports, first = [run["import"] for run in runs], [run["total"] for run in runs]
    print(f"\n{'cold, ms':<32}{'p50':>9}{'p95':>9}")
    print(f"{'importing the handler':<32}{statistics.median(imports):>9.0f}{p95(imports):>9.0f}")
    print(f"{'the first decision':<32}{statistics.median(first):>9.0f}{p95(first):>9.0f}")
    print(f"modules imported: {runs[-1]['modules']}")


def imports() -> None:
    """Print the packages that take longest to import, from a fresh interpreter."""
    site = next(path for path in sys.path if path.endswith("site-packages"))
    command = [sys.executable, "-I", "-S", "-X", "importtime", "-c", _IMPORTS, str(ROOT), site]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    spent, modules = Counter[str](), Counter[str]()
    for line in said.splitlines():
        own, _, name = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            package = name.strip().partition(".")[0]
            spent[package] += int(own)
            modules[package] += 1
    print("\npackage                 ms  modules")
    for package, microseconds in spent.most_common(8):
        print(f"{package:<20}{microseconds / 1000:>6.0f}{modules[package]:>9}")


def main() -> None:
    """Stand a platform up, measure, print."""
    given = [int(each) for each in sys.argv[1:]] + [500, 10][len(sys.argv) - 1 :]
    environment = load_environment(ROOT / "stacks/dev")
    with stage(ROOT, environment, ["support"], lambda _: None) as (session, results):
        harness_arn = results["dev.support"].outputs["agents"]["helpdesk"]["harness_arn"]
        supervisor = Supervisor(session, harness_arn)
        within = warm(supervisor, given[0])
        cold(supervisor, given[1])
    imports()
    if not within:
        raise SystemExit(f"own time is over {MAX_OWN_MS:.0f} ms at the 95th percentile")


if __name__ == "__main__":
    main()
