"""The supervisor's decisions: what it allows, what it denies and why, and that in doubt it denies."""

import json
import uuid
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.common import aws
from functions.supervisor import handler as supervisor
from functions.supervisor.agents import Rule
from functions.supervisor.decision import Decision
from functions.supervisor.handler import handler

Platform = Any  # what conftest's fixtures return
Broken = Any


def test_a_granted_tool_is_allowed_and_recorded_in_full(platform: Platform, context: Any) -> None:
    hook = platform.hook(
        tool="knowledge-search___knowledge-search", arguments={"query": "reset", "domain": "docs"}
    )
    assert handler(hook, context) == {"decision": "allow"}
    (record,) = platform.records()
    assert {**record, "time": ""} == {
        "id": hook["hookEventId"],
        "time": "",
        "environment": "dev",
        "team": "support",
        "agent": "helpdesk",
        "harness_arn": platform.arn,
        "session_id": hook["sessionId"],
        "event": "beforeToolCall",
        "tool": "knowledge-search",
        "tool_use_id": "use-1",
        "arguments": {"query": "reset", "domain": "docs"},
        "arguments_sha256": record["arguments_sha256"],
        "decision": "allow",
        "reason": None,
    }
    assert len(record["arguments_sha256"]) == 64


@pytest.mark.control("granted-tools-only")
@pytest.mark.parametrize(
    "tool", ["shell", "warehouse-query___warehouse-query", "other___knowledge-search", "@tools/x"]
)
def test_a_tool_that_is_not_granted_is_denied(platform: Platform, context: Any, tool: str) -> None:
    answer = handler(platform.hook(tool=tool), context)
    assert answer["decision"] == "deny"
    assert answer["reason"].startswith("tool not granted")
    assert [record["decision"] for record in platform.records()] == ["deny"]


def test_an_unknown_agent_is_denied(platform: Platform, context: Any) -> None:
    answer = handler({**platform.hook(), "harnessArn": platform.arn + "x"}, context)
    assert answer["decision"] == "deny"
    assert answer["reason"].startswith("unknown agent")
    assert platform.records()[0]["team"] is None


@pytest.mark.control("suspension")
@pytest.mark.parametrize("event", ["before_invocation", "before_tool_call", "after_tool_call"])
def test_a_suspended_agent_is_stopped_at_its_very_next_step(
    platform: Platform, context: Any, event: str
) -> None:
    assert handler(platform.hook(event), context)["decision"] == "allow"
    platform.override("suspended", reason="odd refunds", by="alice", at="2026-11-23T10:00:00Z")
    assert handler(platform.hook(event), context) == {
        "decision": "deny",
        "reason": "agent suspended: odd refunds",
    }
    platform.override("active", reason="looked into", by="alice", at="2026-11-23T11:00:00Z")
    assert handler(platform.hook(event), context)["decision"] == "allow"


@pytest.mark.control("suspension", "fail-closed")
@pytest.mark.parametrize("mode", ["suspend", "SUSPENDED", "Active", "", None])
def test_a_mode_that_is_not_understood_stops_the_agent(platform: Platform, context: Any, mode: Any) -> None:
    platform.override(mode)
    assert handler(platform.hook(), context)["reason"].startswith("agent suspended: ")


@pytest.mark.control("suspension")
@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("*", "environment suspended: x"),
        ("support", "team suspended: x"),
        ("support/helpdesk", "agent suspended: x"),
    ],
)
def test_a_suspension_of_any_scope_stops_the_agent(
    platform: Platform, context: Any, scope: str, said: str
) -> None:
    for other in ("sales", "sales/helpdesk", "support/help", "support/"):
        platform.override("suspended", other, reason="of somebody else")
    assert handler(platform.hook(), context)["decision"] == "allow"
    platform.override("suspended", scope, reason="x")
    assert handler(platform.hook(), context) == {"decision": "deny", "reason": said}
    assert platform.records()[-1]["reason"] == said


