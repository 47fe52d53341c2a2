"""What counts as a journey that went as expected."""

from dataclasses import replace
from typing import Any

import pytest

from corral.front_door import Answer, ToolCall
from corral.scenarios.journey import check, words
from corral.spec.scenario import Scenario

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
SEARCH = {"tool": "knowledge-search", "decision": "allowed"}
REFUND = {"tool": "refund-issue", "decision": "denied-by-supervisor"}
TURNS: list[dict[str, Any]] = [{"tool": "knowledge-search"}, {"tool": "refund-issue"}, {"say": "x"}]


def scenario(model: list[dict[str, Any]] = TURNS, **expect: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "n",
            "title": "t",
            "user": "u",
            "model": model,
            "expect": {"calls": [SEARCH, REFUND]} | expect,
        }
    )


def test_all_as_expected() -> None:
    assert not list(check(ANSWER, scenario(answer_contains=["reset BUTTON"], answer_lacks=["unplug"])))


@pytest.mark.parametrize(
    "calls", [[REFUND, SEARCH], [SEARCH], [], [SEARCH, {"tool": "refund-issue", "decision": "allowed"}]]
)
def test_calls_are_compared_in_order_and_with_their_decision(calls: list[Any]) -> None:
    (problem,) = check(ANSWER, scenario(calls=calls))
    assert "tool calls were knowledge-search allowed, refund-issue denied-by-supervisor, expected" in problem


def test_answer_and_guardrail() -> None:
    assert list(check(ANSWER, scenario(answer_contains=["unplug"]))) == [
        'the answer does not contain "unplug"'
    ]
    assert list(check(ANSWER, scenario(answer_lacks=["Reset"]))) == ['the answer contains "Reset"']
    (problem,) = check(ANSWER, scenario(blocked="input"))
    assert problem == "blocked at nothing, expected input"


@pytest.mark.parametrize(
    ("stop_reason", "stopped"),
    [
        ("max_iterations_exceeded", "iterations"),
        ("max_output_tokens_exceeded", "output-tokens"),
        ("max_tokens", "output-tokens"),
        ("timeout_exceeded", "time"),
        ("hook_stopped", "supervisor"),
    ],
)
def test_what_stops_an_agent_must_be_expected(stop_reason: str, stopped: str) -> None:
    answer = replace(ANSWER, stop_reason=stop_reason)
    assert not list(check(answer, scenario(stopped=stopped)))
    assert list(check(answer, scenario())) == [f"stopped by {stopped}, expected nothing"]
    assert list(check(ANSWER, scenario(stopped=stopped))) == [f"stopped by nothing, expected {stopped}"]


REPEATED = [{"tool": "knowledge-search"}, {"tool": "refund-issue", "repeat": True}]


@pytest.mark.parametrize(("times", "right"), [(0, False), (1, True), (2, True), (30, True)])
def test_one_expected_call_stands_for_all_of_a_repeated_turn(times: int, right: bool) -> None:
    made = (ANSWER.tool_calls[0], *[ANSWER.tool_calls[1]] * times)
    assert (not list(check(replace(ANSWER, tool_calls=made), scenario(REPEATED)))) is right


@pytest.mark.parametrize(
    "made",
    [
        [ANSWER.tool_calls[1]],  # not the one before it
        [ANSWER.tool_calls[0], ANSWER.tool_calls[1], ANSWER.tool_calls[0]],  # another tool among them
        [ANSWER.tool_calls[0], ANSWER.tool_calls[1], ToolCall("refund-issue", "failed")],  # another decision
    ],
)
def test_all_calls_of_a_repeated_turn_are_alike(made: list[ToolCall]) -> None:
    (problem,) = check(replace(ANSWER, tool_calls=tuple(made)), scenario(REPEATED))
    assert problem.startswith("tool calls were")


def test_equal_calls_in_a_row_are_told_once() -> None:
    calls = [("a", "allowed")] * 3 + [("b", "failed"), ("a", "allowed")]
    assert words(calls) == "a allowed (3 times), b failed, a allowed"
    assert words([]) == "none"
