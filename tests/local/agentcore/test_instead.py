"""A scenario's order for a tool's function reaches that one call, after all that stands before it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.local.agentcore.conftest import GATEWAY_ARN
from tests.local.agentcore.test_harness import (
    PROFILE_ARN,
    SESSION,
    Harness,
    answer,
    deny,
    results,
)

ORDER = {"returns": {"refunded": "nothing"}, "fails": None}
CALL = {"tool": "refund-issue", "input": {"cents": 5}}
SCENARIOS = [
    {"name": "plain", "user": "Plain", "model": [CALL, {"say": "{{ last.refunded }}"}]},
    {
        "name": "instead",
        "user": "Instead",
        "model": [CALL | {"instead": ORDER}, {"say": "{{ last.refunded }}"}],
    },
    {
        "name": "second",
        "user": "Second",
        "model": [CALL, CALL | {"instead": ORDER}, CALL, {"say": "{{ results | length }}"}],
    },
    {
        "name": "too-much",
        "user": "Too much",
        "model": [
            {"tool": "refund-issue", "input": {"cents": 50}, "instead": ORDER},
            {"say": "{{ last }}"},
        ],
    },
    {"name": "loop", "user": "Loop", "model": [CALL | {"repeat": True, "instead": ORDER}]},
]


@pytest.fixture
def harness(world: Any) -> Harness:
    made = Harness(world)
    world.aws.model_scripts[PROFILE_ARN] = {"parameters": {}, "scenarios": SCENARIOS}
    return made


def orders(harness: Harness) -> list[Any]:
    """What each call of the tool was to do instead."""
    functions = harness.world.functions
    return [
        instead
        for (arn, _, _), instead in zip(functions.calls, functions.instead, strict=True)
        if "tool-" in arn
    ]


def test_it_strikes_this_call_and_no_other_of_the_conversation(harness: Harness) -> None:
    harness.invoke("Second")
    assert orders(harness) == [None, ORDER, None]


def test_it_strikes_no_equal_call_that_runs_side_by_side(harness: Harness) -> None:
    texts = ["Plain", "Instead"] * 8
    with ThreadPoolExecutor(8) as pool:
        told = list(
            pool.map(lambda n: answer(harness.invoke(texts[n], session=f"{SESSION}-{n}")), range(len(texts)))
        )
    assert told == ["5", "nothing"] * 8
    assert harness.world.aws.instead == {}


def test_every_call_of_a_repeated_turn_has_it(harness: Harness) -> None:
    harness.invoke("Loop")
    assert orders(harness) == [ORDER] * 5  # until the iterations are used up


def test_a_policys_denial_comes_before_it(harness: Harness) -> None:
    ((status, text),) = results(harness.invoke("Too much"))
    assert (status, "Tool Execution Denied" in text) == ("error", True)
    assert orders(harness) == []


def test_a_hooks_denial_comes_before_it(harness: Harness) -> None:
    harness.hook(deny("before_tool_call"))
    harness.invoke("Instead")
    assert orders(harness) == []


def test_the_call_leaves_the_records_of_any_other(harness: Harness) -> None:
    harness.invoke("Instead")
    assert [event["context"]["toolInput"] for event in harness.hook_events("before_tool_call")] == [
        {"cents": 5}
    ]
    assert len(harness.hook_events("after_tool_call")) == 1
    gateway = harness.world.trail.named("InvokeGateway")
    called = [call for call in gateway if call.trail["requestParameters"]["body"]["method"] == "tools/call"]
    assert [call.trail["resources"][0]["ARN"] for call in called] == [GATEWAY_ARN]
    assert "_meta" not in called[0].trail["requestParameters"]["body"]["params"]
    assert len([c for c in harness.world.trail.named("Invoke") if "tool-" in str(c.params)]) == 1