@pytest.mark.control("suspension")
def test_read_only_denies_what_changes_things_and_lets_agents_read(platform: Platform, context: Any) -> None:
    refund = {"tool": "refund-issue___refund-issue", "arguments": {"amount_cents": 1}}
    assert handler(platform.hook(**refund), context)["decision"] == "allow"
    platform.override("read-only", "support", reason="the till is being counted")
    assert handler(platform.hook(**refund), context) == {
        "decision": "deny",
        "reason": "read only: refund-issue changes things, which this team may not now: the till is being counted",
    }
    for hook in (platform.hook(), platform.hook("before_invocation"), platform.hook("after_tool_call")):
        assert handler(hook, context) == {"decision": "allow"}
    held = {**refund, "arguments": {"amount_cents": 9000}}
    assert handler(platform.hook(**held), context)["reason"].startswith("read only")
    assert platform.messages() == [], "nobody is asked to approve what may not run anyway"


@pytest.mark.control("suspension")
def test_the_strictest_of_an_agents_scopes_holds(platform: Platform, context: Any) -> None:
    platform.override("read-only", "*", reason="careful")
    platform.override("suspended", reason="odd refunds")
    platform.override("active", "support", reason="looked into")
    assert handler(platform.hook(), context)["reason"] == "agent suspended: odd refunds"


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize("missing", ["reads", "key", "tools"])
def test_a_config_that_lacks_what_is_needed_allows_nothing(
    platform: Platform, context: Any, missing: str
) -> None:
    platform.agents.put_item(Item={name: value for name, value in platform.config.items() if name != missing})
    assert handler(platform.hook(), context)["reason"] == "the supervisor could not decide: KeyError"


@pytest.mark.control("fail-closed")
def test_without_all_of_the_overrides_all_is_denied(
    platform: Platform, context: Any, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb = aws.table("overrides").meta.client
    broken(dynamodb, "BatchGetItem", "ProvisionedThroughputExceededException")
    said = "the supervisor could not decide: ProvisionedThroughputExceededException"
    assert handler(platform.hook(), context)["reason"] == said
    unread = {"Responses": {"overrides": []}, "UnprocessedKeys": {"overrides": {"Keys": [{"scope": "*"}]}}}
    monkeypatch.setattr(dynamodb, "batch_get_item", lambda **_: unread)
    assert handler(platform.hook(), context)["reason"] == "the supervisor could not decide: UnreadError"


def test_what_was_used_is_recorded_even_of_a_suspended_agent(platform: Platform, context: Any) -> None:
    platform.override("suspended", reason="odd refunds")
    hook = platform.hook("after_invocation")
    hook["context"] = {"stopReason": "end_turn", "usage": {"inputTokens": 120, "outputTokens": 30}}
    assert handler(hook, context) == {"decision": "allow"}
    (record,) = platform.records()
    assert record["event"] == "afterInvocation"
    assert record["usage"] == {"input_tokens": 120, "output_tokens": 30}
    assert record["stop_reason"] == "end_turn"


def test_messages_and_results_are_not_recorded(platform: Platform, context: Any) -> None:
    before, after = platform.hook("before_invocation"), platform.hook("after_tool_call")
    before["context"] = {
        "messageCount": 1,
        "messages": [{"role": "user", "content": [{"text": "my secret"}]}],
    }
    after["context"]["toolResult"] = {"content": [{"text": "their secret"}]}
    failed = {**after, "context": {**after["context"], "error": "RuntimeError: secret"}}
    for hook in (before, after, failed):
        assert handler(hook, context) == {"decision": "allow"}
    assert "secret" not in json.dumps(platform.records())
    assert [record.get("outcome") for record in platform.records()] == [None, "ok", "error"]


@pytest.mark.parametrize("spelling", ["beforeToolCall", "before_tool_call"])
def test_either_spelling_of_an_event_is_the_same_event(
    platform: Platform, context: Any, spelling: str
) -> None:
    assert handler(platform.hook(spelling, tool="shell"), context)["reason"] == "tool not granted: shell"


def unreadable(platform: Platform) -> dict[str, Any]:
    hook = platform.hook()
    return {
        "nothing": None,
        "a text": "hook",
        "empty": {},
        "no event": {**hook, "event": None},
        "an unknown event": {**hook, "event": "before_everything"},
        "no agent": {**hook, "harnessArn": ""},
        "no session": {**hook, "sessionId": None},
        "no context": {**hook, "context": None},
        "no tool": {**hook, "context": {"toolInput": {}}},
        "no arguments": {**hook, "context": {"toolName": "knowledge-search"}},
        "arguments in a list": {**hook, "context": {"toolName": "knowledge-search", "toolInput": []}},
        "arguments cut short": {
            **hook,
            "context": {"toolName": "knowledge-search", "toolInput": {"truncated": True, "preview": '{"que'}},
        },
        "a number JSON has not": {
            **hook,
            "context": {"toolName": "knowledge-search", "toolInput": {"limit": float("nan")}},
        },
    }


UNREADABLE = list(unreadable(type("Nothing", (), {"hook": dict})()))


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_hook_that_is_not_understood_is_denied(platform: Platform, context: Any, name: str) -> None:
    assert handler(unreadable(platform)[name], context)["decision"] == "deny"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["event", "harnessArn", "sessionId", "context", "toolName", "toolInput", "name"]
                ),
                inner,
            )
        ),
        max_leaves=8,
    )
)
def test_no_payload_raises_or_is_allowed_by_chance(platform: Platform, context: Any, payload: Any) -> None:
    assert handler(payload, context)["decision"] == "deny"


