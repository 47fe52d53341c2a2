"""Many sessions at once, over what an agent takes: no wrong answer, no lost record, and who is throttled is told.

Usage: python benchmarks/peak.py [sessions at once] [expected messages a minute]     (200 40)

The platform stands on a local AWS of its own with that expected peak, so that the agent takes three times as much.
All sessions begin at once, each as a client of its own that sends one message with an Idempotency-Key, and sends it
again when it is told to come back later. Then everything is counted: answers against what each message had to come
to, decision records against the steps it took, and tickets against the calls that were allowed. Ends with 1 if
anything is wrong, lost, done twice, or refused without the time to wait by the front door.
"""

import gzip
import json
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

from botocore.credentials import Credentials

from corral.front_door import Answer, FrontDoorError, send
from corral.local.journey import scripts
from corral.local.rehearse import stage, team_outputs
from corral.local.session import Session
from corral.spec.load import load_environment
from corral.spec.resolved import ResolvedAgent

ROOT = Path(__file__).parents[1]
GIVE_UP_SECONDS = 600
PENDING, NOT_GRANTED = "pending approval", "tool not granted"


@dataclass(frozen=True)
class Kind:
    """A message's turns of the model, and what must come of them."""

    turns: tuple[dict[str, Any], ...]
    decisions: tuple[str, ...] = ()
    because: str = ""
    steps: tuple[str, ...] = ("beforeInvocation", "afterInvocation")


_REFUSED = ("beforeInvocation", "beforeToolCall", "afterInvocation")
_HELD = (*_REFUSED, "approval.asked", "approval.notified")
KINDS = (
    Kind(
        ({"tool": "ticket-create", "input": {"subject": "%s", "body": "b"}},),
        ("allowed",),
        steps=("beforeInvocation", "beforeToolCall", "afterToolCall", "afterInvocation"),
    ),
    Kind(
        ({"tool": "refund-issue", "input": {"order_id": "A-1", "amount_cents": 9000, "reason": "%s"}},),
        ("denied-by-supervisor",),
        PENDING,
        _HELD,
    ),
    Kind(
        ({"tool": "report-write", "input": {"title": "%s"}},),
        ("denied-by-supervisor",),
        NOT_GRANTED,
        _REFUSED,
    ),
    Kind(()),
)


@dataclass
class Sent:
    """One session's message, how often it was told to come back, and what came of it."""

    name: str
    kind: Kind
    told: list[FrontDoorError] = field(default_factory=list)
    answer: Answer | None = None
    error: FrontDoorError | None = None
    seconds: float = 0.0

    def wrong(self) -> str | None:
        """Why the answer is not the right one."""
        if self.answer is None:
            return f"{self.name}: {self.error.status if self.error else 'no answer'} {self.error}"
        made = tuple(call.decision for call in self.answer.tool_calls)
        reasons = " ".join(call.reason or "" for call in self.answer.tool_calls)
        if made != self.kind.decisions or self.kind.because not in reasons:
            return f"{self.name}: {made} {reasons}, expected {self.kind.decisions} {self.kind.because}"
        return None if self.answer.answer == f"Done, {self.name}." else f"{self.name}: {self.answer.answer}"


