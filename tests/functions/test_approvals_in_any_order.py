"""Requests, decisions, expiry, retries, crashes and concurrency in any order, against the functions' own code.

What must hold, whatever happens: no call runs that was not approved, by as many people as its rule takes, for these
very arguments in this very session, and none runs twice on one approval. Each write, to the table, to the stream and
to the topic, fails at some time: before it takes effect or after, with an error or with the end of the process.
"""

import json
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from functions.common import aws
from functions.common.canonical import digest
from functions.common.session import runtime_session_id
from functions.supervisor.approvals import approval_id
from functions.supervisor.handler import handler as supervisor
from tests.functions.approvers import Context, approve, arn, deny, sweep

Call = tuple[str, int]  # the session, the amount in cents
Question = tuple[str, str]  # the approval's id, and when it was asked: the same call may be asked for again
SESSIONS = [runtime_session_id(arn(who, role="operator"), "helpdesk", None) for who in ("ann", "carl")]
PEOPLE = ("lead", "bob", "ann")  # ann asked in the first session
WRITES = (("dynamodb", "PutItem"), ("dynamodb", "UpdateItem"), ("firehose", "PutRecord"), ("sns", "Publish"))

calls = st.tuples(st.sampled_from(SESSIONS), st.sampled_from([6000, 6001]))
# After how many writes one fails, and how; mostly none does.
faults = st.none() | st.tuples(st.integers(0, 6), st.booleans(), st.booleans())


class ProcessEndedError(BaseException):
    """Nothing catches it: the process is gone."""


class Faults:
    """Lets one of the coming writes fail, and keeps what the stream has taken."""

    def __init__(self) -> None:
        self.coming: tuple[int, bool, bool] | None = None
        self.met = Counter[str]()
        self.stream: list[dict[str, Any]] = []
        self._sent = threading.local()
        clients = {
            "dynamodb": aws.table("approvals").meta.client,
            "firehose": aws.client("firehose"),
            "sns": aws.client("sns"),
        }
        self._hooks: list[tuple[Any, str, Callable[..., None]]] = []
        for service, operation in WRITES:
            for stage, hook in (("provide-client-params", self._before), ("after-call", self._after)):
                self._hooks.append((clients[service], f"{stage}.{service}.{operation}", hook))
        for client, name, hook in self._hooks:
            client.meta.events.register(name, hook)

    def close(self) -> None:
        for client, name, hook in self._hooks:
            client.meta.events.unregister(name, hook)

    def _before(self, params: dict[str, Any], event_name: str, **_: Any) -> None:
        self._sent.params = params
        if self.coming and self.coming[0] == 0 and not self.coming[1]:
            self._fail(event_name)

    def _after(self, event_name: str, http_response: Any, **_: Any) -> None:
        if http_response.status_code < 300 and "PutRecord" in event_name:
            self.stream.append(json.loads(self._sent.params["Record"]["Data"]))
        if self.coming and self.coming[0] == 0:
            self._fail(event_name)
        elif self.coming:
            self.coming = (self.coming[0] - 1, *self.coming[1:])

    def _fail(self, event_name: str) -> None:
        assert self.coming is not None
        _, after, ended = self.coming
        self.coming = None
        operation = event_name.rpartition(".")[2]
        kind = f"{operation} {'after' if after else 'before'} it took effect, {'the end' if ended else 'an error'}"
        self.met[kind] += 1
        event(kind)
        if ended:
            raise ProcessEndedError
        raise ClientError({"Error": {"Code": "InternalServerError", "Message": "down"}}, operation)