NO_SUCH_COMPARISON = {"argument": "n", "operator": "~", "value": 1}


def config(platform: Platform, **change: Any) -> None:
    platform.agents.put_item(Item={**platform.config, **change})


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize(
    "change",
    [
        {"approval": "not json"},
        {"approval": None},
        {"approval": '[{"conditions": []}]'},
        {"approval": json.dumps([{"tool": "knowledge-search", "conditions": [NO_SUCH_COMPARISON]}])},
        {"tools": None},
        {"tools": 7},
        {"tools": "knowledge-search"},
        {"tools": []},
    ],
)
def test_a_configuration_that_is_not_understood_grants_nothing(
    platform: Platform, context: Any, change: dict[str, Any]
) -> None:
    config(platform, **change)
    assert handler(platform.hook(arguments={"n": 1}), context)["decision"] == "deny"
    assert platform.records()[0]["decision"] == "deny"


@pytest.mark.control("decision-records", "fail-closed")
@pytest.mark.parametrize(
    "event", ["before_invocation", "before_tool_call", "after_tool_call", "after_invocation"]
)
def test_without_a_record_nothing_is_allowed(
    platform: Platform, context: Any, broken: Broken, event: str
) -> None:
    mend = broken(aws.client("firehose"), "PutRecord", "ServiceUnavailableException")
    said = {"decision": "deny", "reason": "no record could be written"}
    assert handler(platform.hook(event), context) == said
    mend()
    assert handler(platform.hook(event), context) == {"decision": "allow"}
    assert len(platform.records()) == 1


@pytest.mark.control("fail-closed")
def test_without_a_stream_nothing_is_allowed(platform: Platform, context: Any) -> None:
    boto3.client("firehose").delete_delivery_stream(DeliveryStreamName="decisions")
    assert handler(platform.hook(), context)["reason"] == "no record could be written"


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "InternalServerError", "AccessDeniedException"]
)
def test_without_the_agents_table_all_is_denied_and_recorded(
    platform: Platform, context: Any, broken: Broken, code: str
) -> None:
    broken(aws.table("agents").meta.client, "GetItem", code)
    answer = handler(platform.hook(), context)
    assert answer == {"decision": "deny", "reason": f"the supervisor could not decide: {code}"}
    assert [record["decision"] for record in platform.records()] == ["deny"]