class Load:
    """Sessions with one agent of a platform that is up."""

    def __init__(self, session: Session, outputs: dict[str, dict[str, Any]], agent: ResolvedAgent) -> None:
        self._session, self._outputs, self._agent = session, outputs, agent
        self._run = uuid.uuid4().hex[:8]

    def all_at_once(self, sessions: int, patience: float = GIVE_UP_SECONDS) -> list[Sent]:
        """Begin that many sessions at once; each sends again, as told, until it has its answer or no patience."""
        everyone = [
            Sent(f"session-{self._run}-{number}", KINDS[number % len(KINDS)]) for number in range(sessions)
        ]
        script = scripts([replaced(self._agent, scenarios=())], self._outputs)
        script[next(iter(script))]["scenarios"] = [
            {
                "name": one.name,
                "user": one.name,
                "model": [
                    *(json.loads(json.dumps(turn).replace("%s", one.name)) for turn in one.kind.turns),
                    {"say": f"Done, {one.name}."},
                ],
            }
            for one in everyone
        ]
        self._session.put_scripts(script)
        keys = self._session.credentials_for(self._outputs["support"]["operator_role_arn"], "load")
        with ThreadPoolExecutor(sessions) as pool:
            list(pool.map(lambda one: self._send(one, keys, patience), everyone))
        return everyone

    def _send(self, one: Sent, keys: Credentials, patience: float) -> None:
        """Send a message until it is answered, waiting as told; where Lambda says no time, ever longer."""
        began, pause = time.monotonic(), 0.5
        while True:
            try:
                one.answer = send(
                    self._outputs["support"]["front_door_url"],
                    keys,
                    self._session.at.region,
                    self._agent.name,
                    one.name,
                    key=one.name,
                )
                break
            except FrontDoorError as error:
                one.error = error
                if error.status not in (409, 429):
                    break
                one.told.append(error)
                wait = error.retry_after or pause
                if time.monotonic() - began + wait > patience:
                    break
                time.sleep(wait)
                pause = min(pause * 2, 8)
        one.seconds = time.monotonic() - began

    def records(self) -> Counter[tuple[str, str]]:
        """How many decision records there are, by session and step."""
        self._session.flush()
        return Counter((each["session_id"], each["event"]) for each in self._lines())

    def _lines(self) -> Iterator[dict[str, Any]]:
        s3, bucket = self._session.client("s3"), self._outputs[""]["audit_bucket"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="decisions/"):
            for item in page.get("Contents", []):
                text = gzip.decompress(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
                yield from map(json.loads, text.decode().splitlines())

    def tickets(self) -> Counter[str]:
        """How many tickets there are, by subject."""
        pages = self._session.client("dynamodb").get_paginator("scan")
        found = pages.paginate(TableName="corral-dev-tool-ticket-create")
        return Counter(item["subject"]["S"] for page in found for item in page["Items"] if "subject" in item)

    def problems(self, everyone: list[Sent]) -> list[str]:
        """What is wrong, lost or done twice."""
        found = [why for one in everyone if (why := one.wrong())]
        records, tickets = self.records(), self.tickets()
        for one in everyone:
            if one.answer is None:
                continue
            mine = Counter(
                {step: n for (session, step), n in records.items() if session == one.answer.session_id}
            )
            if mine != Counter(one.kind.steps):
                found.append(f"{one.name}: records {dict(mine)}, expected one of each of {one.kind.steps}")
            expected = 1 if one.kind.decisions == ("allowed",) else 0
            if tickets[one.name] != expected:
                found.append(f"{one.name}: {tickets[one.name]} tickets, expected {expected}")
            found += [
                f"{one.name}: throttled without a time to wait"
                for error in one.told
                if error.code == "throttled" and not error.retry_after
            ]
        return found


def copied(folder: Path, expected: int) -> Path:
    """A copy of the project whose agent expects that many messages a minute."""
    for name in ("stacks", "components", "corral", "functions", "templates", "policies"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    team = folder / "stacks/dev/teams/support.yaml"
    at = "    limits: {cost_per_task_usd: 0.15}\n"
    text = team.read_text()
    if text.count(at) != 1:
        raise SystemExit(f"{team} has changed: helpdesk's limits are not where they were")
    team.write_text(text.replace(at, f"{at}    expected_peak: {{messages_per_minute: {expected}}}\n"))
    return folder


def main() -> None:
    """Stand a platform up, load it, count."""
    given = [int(each) for each in sys.argv[1:]] + [200, 40][len(sys.argv) - 1 :]
    sessions, expected = given
    with tempfile.TemporaryDirectory() as temporary:
        root = copied(Path(temporary), expected)
        environment = load_environment(root / "stacks/dev")
        with stage(root, environment, ["support"], lambda _: None) as (session, results):
            load = Load(session, team_outputs(results), environment.agents["support"]["helpdesk"])
            began = time.monotonic()
            everyone = load.all_at_once(sessions)
            took = time.monotonic() - began
            problems = load.problems(everyone)
    told = Counter(error.code for one in everyone for error in one.told)
    waits = sorted(one.seconds for one in everyone)
    print(
        f"{sessions} sessions at once, of an agent that takes {3 * expected} messages a minute, in {took:.0f} s"
    )
    print(f"answered: {sum(one.answer is not None for one in everyone)}, told to come back: {dict(told)}")
    print(
        f"until the answer, s: median {statistics.median(waits):.1f}, 95th {waits[int(len(waits) * 0.95) - 1]:.1f}"
    )
    print(f"wrong, lost or done twice: {len(problems)}")
    if problems:
        raise SystemExit("\n".join(problems[:20]))


if __name__ == "__main__":
    main()
