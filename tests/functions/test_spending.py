"""What a task has used, counted at each step: within the cap if it does as it is told, and stopped if not."""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corral.spec import task_cost
from functions.common import aws
from functions.supervisor import spending
from functions.supervisor.handler import handler
from functions.supervisor.spending import BYTES_PER_TOKEN, KEPT_SECONDS, LARGEST_RESULT, Cap, tokens

Platform = Any
Broken = Any
CAP: dict[str, Any] = {
    "usd": 0.01,
    "base_tokens": 1000,
    "max_output_tokens": 500,
    "input_price": 1.0,
    "output_price": 2.0,
}
# The output counts from the start: 500 x 2 / 1M = 0.001. What is left is 9,000 tokens, read once.


def capped(platform: Platform, **changes: Any) -> Cap:
    cap = {**CAP, **changes}
    platform.agents.put_item(Item={**platform.config, "cap": json.dumps(cap)})
    return Cap(**cap)


def step(platform: Platform, event: str, adds: int = 0, session: str = "") -> dict[str, Any]:
    """A step that adds so many tokens, counted as the supervisor counts."""
    hook: dict[str, Any] = platform.hook(event, arguments={})
    text = "x" * (adds * BYTES_PER_TOKEN - 8)
    if event == "before_invocation":
        hook["context"] = {"messages": text}
    elif event == "before_tool_call":
        hook["context"]["toolInput"] = {"query": text[: max(0, len(text) - 8)]}
    elif event == "after_tool_call":
        hook["context"]["toolResult"] = text
    if session:
        hook["sessionId"] = session.ljust(40, "0")
    return hook


def kept(platform: Platform) -> dict[str, int]:
    [item] = platform.tasks.scan()["Items"]
    return {name: int(item[name]) for name in ("context", "read")}


def test_each_turn_reads_again_what_was_said_before(platform: Platform, context: Any) -> None:
    capped(platform, usd=1)
    for event, adds, read, length in (
        ("before_invocation", 200, 0, 1200),
        ("before_tool_call", 100, 1200, 1300),
        ("after_tool_call", 700, 1200, 2000),
        ("before_tool_call", 100, 3200, 2100),
        ("after_tool_call", 900, 3200, 3000),
    ):
        assert handler(step(platform, event, adds), context) == {"decision": "allow"}
        assert kept(platform)["read"] == pytest.approx(read, abs=20)
        assert kept(platform)["context"] == pytest.approx(length, abs=20)


def test_a_task_that_goes_on_is_denied_at_its_cap_and_the_record_says_so(
    platform: Platform, context: Any
) -> None:
    capped(platform)
    assert handler(step(platform, "before_invocation", 200), context)["decision"] == "allow"
    said = []
    for _ in range(4):
        said.append(handler(step(platform, "before_tool_call", 50), context))
        if said[-1]["decision"] == "deny":
            break
        assert handler(step(platform, "after_tool_call", 300), context)["decision"] == "allow"
    assert [each["decision"] for each in said] == ["allow", "allow", "deny"]
    assert said[-1]["reason"].startswith("cost cap: going on may bring this task to 0.01")
    assert "of the 0.01 it may cost. The call did not run. Call no more tools" in said[-1]["reason"]
    assert platform.records()[-1]["reason"] == said[-1]["reason"]
    again = handler(step(platform, "before_tool_call", 50), context)
    assert again["decision"] == "deny", "and stays so: the turn that asked again has cost more"


def test_a_result_that_the_cap_does_not_pay_for_ends_the_task(platform: Platform, context: Any) -> None:
    capped(platform)
    handler(step(platform, "before_invocation", 200), context)
    assert handler(step(platform, "before_tool_call", 50), context)["decision"] == "allow"
    answer = handler(step(platform, "after_tool_call", 4000), context)
    assert answer["decision"] == "deny"
    assert answer["reason"].endswith("after what knowledge-search answered")


def test_a_message_that_the_cap_does_not_pay_for_is_not_begun(platform: Platform, context: Any) -> None:
    capped(platform)
    answer = handler(step(platform, "before_invocation", 5000), context)
    assert answer["decision"] == "deny"
    assert answer["reason"].endswith("begin another session")
    other = step(platform, "before_invocation", 200, session="another")
    assert handler(other, context)["decision"] == "allow"


def test_what_is_cut_off_counts_as_the_most_that_it_can_be(platform: Platform, context: Any) -> None:
    assert tokens({"truncated": True, "preview": "x"}) == LARGEST_RESULT // BYTES_PER_TOKEN
    capped(platform)
    handler(step(platform, "before_invocation"), context)
    handler(step(platform, "before_tool_call"), context)
    hook = step(platform, "after_tool_call")
    hook["context"]["toolResult"] = {"truncated": True, "preview": "x"}
    assert handler(hook, context)["decision"] == "deny"


def test_the_next_task_of_a_session_reads_what_was_said_in_it_and_begins_at_nothing(
    platform: Platform, context: Any
) -> None:
    capped(platform, usd=1)
    handler(step(platform, "before_invocation", 200), context)
    handler(step(platform, "before_tool_call", 100), context)
    handler(step(platform, "after_tool_call", 700), context)
    end = platform.hook("after_invocation")
    end["context"] = {"stopReason": "end_turn", "usage": {"inputTokens": 1700, "outputTokens": 60}}
    assert handler(end, context)["decision"] == "allow"
    assert kept(platform) == {"context": 1760, "read": 0}, "AWS counted fewer tokens than were estimated"
    handler(step(platform, "before_invocation", 100), context)
    assert kept(platform)["context"] == pytest.approx(1860, abs=10)
    [item] = platform.tasks.scan()["Items"]
    assert int(item["kept_until"]) - time.time() == pytest.approx(KEPT_SECONDS, abs=60)