@pytest.mark.control("fail-closed")
def test_without_tables_and_stream_it_still_says_no(platform: Platform, context: Any, broken: Broken) -> None:
    broken(aws.table("agents").meta.client, "GetItem", "InternalServerError")
    broken(aws.client("firehose"), "PutRecord", "ServiceUnavailableException")
    assert handler(platform.hook(), context)["reason"] == "no record could be written"


def test_a_missing_setting_is_a_no(platform: Platform, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENTS_TABLE")
    assert handler(platform.hook(), context)["decision"] == "deny"


@pytest.mark.control("decision-records")
def test_the_record_is_written_before_the_answer(
    platform: Platform, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    answer = supervisor._answer

    def answered(decision: Decision) -> dict[str, str]:
        seen.append(len(platform.records()))
        return answer(decision)

    monkeypatch.setattr(supervisor, "_answer", answered)
    handler(platform.hook(), context)
    assert seen == [1]


def test_a_reason_is_no_longer_than_a_harness_passes_on(platform: Platform, context: Any) -> None:
    platform.override("suspended", reason="x" * 3000)
    assert len(handler(platform.hook(), context)["reason"]) == 1024


def test_arguments_are_not_logged(platform: Platform, context: Any, logged: Any) -> None:
    handler(platform.hook(arguments={"query": "a private matter"}), context)
    assert "knowledge-search" in logged()
    assert "private matter" not in logged()


def test_every_record_is_one_line(platform: Platform, context: Any) -> None:
    for _ in range(3):
        handler(platform.hook(arguments={"query": "two\nlines \u2028 and more"}), context)
    assert len(platform.records()) == 3
    assert len({record["id"] for record in platform.records()}) == 3


def matches(conditions: list[tuple[str, str, Any]], arguments: dict[str, Any]) -> bool:
    return Rule("t", tuple(conditions)).matches("t", arguments)


@pytest.mark.parametrize(
    ("condition", "given", "held"),
    [
        (("n", ">", 5000), 5000, False),
        (("n", ">", 5000), 5001, True),
        (("n", ">", 5000), 5000.5, True),
        (("n", ">=", 5000), 5000, True),
        (("n", "<", 0), 0, False),
        (("n", "<=", 0), 0, True),
        (("n", "==", 1), 1.0, True),
        (("n", "!=", 1), 2, True),
        (("n", "!=", 1), 1, False),
        (("n", ">", 5000), "1", True),
        (("n", ">", 5000), "999999", True),
        (("n", ">", 5000), True, True),
        (("n", ">", 5000), None, True),
        (("n", ">", 5000), [1], True),
        (("n", ">", 5000), float("nan"), True),
        (("n", "<", 5000), float("inf"), True),
        (("n", ">", 5000), 10**400, True),
        (("n", "==", "EU"), "EU", True),
        (("n", "==", "EU"), "US", False),
        (("n", "==", "EU"), 1, True),
        (("n", "==", True), True, True),
        (("n", "==", True), False, False),
        (("n", "==", True), 1, True),
    ],
)
def test_conditions(condition: tuple[str, str, Any], given: Any, held: bool) -> None:
    assert matches([condition], {"n": given}) is held
    assert matches([condition], {}) is True


def test_a_rule_holds_a_call_when_all_its_conditions_do_and_only_its_tools_calls() -> None:
    both = [("n", ">", 10), ("region", "==", "EU")]
    assert matches(both, {"n": 11, "region": "EU"})
    assert not matches(both, {"n": 9, "region": "EU"})
    assert not matches(both, {"n": 11, "region": "US"})
    assert matches([], {})
    assert not Rule("t", ()).matches("u", {})


def test_hook_ids_are_kept_or_made(platform: Platform, context: Any) -> None:
    hook = platform.hook()
    del hook["hookEventId"]
    handler(hook, context)
    assert uuid.UUID(platform.records()[0]["id"])
