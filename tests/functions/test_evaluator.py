"""The handler of evaluators that are code: AWS's event in both forms of spans, and each answer AWS takes."""

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from functions.evaluator import handler as evaluator

CONTEXT: Any = SimpleNamespace(aws_request_id="r-1")
BLOCKS = json.dumps([{"text": "How much?"}])


def exported(trace: str, user: str, answer: str, at: int) -> list[dict[str, Any]]:
    """A turn as AWS's exporter writes it, with one tool call."""

    def span(span_id: str, kind: str, given: Any, said: Any, role: str, **more: str) -> dict[str, Any]:
        body = {
            "input": {"messages": [{"role": role, "content": {"content": given}}]},
            "output": {"messages": [{"role": "assistant", "content": {"message": said}}]},
        }
        return {
            "traceId": trace,
            "spanId": f"{trace}-{span_id}",
            "name": kind,
            "startTimeUnixNano": at,
            "attributes": {"gen_ai.operation.name": kind, "session.id": "s", **more},
            "span_events": [{"event_name": "strands.telemetry.tracer", "body": body}],
        }

    result = json.dumps([{"text": "4 USD"}])
    return [
        span("agent", "invoke_agent", json.dumps([{"text": user}]), answer, "user"),
        span(
            "tool",
            "execute_tool",
            '{"sku": "A"}',
            result,
            "tool",
            **{"gen_ai.tool.name": "tools___price___price"},
        ),
    ]


def conventional(trace: str) -> list[dict[str, Any]]:
    """The same by OpenTelemetry's conventions."""
    events = [
        {"name": "gen_ai.user.message", "attributes": {"content": BLOCKS}},
        {"name": "gen_ai.choice", "attributes": {"message": "It is $4."}},
    ]
    return [{"traceId": trace, "spanId": "a", "name": "invoke_agent", "attributes": {}, "events": events}]


def event(level: str, spans: list[dict[str, Any]], **target: list[str]) -> dict[str, Any]:
    """An event with AWS's documented keys."""
    return {
        "schemaVersion": "1.0",
        "evaluatorId": "dev_reports_in_money_abcdef-0123456789",
        "evaluatorName": "dev_reports_in_money_abcdef",
        "evaluationLevel": level,
        "evaluationInput": {"sessionSpans": spans},
        "evaluationReferenceInputs": [],
        "evaluationTarget": target or None,
    }


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(evaluate: Any, asked: dict[str, Any]) -> dict[str, Any]:
        monkeypatch.setitem(sys.modules, "functions.evaluator.own", SimpleNamespace(evaluate=evaluate))
        return evaluator.handler(asked, CONTEXT)

    return run


def seen(ask: Any, asked: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    answer = ask(lambda turns: found.extend(turns), asked)
    assert answer == {"label": "NotApplicable"}
    return [{key: turn[key] for key in ("user", "answer", "tools")} for turn in found]


TWO = [*exported("t1", "How much?", "It is $4.", 1), *exported("t2", "And B?", "It is 5.", 2)]
PRICE = {"name": "price", "input": {"sku": "A"}, "output": "4 USD"}
FIRST = {"user": "How much?", "answer": "It is $4.", "tools": [PRICE]}
SECOND = {"user": "And B?", "answer": "It is 5.", "tools": [PRICE]}


def test_the_last_turn_is_the_one_that_gets_the_score(ask: Any) -> None:
    assert seen(ask, event("TRACE", TWO, traceIds=["t1"])) == [FIRST]
    assert seen(ask, event("TRACE", TWO, traceIds=["t2"])) == [FIRST, SECOND]
    assert seen(ask, event("SESSION", TWO)) == [FIRST, SECOND]
    call = event("TOOL_CALL", TWO, traceIds=["t2"], spanIds=["t2-tool"])
    assert seen(ask, call) == [FIRST, {**SECOND, "answer": ""}]


def test_spans_by_the_conventions_say_the_same(ask: Any) -> None:
    found = seen(ask, event("TRACE", conventional("t"), traceIds=["t"]))
    assert found == [{"user": "How much?", "answer": "It is $4.", "tools": []}]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (True, {"value": 1.0, "label": "Yes"}),
        (False, {"value": 0.0, "label": "No"}),
        (0.25, {"value": 0.25, "label": "Score"}),
        (None, {"label": "NotApplicable"}),
        (
            {"value": 3, "label": "High", "explanation": "e" * 3000},
            {"value": 3.0, "label": "High", "explanation": "e" * 2048},
        ),
    ],
)
def test_a_score_is_answered_as_aws_takes_it(ask: Any, said: Any, answer: dict[str, Any]) -> None:
    assert ask(lambda _: said, event("SESSION", TWO)) == answer


@pytest.mark.parametrize("said", [float("nan"), float("inf"), "high", [1], {}, {"score": 1}, {"value": "1"}])
def test_what_is_no_score_is_an_error(ask: Any, said: Any) -> None:
    answer = ask(lambda _: said, event("SESSION", TWO))
    assert set(answer) == {"errorCode", "errorMessage"}
    assert answer["errorCode"] == "NotAScore"


def test_what_fails_is_an_error_and_no_score(ask: Any) -> None:
    answer = ask(lambda turns: turns[9], event("SESSION", TWO))
    assert answer == {"errorCode": "EvaluatorFailed", "errorMessage": "IndexError: list index out of range"}


@pytest.mark.parametrize(
    "asked",
    [
        event("TRACE", TWO, traceIds=["t3"]),
        event("TRACE", TWO),
        event("SESSION", [{"traceId": "t", "name": "POST"}]),
    ],
    ids=["another trace", "no target", "no agent"],
)
def test_what_was_to_be_evaluated_and_is_not_there_is_an_error(ask: Any, asked: dict[str, Any]) -> None:
    answer = ask(lambda _: 1, asked)
    assert answer["errorCode"] == "NoTurns"


def test_code_that_does_not_load_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "functions.evaluator.own", raising=False)
    answer = evaluator.handler(event("SESSION", TWO), CONTEXT)
    assert answer["errorCode"] == "EvaluatorFailed"
    assert answer["errorMessage"].startswith("ModuleNotFoundError")
