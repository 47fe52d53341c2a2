"""A request with an Idempotency-Key is done once, whoever sends it how often, and whatever breaks meanwhile."""

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.common import aws
from functions.front_door import once as once_module
from functions.front_door.handler import handler
from tests.functions.conftest import Broken, Context, boto3_resource
from tests.functions.front_door_aws import ALICE, BOB, Aws, answering, frame, request

PATH = "/v1/agents/{}/messages"


def ask(
    context: Any, key: str | None = "k-1", message: str = "hello", agent: str = "helpdesk", **more: Any
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of an answer."""
    event = request("POST", PATH.format(agent), {"message": message, **more.pop("body", {})}, key=key, **more)
    said = handler(event, context)
    return said["statusCode"], json.loads(said["body"]), said["headers"]


def code(answer: tuple[int, dict[str, Any], dict[str, str]]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = once_module.time.time()
    monkeypatch.setattr(once_module.time, "time", lambda: now + seconds)


def test_the_same_request_gets_the_same_answer_and_is_done_once(server: Aws, context: Any) -> None:
    first, second = ask(context), ask(context)
    assert first[:2] == second[:2]
    assert first[0] == 200
    assert "idempotent-replayed" not in first[2]
    assert second[2]["idempotent-replayed"] == "true"
    assert len(server.invocations) == 1
    assert len(server.checks) == 2  # the guardrail is not asked again either


def test_without_a_key_each_request_is_a_request(server: Aws, context: Any) -> None:
    ask(context, None)
    ask(context, None)
    assert len(server.invocations) == 2


@pytest.mark.parametrize(
    "other", [{"caller": BOB}, {"agent": "billing"}, {"key": "k-2"}], ids=["caller", "agent", "key"]
)
def test_a_key_is_a_callers_own_for_one_agent(server: Aws, context: Any, other: dict[str, Any]) -> None:
    ask(context, message="mine")
    status, answer, headers = ask(context, **{"message": "theirs", **other})
    assert status == 200, answer
    assert "idempotent-replayed" not in headers
    assert len(server.invocations) == 2


@pytest.mark.parametrize("changed", [{"message": "other"}, {"body": {"session_id": "s"}}])
def test_a_key_with_another_body_is_refused(server: Aws, context: Any, changed: dict[str, Any]) -> None:
    ask(context)
    assert code(ask(context, **changed)) == (422, "key_reused")
    assert len(server.invocations) == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 129, "a b", "ключ", "a\nb"])
def test_a_key_that_is_none_is_refused(server: Aws, context: Any, key: str) -> None:
    assert code(ask(context, key)) == (400, "bad_request")
    assert server.invocations == []


def test_a_request_that_is_being_worked_on_is_not_begun_again(server: Aws, context: Any) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        begun.set()
        assert go_on.wait(20)
        yield from answering("Done.")

    server.stream = slow
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, context)
        assert begun.wait(20)
        second = ask(context)
        go_on.set()
        assert first.result()[0] == 200
    assert code(second) == (409, "in_progress")
    assert 1 <= int(second[2]["retry-after"]) <= 30
    assert ask(context)[0] == 200
    assert len(server.invocations) == 1


def test_of_many_at_once_one_is_done(server: Aws, context: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(context), range(24)))
    assert {answer[0] for answer in answers} <= {200, 409}
    assert len(server.invocations) == 1
    assert len({json.dumps(answer[1]) for answer in answers if answer[0] == 200}) == 1


def test_a_request_that_was_cut_off_is_not_done_again(
    server: Aws, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr("functions.front_door.handler.converse", lambda *_: exec("raise SystemExit"))
        with pytest.raises(SystemExit):
            ask(context)
    assert code(ask(context)) == (409, "in_progress")
    later(monkeypatch, context.seconds + 2)
    answer = ask(context)
    assert code(answer) == (409, "outcome_unknown")
    assert "retry-after" not in answer[2]
    assert server.invocations == []


def test_an_error_after_the_agent_may_have_acted_is_the_answer(server: Aws, context: Any) -> None:
    server.stream = lambda: iter(
        [*answering("x")[:3], frame("runtimeClientError", {"message": "secret"}, "exception")]
    )
    first = ask(context)
    assert code(first) == (502, "agent_unavailable")
    server.stream = lambda: iter(answering("Done."))
    again = ask(context)
    assert again[:2] == first[:2]
    assert again[2]["idempotent-replayed"] == "true"
    assert len(server.invocations) == 1


def test_an_answer_that_could_not_be_checked_is_not_made_again(server: Aws, context: Any) -> None:
    server.stream = lambda: iter([setattr(server, "guard_status", 403) or b"", *answering("x")][1:])
    first = ask(context)
    assert code(first) == (502, "guardrail_unavailable")
    assert "retry-after" not in first[2]
    server.guard_status = 200
    assert ask(context)[:2] == first[:2]
    assert len(server.invocations) == 1


@pytest.mark.parametrize("broken_part", ["guardrail", "busy"])
def test_what_came_to_nothing_can_be_sent_again(server: Aws, context: Any, broken_part: str) -> None:
    if broken_part == "guardrail":
        server.guard_status = 403
    else:
        server.error = (429, "ThrottlingException")
    first = ask(context)
    assert first[0] in (429, 502)
    assert int(first[2]["retry-after"]) > 0
    server.guard_status, server.error = 200, None
    assert ask(context)[0] == 200


def test_if_it_cannot_be_told_whether_it_was_done_it_is_not_done(
    server: Aws, context: Any, broken: Broken
) -> None:
    mend = broken(aws.table("requests").meta.client, "PutItem", "InternalServerError")
    answer = ask(context)
    assert code(answer) == (502, "requests_unavailable")
    assert int(answer[2]["retry-after"]) > 0
    assert server.invocations == []
    mend()
    assert ask(context)[0] == 200


def test_an_answer_that_cannot_be_kept_is_given_and_not_made_again(
    server: Aws, context: Any, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    mend = broken(aws.table("requests").meta.client, "UpdateItem", "InternalServerError")
    assert ask(context)[0] == 200
    mend()
    later(monkeypatch, context.seconds + 2)
    assert code(ask(context)) == (409, "outcome_unknown")
    assert len(server.invocations) == 1


def test_a_key_is_a_new_one_after_a_day(server: Aws, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(context)
    [item] = [
        each for each in boto3_resource("dynamodb").Table("requests").scan()["Items"] if "request" in each
    ]
    assert int(item["expires_at"]) - once_module.time.time() <= 24 * 3600
    later(monkeypatch, 24 * 3600 + 5)
    assert ask(context, message="something else")[0] == 200
    assert len(server.invocations) == 2


def test_no_key_and_no_message_is_kept_as_it_was_sent(server: Aws, context: Any) -> None:
    ask(context, key="order-4711", message="My secret question")
    kept = str(boto3_resource("dynamodb").Table("requests").scan()["Items"])
    assert "order-4711" not in kept
    assert "secret question" not in kept
    assert ALICE not in kept


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y"]), st.booleans()), max_size=8))
def test_no_order_of_requests_has_a_key_act_twice(
    server: Aws, context: Any, requests: list[tuple[str, str, bool]]
) -> None:
    """Each key's first message to reach the agent is the only one, whether the agent then answers or breaks."""
    table, done = boto3_resource("dynamodb").Table("requests"), {}
    for item in table.scan()["Items"]:
        table.delete_item(Key={"id": item["id"]})
    server.invocations.clear()
    for key, message, breaks_off in requests:
        server.stream = lambda broken=breaks_off: iter(answering("x")[:3] if broken else answering("x"))
        answer = ask(context, key, message)
        if key not in done:
            done[key] = (message, answer[:2])
        elif done[key][0] == message:
            assert answer[:2] == done[key][1]
        else:
            assert code(answer) == (422, "key_reused")
    assert len(server.invocations) == len(done)


class TestRate:
    """Messages a minute."""

    def test_over_the_limit_the_caller_is_told_when_to_come_back(
        self, server: Aws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("functions.front_door.rate.USUAL", 3)
        monkeypatch.setattr("functions.front_door.rate.time.time", lambda: 1_000_000_010.0)
        answers = [ask(Context(), None) for _ in range(5)]
        assert [answer[0] for answer in answers] == [200, 200, 200, 429, 429]
        assert code(answers[-1]) == (429, "throttled")
        assert int(answers[-1][2]["retry-after"]) == 11  # the minute ends in ten seconds
        assert len(server.invocations) == 3
        monkeypatch.setattr("functions.front_door.rate.time.time", lambda: 1_000_000_041.0)
        assert ask(Context(), None)[0] == 200

    def test_a_throttled_request_keeps_its_key(self, server: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("functions.front_door.rate.USUAL", 1)
        monkeypatch.setattr("functions.front_door.rate.time.time", lambda: 1_000_000_010.0)
        assert [ask(Context(), key)[0] for key in ("a", "b", "a")] == [200, 429, 200]
        monkeypatch.setattr("functions.front_door.rate.time.time", lambda: 1_000_000_080.0)
        assert ask(Context(), "b")[0] == 200

    def test_an_agents_own_limit_holds(self, server: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("functions.front_door.rate.time.time", lambda: 1_000_000_010.0)
        known = json.loads(os.environ["AGENTS"])
        known["helpdesk"]["per_minute"] = 1
        monkeypatch.setenv("AGENTS", json.dumps(known))
        assert [ask(Context(), None)[0] for _ in range(2)] == [200, 429]
        assert ask(Context(), None, agent="billing")[0] == 200

    def test_what_cannot_be_counted_passes(self, server: Aws, broken: Broken) -> None:
        broken(aws.table("requests").meta.client, "UpdateItem", "InternalServerError")
        assert ask(Context(), None)[0] == 200