@pytest.mark.parametrize(
    "usage", [None, {}, {"inputTokens": None, "outputTokens": 3}, {"inputTokens": "many", "outputTokens": 1}]
)
def test_a_task_whose_usage_is_not_told_keeps_what_was_estimated(
    platform: Platform, context: Any, usage: Any
) -> None:
    capped(platform, usd=1)
    handler(step(platform, "before_invocation", 200), context)
    before = kept(platform)
    end = platform.hook("after_invocation")
    end["context"] = {"stopReason": "end_turn", "usage": usage}
    assert handler(end, context)["decision"] == "allow"
    assert kept(platform) == before


def test_what_its_calls_cost_is_the_tasks(
    platform: Platform, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    capped(platform, usd=1, tools={"knowledge-search": 0.25})
    platform.agents.update_item(
        Key={"agent": platform.config["agent"], "item": "config"},
        UpdateExpression="SET price = :price",
        ExpressionAttributeValues={":price": '{"input": 1.0, "output": 2.0}'},
    )
    for _ in range(2):
        assert handler(step(platform, "before_invocation"), context)["decision"] == "allow"
        for _ in range(3):
            assert handler(step(platform, "before_tool_call"), context)["decision"] == "allow"
            assert handler(step(platform, "after_tool_call"), context)["decision"] == "allow"
        fourth = handler(step(platform, "before_tool_call"), context)
        assert fourth["decision"] == "deny", "0.75 are spent, 0.25 to come, and the model's"
        assert fourth["reason"].startswith("cost cap: going on may bring this task to 1.0")
        capsys.readouterr()
        end = platform.hook("after_invocation")
        end["context"] = {"stopReason": "end_turn", "usage": {"inputTokens": 1000, "outputTokens": 500}}
        assert handler(end, context)["decision"] == "allow"
        written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CostPerTask" in line]
        assert [each["CostPerTask"] for each in written] == [pytest.approx(0.75 + 0.002)]


def test_without_a_price_nothing_is_counted(platform: Platform, context: Any) -> None:
    for event in ("before_invocation", "before_tool_call", "after_tool_call", "after_invocation"):
        assert handler(step(platform, event, 100_000), context)["decision"] == "allow"
    assert platform.tasks.scan()["Items"] == []


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize("event", ["before_invocation", "before_tool_call", "after_tool_call"])
def test_a_task_that_cannot_be_counted_is_denied(
    platform: Platform, context: Any, broken: Broken, event: str
) -> None:
    capped(platform)
    mend = broken(
        aws.table("tasks").meta.client, "UpdateItem", "ProvisionedThroughputExceededException", "tasks"
    )
    answer = handler(step(platform, event, 20), context)
    assert answer["decision"] == "deny"
    assert "could not decide" in answer["reason"]
    mend()
    assert handler(step(platform, event, 20), context)["decision"] == "allow"


def test_the_cap_is_asked_before_a_grant_is_used(platform: Platform, context: Any) -> None:
    """A person's approval must not be spent on a call that the cap then denies."""
    hook = platform.hook(tool="refund-issue___refund-issue", arguments={"amount_cents": 9000})
    pending = handler(hook, context)
    key = pending["reason"].split()[2].rstrip(":")
    platform.approve(key)
    capped(platform, usd=0.0011)
    assert handler(hook, context)["reason"].startswith("cost cap")
    assert platform.item(key)["status"] == "APPROVED"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    base=st.integers(100, 3000),
    message=st.integers(1, 2000),
    steps=st.lists(st.tuples(st.integers(4, 400), st.integers(4, 3000)), max_size=15),
    disobeys=st.integers(0, 4),
)
def test_a_task_ends_within_its_cap_whatever_it_does(
    base: int, message: int, steps: list[tuple[int, int]], disobeys: int
) -> None:
    """A model that is told to call no more tools and does so `disobeys` times pays for a turn each time."""
    cap = Cap(**{**CAP, "base_tokens": base})
    context, read, least_output = base + message, 0, cap.max_output_tokens * cap.output_price
    may = cap.at_most(0, context) <= cap.usd
    denied = largest = 0
    for arguments, result in steps if may else ():
        read, context = read + context, context + arguments
        largest = max(largest, arguments)
        if cap.at_most(read, context, spending._TURNS_OF_A_CALL) > cap.usd:
            denied += 1
            if denied > disobeys:
                break
            continue
        context += result
        if cap.at_most(read, context) > cap.usd:
            may = False  # stopped: no other turn
            break
    if may:
        read += context  # it answers
    spent = (read * cap.input_price + least_output) / 1e6
    beyond = largest * cap.input_price / 1e6 + max(0, denied - 1) * context * cap.input_price / 1e6
    assert not read or spent <= cap.usd + beyond + 1e-12


def test_tokens_are_rather_too_many_than_too_few() -> None:
    """Of English, JSON and digits, by what tokenizers take of them at most."""
    assert tokens("The router does not come up after the update. " * 20) >= 20 * 10
    assert tokens({"order_id": "A-1001", "amount_cents": 4999}) >= 14
    assert tokens("ü" * 300) == tokens("x" * 600), "bytes, not characters"


def test_validate_counts_as_the_supervisor_does() -> None:
    assert (task_cost.BYTES_PER_TOKEN, task_cost._TURNS) == (spending.BYTES_PER_TOKEN, spending._TURNS)