class Approvals(RuleBasedStateMachine):
    """The functions in any order of events, against an account of who has said yes to what."""

    platform: Any = None
    needed = 1
    totals: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.faults = Faults()
        for item in self.platform.approvals.scan()["Items"]:
            self.platform.approvals.delete_item(Key={"team": item["team"], "id": item["id"]})
        self.yes: dict[Question, set[str]] = defaultdict(set)
        self.no: set[Question] = set()
        self.over: set[Question] = set()
        self.ran: Counter[Question] = Counter()

    def teardown(self) -> None:
        self.faults.close()
        self.totals.update({f"fault: {kind}": number for kind, number in self.faults.met.items()})
        self.totals.update(sequences=1, runs=sum(self.ran.values()))

    @initialize(needed=st.sampled_from([1, 2]))
    def deploy(self, needed: int) -> None:
        self.needed = needed
        self.platform.rules({"approvers": needed})

    def question(self, call: Call) -> Question | None:
        """What stands in the table for a call, read past all faults."""
        session, amount = call
        key = approval_id(self.platform.arn, "refund-issue", digest(_arguments(amount)), session)
        coming, self.faults.coming = self.faults.coming, None
        found = self.platform.approvals.get_item(Key={"team": "support", "id": key}, ConsistentRead=True)
        self.faults.coming = coming
        return (key, found["Item"]["requested_at"]) if "Item" in found else None

    def item(self, question: Question) -> dict[str, Any]:
        """What the table has of a question, which is the one that stands there."""
        found: dict[str, Any] = self.platform.item(question[0])
        assert found["requested_at"] == question[1]
        return found

    def request(self, call: Call) -> bool:
        """Whether a call runs."""
        session, amount = call
        hook = self.platform.hook(tool="refund-issue___refund-issue", arguments=_arguments(amount))
        answer = supervisor({**hook, "sessionId": session}, Context())  # type: ignore[arg-type]
        return answer["decision"] == "allow"

    def note_run(self, question: Question | None) -> None:
        assert question is not None, "ran and was never asked for"
        self.ran[question] += 1
        assert self.ran[question] == 1, "ran twice on one approval"
        assert question not in self.no, "ran though denied"
        assert question not in self.over, "ran though expired"
        assert len(self.yes[question]) >= self.needed, "ran and too few had said yes"
        key, asked = question
        steps = [r for r in self.faults.stream if r["id"].startswith(f"{key}-{asked}-")]
        said = {r["actor"] for r in steps if r["event"] == "approval.approved"}
        assert len(said) >= self.needed, "ran and its approvals are not on record"
        assert any(r["event"] == "approval.used" for r in steps), "ran and its use is not on record"
        assert any(
            r["event"] == "beforeToolCall" and r["decision"] == "allow" and r["approval_id"] == key
            for r in self.faults.stream
        )

    def under(self, fault: tuple[int, bool, bool] | None, work: Callable[[], Any]) -> Any:
        """Do something while a write may fail. None when the process ended."""
        self.faults.coming = fault
        try:
            return work()
        except ProcessEndedError:
            return None
        finally:
            self.faults.coming = None

    @rule(call=calls, fault=faults)
    def agent_calls(self, call: Call, fault: tuple[int, bool, bool] | None) -> None:
        self.totals["requests"] += 1
        question = self.question(call)
        if self.under(fault, lambda: self.request(call)):
            self.note_run(question)

    @rule(call=calls, threads=st.integers(2, 3))
    def agent_calls_at_the_same_time(self, call: Call, threads: int) -> None:
        self.totals["requests at the same time"] += threads
        question, ran = self.question(call), list[bool]()
        together = [threading.Thread(target=lambda: ran.append(self.request(call))) for _ in range(threads)]
        _run(together)
        assert len(ran) == threads
        for _ in range(sum(ran)):
            self.note_run(question)

    @rule(call=calls, who=st.sampled_from(PEOPLE), fault=faults)
    def person_approves(self, call: Call, who: str, fault: tuple[int, bool, bool] | None) -> None:
        question = self.question(call)
        if question is None:
            return
        self.totals["approvals"] += 1
        answer = self.under(fault, lambda: approve(arn(who), question[0]))
        taken = arn(who) in self.item(question)["approved_by"]
        assert taken or answer is None or answer[0] != 200, "said to have approved, and has not"
        assert not (taken and who == "ann" and call[0] == SESSIONS[0]), "decided on what they asked for"
        if taken:
            self.yes[question].add(who)

    @rule(call=calls, deciding=faults, running=faults)
    def all_goes_its_way(
        self, call: Call, deciding: tuple[int, bool, bool] | None, running: tuple[int, bool, bool] | None
    ) -> None:
        """Asked, approved by all it takes, and made again and again: what seldom comes about by chance."""
        self.agent_calls(call, None)
        for who in ("lead", "bob"):
            self.person_approves(call, who, deciding)
        for fault in (running, None, None):
            self.agent_calls(call, fault)

    @rule(call=calls, who=st.sampled_from(PEOPLE), fault=faults)
    def person_denies(self, call: Call, who: str, fault: tuple[int, bool, bool] | None) -> None:
        question = self.question(call)
        if question is None:
            return
        self.totals["denials"] += 1
        answer = self.under(fault, lambda: deny(arn(who), question[0]))
        denied = self.item(question)["status"] == "DENIED"
        assert denied or answer is None or answer[0] != 200, "said to have denied, and has not"
        if denied:
            self.no.add(question)

    @rule(call=calls)
    def people_decide_at_the_same_time(self, call: Call) -> None:
        question = self.question(call)
        if question is None:
            return
        self.totals["decisions at the same time"] += 3
        answers: dict[str, int] = {}

        def decide(who: str, how: Callable[[str, str], tuple[int, Any]]) -> None:
            answers[who] = how(arn(who), question[0])[0]

        everybody = [("lead", approve), ("bob", deny), ("ann", approve)]
        _run([threading.Thread(target=decide, args=each) for each in everybody])
        assert set(answers.values()) <= {200, 403, 409}
        self.yes[question] |= {who for who in ("lead", "ann") if answers[who] == 200}
        if answers["bob"] == 200:
            self.no.add(question)

    @rule(call=calls, who=st.sampled_from(PEOPLE))
    def somebody_else_tries(self, call: Call, who: str) -> None:
        question = self.question(call)
        if question is not None:
            self.totals["tries of others"] += 3
            for other in (arn(who, "sales"), arn("mallory"), arn(who, role="operator")):
                assert approve(other, question[0])[0] in (403, 404, 409)

    @rule(call=calls, over=st.booleans())
    def time_passes(self, call: Call, over: bool) -> None:
        question = self.question(call)
        if question is None:
            return
        self.totals["expiries" if over else "half-times"] += 1
        self.platform.set(question[0], **{"expires_at" if over else "escalates_at": int(time.time()) - 1})
        if over:
            self.over.add(question)

    @rule(fault=faults)
    def schedule_comes_round(self, fault: tuple[int, bool, bool] | None) -> None:
        self.totals["sweeps"] += 1

        def work() -> None:
            try:
                sweep()
            except RuntimeError:
                assert fault is not None

        self.under(fault, work)

    @invariant()
    def the_table_grants_nothing_that_was_not_said(self) -> None:
        for item in self.platform.approvals.scan()["Items"]:
            question = (item["id"], item["requested_at"])
            if item["status"] == "APPROVED":
                assert len(self.yes[question]) >= self.needed
                assert question not in self.no
            assert len(set(item["approved_by"])) == len(item["approved_by"])
            assert item["recorded"] <= len(item["steps"])


def _arguments(amount: int) -> dict[str, Any]:
    return {"order_id": "A-1", "amount_cents": amount}


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.control("single-approval", "approvals", "fail-closed")
def test_no_order_of_events_runs_what_was_not_approved_or_runs_it_twice(
    platform: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = os.environ.get("APPROVAL_SEQUENCES")
    Approvals.platform, Approvals.totals = platform, Counter()
    run_state_machine_as_test(
        Approvals,
        settings=settings(
            max_examples=int(asked or "15"),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    totals = Approvals.totals
    assert totals["runs"] > 0, totals  # else nothing was tried
    if asked:
        with capsys.disabled():  # the figures alone, without the functions' logs
            print("", *(f"{number:7} {name}" for name, number in sorted(totals.items())), sep="\n")
