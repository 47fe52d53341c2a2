"""Each agent's policies, decided by Cedar's own engine against the schema of the deployed tools."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.cedar import MAX_STATEMENT, MIN_STATEMENT, agent_policies, agent_policy
from corral.local.server.agentcore.cedar_findings import validate_statement
from corral.local.server.agentcore.cedar_schema import (
    cedar_schema,
    entity,
    gateway_entities,
    principal_entities,
    request_context,
)
from corral.spec.load import load_environment
from corral.spec.names import agent_role_name, mcp_tool_name
from corral.spec.resolved import ResolvedAgent
from corral.spec.tool import ArgumentSchema, Constraint, Tool

ENVIRONMENT = load_environment(Path(__file__).parents[1] / "stacks/dev")
ACCOUNT = ENVIRONMENT.platform.account
GATEWAY = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:gateway/corral-dev-0123456789"
TOOLS = {name: tool.spec for name, tool in ENVIRONMENT.tools.items()}
AGENTS = [agent for agents in ENVIRONMENT.agents.values() for agent in agents.values()]
PAIRS = [pytest.param(a, t, id=f"{a.team}/{a.name}-{t}") for a in AGENTS for t in TOOLS]
VALUES: Mapping[str, Any] = {"string": "A-1001", "integer": 1, "number": 1.5, "boolean": True, "array": []}


def _schema(tools: Mapping[str, Tool]) -> str:
    inputs = {mcp_tool_name(name): tool.definition()["inputSchema"] for name, tool in tools.items()}
    return json.dumps(cedar_schema(inputs))


SCHEMA = _schema(TOOLS)


def _role(agent: ResolvedAgent) -> str:
    return agent_role_name(agent.environment, agent.team, agent.key)


def _allowed(
    policies: str,
    role: str,
    tool: Tool,
    arguments: dict[str, Any],
    *,
    account: str = ACCOUNT,
    gateway: str = GATEWAY,
    schema: str = SCHEMA,
) -> bool:
    principal = f"arn:aws:sts::{account}:assumed-role/{role}/session-1"
    now = datetime(2026, 11, 23, tzinfo=UTC)
    context = request_context(tool.definition()["inputSchema"], arguments, now)
    entities = json.loads(gateway_entities(gateway)) + json.loads(principal_entities(principal))
    request = {
        "principal": entity("IamEntity", principal),
        "action": entity("Action", mcp_tool_name(tool.tool)),
        "resource": entity("Gateway", gateway),
        "context": context,
    }
    result = cedarpy.is_authorized(request, policies, json.dumps(entities), schema)
    assert not result.diagnostics.errors
    return bool(result.allowed)


def _arguments(tool: Tool, agent: ResolvedAgent) -> dict[str, Any]:
    """The plainest call of a tool that an agent may make."""
    properties = tool.input.properties or {}
    arguments = {name: VALUES[properties[name].type] for name in tool.input.required or ()}
    if tool.domain_argument is not None:
        arguments[tool.domain_argument] = agent.domains[0] if agent.domains else "none"
    if tool.team_argument is not None:
        arguments[tool.team_argument] = agent.team
    return arguments


def _policies(agent: ResolvedAgent, tools: Mapping[str, Tool] = TOOLS) -> str:
    return agent_policy(agent, tools, GATEWAY, ACCOUNT)


def _agent_with(*tools: str, domains: tuple[str, ...] = ()) -> ResolvedAgent:
    return replace(AGENTS[0], tools=tools, domains=domains)


@pytest.mark.control("granted-tools-only")
@pytest.mark.parametrize(("agent", "name"), PAIRS)
def test_an_agent_may_call_its_own_tools_and_no_others(agent: ResolvedAgent, name: str) -> None:
    tool = TOOLS[name]
    assert _allowed(_policies(agent), _role(agent), tool, _arguments(tool, agent)) == (name in agent.tools)


def test_there_are_both_allowed_and_denied_pairs() -> None:
    granted = sum(len(agent.tools) for agent in AGENTS)
    assert 0 < granted < len(PAIRS)


@pytest.mark.control("granted-tools-only")
@pytest.mark.parametrize("agent", AGENTS, ids=_role)
def test_no_other_role_may_use_an_agents_policies(agent: ResolvedAgent) -> None:
    tool = TOOLS[agent.tools[0]]
    arguments, policies = _arguments(tool, agent), _policies(agent)
    assert _allowed(policies, _role(agent), tool, arguments)
    strangers = [_role(other) for other in AGENTS if other is not agent]
    for role in (*strangers, f"{_role(agent)}-2", f"x-{_role(agent)}", "admin", f"admin/{_role(agent)}"):
        assert not _allowed(policies, role, tool, arguments), role
    assert not _allowed(policies, _role(agent), tool, arguments, account="999999999999")
    other_gateway = GATEWAY.replace("0123456789", "9876543210")
    assert not _allowed(policies, _role(agent), tool, arguments, gateway=other_gateway)


@pytest.mark.control("team-isolation")
@pytest.mark.parametrize("agent", AGENTS, ids=_role)
def test_teams_are_bound_to_the_agents_own(agent: ResolvedAgent) -> None:
    policies = _policies(agent)
    for name in agent.tools:
        if (argument := TOOLS[name].team_argument) is None:
            continue
        call = _arguments(TOOLS[name], agent)
        for team in (*ENVIRONMENT.teams, "unknown", "", f"{agent.team} "):
            allowed = _allowed(policies, _role(agent), TOOLS[name], {**call, argument: team})
            assert allowed == (team == agent.team), team


@pytest.mark.control("team-isolation")
@pytest.mark.parametrize("agent", AGENTS, ids=_role)
def test_domains_are_bound_to_the_agents_own(agent: ResolvedAgent) -> None:
    policies = _policies(agent)
    for name in agent.tools:
        if (argument := TOOLS[name].domain_argument) is None:
            continue
        call = _arguments(TOOLS[name], agent)
        for domain in (*ENVIRONMENT.domains, "unknown", "", f"{agent.domains[0]} "):
            allowed = _allowed(policies, _role(agent), TOOLS[name], {**call, argument: domain})
            assert allowed == (domain in agent.domains), domain


@pytest.mark.control("granted-tools-only")
@given(amount=st.integers(-(2**63), 2**63 - 1))
@settings(max_examples=75, deadline=None)
def test_amounts_are_held_to_the_tools_limits(amount: int) -> None:
    agent, tool = _agent_with("refund-issue"), TOOLS["refund-issue"]
    call = {**_arguments(tool, agent), "amount_cents": amount}
    assert _allowed(_policies(agent), _role(agent), tool, call) == (1 <= amount <= 100_000)


@pytest.mark.parametrize("amount", [0, 1, 100_000, 100_001])
def test_amounts_at_the_edges(amount: int) -> None:
    agent, tool = _agent_with("refund-issue"), TOOLS["refund-issue"]
    call = {**_arguments(tool, agent), "amount_cents": amount}
    assert _allowed(_policies(agent), _role(agent), tool, call) == (amount in (1, 100_000))


@pytest.mark.parametrize(
    ("priority", "allowed"), [(None, True), ("low", True), ("high", True), ("urgent", False), ("", False)]
)
def test_an_optional_argument_may_be_left_out_but_not_be_wrong(priority: str | None, allowed: bool) -> None:
    agent, tool = _agent_with("ticket-create"), TOOLS["ticket-create"]
    call = _arguments(tool, agent) | ({} if priority is None else {"priority": priority})
    assert _allowed(_policies(agent), _role(agent), tool, call) is allowed


def test_an_optional_domain_must_be_named() -> None:
    properties = {"domain": ArgumentSchema(type="string")}
    tool = TOOLS["knowledge-search"].model_copy(
        update={"input": ArgumentSchema(type="object", properties=properties)}
    )
    agent = _agent_with("knowledge-search", domains=("support-docs",))
    tools = {"knowledge-search": tool}
    policies, schema = agent_policy(agent, tools, GATEWAY, ACCOUNT), _schema(tools)
    assert not _allowed(policies, _role(agent), tool, {}, schema=schema)
    assert _allowed(policies, _role(agent), tool, {"domain": "support-docs"}, schema=schema)


def test_a_tool_that_needs_a_domain_is_denied_to_an_agent_without_any() -> None:
    agent = _agent_with("knowledge-search", "ticket-create")
    policies = _policies(agent)
    assert "knowledge-search" not in policies
    assert _allowed(policies, _role(agent), TOOLS["ticket-create"], _arguments(TOOLS["ticket-create"], agent))


def test_an_agent_without_tools_has_no_policy() -> None:
    assert agent_policies(_agent_with(), TOOLS, GATEWAY, ACCOUNT) == ()


@pytest.mark.parametrize("agent", AGENTS, ids=_role)
def test_agentcore_would_take_each_policy(agent: ResolvedAgent) -> None:
    listed = [{**tool.definition(), "name": mcp_tool_name(name)} for name, tool in TOOLS.items()]
    for policy in agent_policies(agent, TOOLS, GATEWAY, ACCOUNT):
        assert MIN_STATEMENT <= len(policy) <= MAX_STATEMENT
        assert validate_statement(policy, listed, GATEWAY) == []
        assert len(json.loads(cedarpy.policies_to_json_str(policy))["staticPolicies"]) == 1


def _many(count: int) -> dict[str, Tool]:
    choices = tuple(f"choice-{number}" for number in range(20))
    limit = (Constraint(argument="priority", one_of=choices),)
    base = TOOLS["ticket-create"].model_copy(update={"constraints": limit})
    return {f"tool-{n}": base.model_copy(update={"tool": f"tool-{n}"}) for n in range(count)}


def test_a_policy_that_grows_too_long_is_split() -> None:
    tools = _many(60)
    agent = _agent_with(*tools)
    policies = agent_policies(agent, tools, GATEWAY, ACCOUNT)
    assert len(policies) > 1
    assert all(MIN_STATEMENT <= len(policy) <= MAX_STATEMENT for policy in policies)
    actions = [f'AgentCore::Action::"{mcp_tool_name(name)}"' for name in tools]
    for action in actions:
        assert sum(f"\n    {action}" in policy for policy in policies) == 1
    text, schema = "\n".join(policies), _schema(tools)
    for name in ("tool-0", "tool-59"):
        call = _arguments(tools[name], agent)
        assert _allowed(text, _role(agent), tools[name], {**call, "priority": "choice-3"}, schema=schema)
        assert not _allowed(text, _role(agent), tools[name], {**call, "priority": "choice"}, schema=schema)


def test_one_tool_that_is_too_long_by_itself_is_refused() -> None:
    limit = (Constraint(argument="priority", one_of=tuple(f"choice-{n:020}" for n in range(500))),)
    tools = {"ticket-create": TOOLS["ticket-create"].model_copy(update={"constraints": limit})}
    with pytest.raises(ValueError, match="AgentCore allows 10000"):
        agent_policies(_agent_with("ticket-create"), tools, GATEWAY, ACCOUNT)


@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30))
@settings(max_examples=75, deadline=None)
def test_any_text_can_be_a_value(value: str) -> None:
    limit = (Constraint(argument="priority", one_of=(value,)),)
    tools = {**TOOLS, "ticket-create": TOOLS["ticket-create"].model_copy(update={"constraints": limit})}
    agent, tool = _agent_with("ticket-create"), tools["ticket-create"]
    policies = agent_policy(agent, tools, GATEWAY, ACCOUNT)
    call = _arguments(tool, agent)
    assert _allowed(policies, _role(agent), tool, {**call, "priority": value})
    assert not _allowed(policies, _role(agent), tool, {**call, "priority": value + "x"})
