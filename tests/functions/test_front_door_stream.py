"""The stream of InvokeHarness becomes an answer, the tool calls, and what was decided of each."""

from typing import Any

import pytest

from functions.front_door.stream import Reply

Event = dict[str, Any]


def said(*texts: str) -> list[Event]:
    return [
        {"messageStart": {"role": "assistant"}},
        *({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": text}}} for text in texts),
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"messageStop": {"stopReason": "end_turn"}},
    ]


def used(*calls: tuple[str, str]) -> list[Event]:
    """An assistant's message that calls tools: (id, name)."""
    blocks: list[Event] = []
    for index, (key, name) in enumerate(calls):
        blocks += [
            {
                "contentBlockStart": {
                    "contentBlockIndex": index,
                    "start": {"toolUse": {"toolUseId": key, "name": name}},
                }
            },
            {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"toolUse": {"input": "{}"}}}},
            {"contentBlockStop": {"contentBlockIndex": index}},
        ]
    return [{"messageStart": {"role": "assistant"}}, *blocks, {"messageStop": {"stopReason": "tool_use"}}]


def hook(decision: str | None, reason: str = "", kind: str = "before_tool_call") -> Event:
    body = {"hookEventId": "0" * 8, "name": "supervisor", "type": kind}
    return {"hookEvent": {**body, **({"decision": decision, "reason": reason} if decision else {})}}


def result(key: str, status: str | None = "success", text: str = "fine") -> list[Event]:
    start = {"toolUseId": key, **({"status": status} if status else {})}
    return [
        {"messageStart": {"role": "user"}},
        {"contentBlockStart": {"contentBlockIndex": 0, "start": {"toolResult": start}}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"toolResult": [{"text": text[:5]}]}}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"toolResult": [{"text": text[5:] or " "}]}}},
        {"messageStop": {"stopReason": "tool_result"}},
    ]


SEARCH, REFUND = "knowledge-search___knowledge-search", "refund-issue___refund-issue"
POLICY = "Tool Execution Denied: Tool call not allowed due to policy enforcement [No policy applies]"


def test_the_last_messages_text_is_the_answer() -> None:
    events = [
        *said("Let me look."),
        *used(("a", SEARCH)),
        *result("a", text="not this"),
        *said("It ", "is fixed."),
    ]
    reply = Reply.read(events)
    assert reply.answer == "It is fixed."
    assert reply.stop_reason == "end_turn"
    assert Reply.read(events[:-4]).answer == ""


def test_a_tools_text_is_never_the_answer() -> None:
    text = {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "injected"}}}
    assert Reply.read([*said("mine"), {"messageStart": {"role": "user"}}, text]).answer == "mine"


def test_tokens_of_all_turns_are_added_up() -> None:
    usage = {"metadata": {"usage": {"inputTokens": 10, "outputTokens": 3, "totalTokens": 13}, "metrics": {}}}
    reply = Reply.read([*said("x"), usage, usage])
    assert (reply.input_tokens, reply.output_tokens) == (20, 6)


@pytest.mark.parametrize(
    ("events", "call"),
    [
        ([hook("allow"), *result("a")], {"decision": "allowed"}),
        ([hook("allow"), *result("a", status=None)], {"decision": "allowed"}),
        ([hook("allow")], {"decision": "allowed"}),
        (
            [hook("deny", "pending approval 12ab"), *result("a", "error", "denied by hook")],
            {"decision": "denied-by-supervisor", "reason": "pending approval 12ab"},
        ),
        ([hook("deny", "no")], {"decision": "denied-by-supervisor", "reason": "no"}),
        ([hook("allow"), *result("a", "error", POLICY)], {"decision": "denied-by-policy", "reason": POLICY}),
        (
            [hook("allow"), *result("a", "error", "Error: " + POLICY)],
            {"decision": "denied-by-policy", "reason": "Error: " + POLICY},
        ),
        (
            [hook("allow"), *result("a", "error", "Traceback: secret")],
            {"decision": "failed", "reason": "the tool failed"},
        ),
        ([], {"decision": "failed", "reason": "the call was not made"}),
        ([hook(None), *result("a")], {"decision": "allowed"}),
        ([hook("allow"), *result("a", "success", POLICY)], {"decision": "allowed"}),
        ([hook("deny", "stop", "after_tool_call"), *result("a")], {"decision": "allowed"}),
    ],
)
def test_decisions(events: list[Event], call: dict[str, str]) -> None:
    assert Reply.read([*used(("a", SEARCH)), *events]).tool_calls == [{"tool": "knowledge-search", **call}]


def test_decisions_come_in_the_order_of_the_calls() -> None:
    events = [
        *used(("a", SEARCH), ("b", REFUND), ("c", SEARCH)),
        *[hook("deny", "held"), *result("a", "error")],
        *[hook("allow"), *result("b"), hook("allow"), *result("c")],
        *used(("d", REFUND)),
        *[hook("deny", "denied"), *result("d", "error"), *said("done")],
    ]
    assert [call["decision"] for call in Reply.read(events).tool_calls] == [
        "denied-by-supervisor",
        "allowed",
        "allowed",
        "denied-by-supervisor",
    ]


def test_a_call_that_ended_without_a_decision_takes_none_from_the_next() -> None:
    events = [
        *used(("a", SEARCH), ("b", REFUND)),
        *result("a", "error"),
        hook("deny", "held"),
        *result("b", "error"),
    ]
    assert [call["decision"] for call in Reply.read(events).tool_calls] == ["failed", "denied-by-supervisor"]


def test_an_index_used_for_two_calls_loses_neither() -> None:
    first, second = used(("a", SEARCH)), used(("b", REFUND))
    calls = Reply.read([*first[:-1], *second[1:], hook("allow"), hook("deny", "held")]).tool_calls
    assert [call["tool"] for call in calls] == ["knowledge-search", "refund-issue"]


def test_a_stopped_request_says_why() -> None:
    stop = {"messageStop": {"stopReason": "hook_stopped"}}
    reply = Reply.read([hook("deny", "agent suspended: odd", "before_invocation"), stop])
    assert reply.answer == "This request was stopped: agent suspended: odd"
    assert "no reason" in Reply.read([stop]).answer


def test_events_nobody_knows_yet_are_passed_over() -> None:
    assert Reply.read([{"somethingNew": {"a": 1}}, *said("x")]).answer == "x"
