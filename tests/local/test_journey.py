"""What counts as a journey that went as expected."""

from corral.front_door import Answer, ToolCall
from corral.local.journey import check
from corral.spec.scenario import Expectation, ExpectedCall

ANSWER = Answer(
    agent="helpdesk",
    session_id="s",
    answer="Hold the reset button for ten seconds.",
    stop_reason="end_turn",
    blocked=None,
    request_id="r",
    tool_calls=(
        ToolCall("knowledge-search", "allowed"),
        ToolCall("refund-issue", "denied-by-supervisor", "pending"),
    ),
)
CALLS = (
    ExpectedCall(tool="knowledge-search", decision="allowed"),
    ExpectedCall(tool="refund-issue", decision="denied-by-supervisor"),
)


def test_all_as_expected() -> None:
    assert not list(check(ANSWER, Expectation(calls=CALLS, answer_contains=("reset BUTTON",))))


def test_calls_are_compared_in_order_and_with_their_decision() -> None:
    assert list(check(ANSWER, Expectation(calls=CALLS[::-1])))
    assert list(check(ANSWER, Expectation(calls=CALLS[:1])))
    assert list(
        check(ANSWER, Expectation(calls=(CALLS[0], ExpectedCall(tool="refund-issue", decision="allowed"))))
    )


def test_answer_and_guardrail() -> None:
    (problem,) = check(ANSWER, Expectation(calls=CALLS, answer_contains=("unplug",)))
    assert "unplug" in problem
    (problem,) = check(ANSWER, Expectation(calls=CALLS, blocked="input"))
    assert "input" in problem
