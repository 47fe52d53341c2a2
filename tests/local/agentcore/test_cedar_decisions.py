"""Cedar decisions against a plain model of what the policies mean, for arbitrary grants and calls."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.local.server.agentcore.cedar_decisions import NO_POLICY, DecisionEngine
from corral.local.server.agentcore.cedar_schema import CedarError
from corral.local.server.agentcore.tools import gateway_tools

GATEWAY = "arn:aws:bedrock-agentcore:us-east-1:111122223333:gateway/corral-dev-abcdefghij"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
TOOLS = ("refund-issue", "ticket-create", "search")
ROLES = ("helpdesk", "analyst", "helpdesk-x")


def targets(*names: str) -> list[dict[str, Any]]:
    properties = {
        "cents": {"Type": "integer"},
        "rate": {"Type": "number"},
        "text": {"Type": "string"},
        "urgent": {"Type": "boolean"},
        "labels": {"Type": "array", "Items": {"Type": "string"}},
        "place": {"Type": "object", "Properties": {"city": {"Type": "string"}}},
        "free": {"Type": "object"},
    }
    return [
        {
            "Name": name,
            "TargetId": name,
            "TargetConfiguration": {
                "Mcp": {
                    "Lambda": {
                        "LambdaArn": "arn",
                        "ToolSchema": {
                            "InlinePayload": [
                                {
                                    "Name": name,
                                    "Description": "-",
                                    "InputSchema": {
                                        "Type": "object",
                                        "Properties": properties,
                                        "Required": ["cents"],
                                    },
                                }
                            ]
                        },
                    }
                }
            },
        }
        for name in names
    ]


def arn(role: str) -> str:
    return f"arn:aws:sts::111122223333:assumed-role/{role}/session"


def permit(role: str, tool: str, condition: str) -> str:
    return (
        f'permit(principal is AgentCore::IamEntity, action == AgentCore::Action::"{tool}___{tool}", '
        f'resource == AgentCore::Gateway::"{GATEWAY}") when {{ principal.id like '
        f'"arn:aws:sts::111122223333:assumed-role/{role}/*" && {condition} }};'
    )


def engine(*statements: str, tools: tuple[str, ...] = TOOLS) -> DecisionEngine:
    policies = [
        {"PolicyId": f"policy{n}-abcdefghij", "Definition": {"Cedar": {"Statement": text}}}
        for n, text in enumerate(statements)
    ]
    return DecisionEngine(GATEWAY, gateway_tools(targets(*tools)), policies)


grants = st.dictionaries(
    st.tuples(st.sampled_from(ROLES), st.sampled_from(TOOLS)), st.integers(0, 100), max_size=6
)
arguments = st.fixed_dictionaries(
    {"cents": st.integers(0, 100)},
    optional={
        "text": st.text(),
        "urgent": st.booleans(),
        "labels": st.lists(st.text()),
        "rate": st.integers(-(10**6), 10**6).map(lambda n: n / 100),
        "place": st.fixed_dictionaries({}, optional={"city": st.text()}),
        "free": st.dictionaries(st.text(), st.integers()),
    },
)


@settings(max_examples=60, deadline=None)
@given(grants=grants, role=st.sampled_from(ROLES), tool=st.sampled_from(TOOLS), given_arguments=arguments)
def test_a_call_goes_through_exactly_when_it_is_granted(
    grants: dict[tuple[str, str], int], role: str, tool: str, given_arguments: dict[str, Any]
) -> None:
    decisions = engine(*(permit(r, t, f"context.input.cents < {limit}") for (r, t), limit in grants.items()))
    verdict = decisions.decide(arn(role), f"{tool}___{tool}", given_arguments, NOW)
    limit = grants.get((role, tool))
    assert verdict.allowed == (limit is not None and given_arguments["cents"] < limit)
    assert verdict.allowed or verdict.reason == NO_POLICY
    # What may be called is seen; what is not granted at all is not.
    visible = decisions.visible(arn(role))
    assert visible == {f"{t}___{t}" for (r, t) in grants if r == role}


@settings(max_examples=30, deadline=None)
@given(grants=grants, stranger=st.text(alphabet="abcdefgh-/", min_size=1, max_size=12))
def test_a_role_without_a_grant_sees_and_calls_nothing(
    grants: dict[tuple[str, str], int], stranger: str
) -> None:
    decisions = engine(*(permit(r, t, "true") for r, t in grants))
    principal = f"arn:aws:sts::111122223333:assumed-role/other-{stranger}/helpdesk/session"
    assert decisions.visible(principal) == frozenset()
    for tool in TOOLS:
        assert not decisions.decide(principal, f"{tool}___{tool}", {"cents": 0}, NOW).allowed


def test_a_request_cedar_cannot_read_shows_nothing() -> None:
    decisions = engine(permit("helpdesk", "search", "true"))
    assert decisions.visible(arn("helpdesk")) == {"search___search"}
    assert decisions.visible(arn("helpdesk") + "\x01") == frozenset()


def test_forbid_wins_and_is_named() -> None:
    decisions = engine(
        permit("helpdesk", "search", "true"),
        'forbid(principal, action in AgentCore::Action::"CallTool", resource) when '
        '{ context.system.now > datetime("2030-01-01") };',
    )
    before = decisions.decide(arn("helpdesk"), "search___search", {"cents": 1}, NOW)
    after = decisions.decide(
        arn("helpdesk"), "search___search", {"cents": 1}, datetime(2031, 1, 1, tzinfo=UTC)
    )
    assert (before.allowed, before.policies) == (True, ("policy0-abcdefghij",))
    assert after.reason == "Policy evaluation denied due to policy1-abcdefghij"


@pytest.mark.parametrize("group", ["search", "CallTool", "Mcp"])
def test_action_groups_hold_their_tools(group: str) -> None:
    decisions = engine(
        f'permit(principal, action in AgentCore::Action::"{group}", resource) when '
        '{ principal.id like "*helpdesk*" };'
    )
    assert decisions.decide(arn("helpdesk"), "search___search", {"cents": 1}, NOW).allowed
    allowed = decisions.decide(arn("helpdesk"), "ticket-create___ticket-create", {"cents": 1}, NOW).allowed
    assert allowed == (group != "search")


def test_one_statement_may_hold_several_policies() -> None:
    decisions = engine(permit("helpdesk", "search", "true") + permit("helpdesk", "refund-issue", "true"))
    verdict = decisions.decide(arn("helpdesk"), "refund-issue___refund-issue", {"cents": 1}, NOW)
    assert verdict.policies == ("policy0-abcdefghij",)
    assert len(decisions.visible(arn("helpdesk"))) == 2


def test_numbers_are_decimals() -> None:
    decisions = engine(
        permit("helpdesk", "search", 'context.input has rate && context.input.rate.lessThan(decimal("1.5"))')
    )

    def allowed(rate: Any) -> bool:
        return decisions.decide(arn("helpdesk"), "search___search", {"cents": 1, "rate": rate}, NOW).allowed

    assert [allowed(1.4999), allowed(1), allowed(1.5), allowed(1e-3)] == [True, True, False, True]


@pytest.mark.parametrize(
    "wrong", [{"cents": 2**70}, {"cents": 1, "rate": 0.00001}, {"cents": 1, "rate": 1e300}]
)
def test_what_cedar_cannot_hold_is_denied(wrong: dict[str, Any]) -> None:
    decisions = engine(permit("helpdesk", "search", "true"))
    assert not decisions.decide(arn("helpdesk"), "search___search", wrong, NOW).allowed


def test_arguments_that_do_not_fit_the_schema_are_denied() -> None:
    decisions = engine(permit("helpdesk", "search", "true"))
    assert not decisions.decide(arn("helpdesk"), "search___search", {"cents": 1, "text": 5}, NOW).allowed
    assert not decisions.decide(arn("helpdesk"), "search___search", {}, NOW).allowed


def test_a_policy_that_does_not_parse_is_named() -> None:
    with pytest.raises(CedarError, match="policy0-abcdefghij does not parse"):
        engine("permit(")


def test_two_hundred_tools_and_policies_are_listed_quickly() -> None:
    names = tuple(f"tool-{n}" for n in range(200))
    decisions = engine(*(permit("helpdesk", name, "true") for name in names), tools=names)
    began = datetime.now(UTC)
    assert len(decisions.visible(arn("helpdesk"))) == 200
    assert (datetime.now(UTC) - began).total_seconds() < 2
