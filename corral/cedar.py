"""The Cedar policies of an agent: which tools it may call at the gateway, and with which arguments.

An AgentCore policy holds exactly one Cedar statement (a second one fails at deployment with "unexpected
token"), and names of policies and calls of the policy API are scarce. So an agent gets one permit that names
all its tools, and a second one only when the first would pass AgentCore's limit. What holds for one tool
alone stands behind `action ==`: Cedar's type checker follows it, and a tool's arguments are looked at in that
tool's calls only.

Nothing here forbids: the gateway denies what no policy permits.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from corral.spec.names import agent_role_name, mcp_tool_name
from corral.spec.resolved import ResolvedAgent
from corral.spec.tool import Constraint, Tool

MIN_STATEMENT = 35  # characters, both from AWS::BedrockAgentCore::Policy
MAX_STATEMENT = 10_000


def agent_policies(
    agent: ResolvedAgent, tools: Mapping[str, Tool], gateway_arn: str, account: str
) -> tuple[str, ...]:
    """Write an agent's policies, each short enough for AgentCore. None for an agent without tools.

    The principal is every session of the agent's own role. A tool that takes a team is bound to the agent's
    own, one that takes a data domain to the agent's domains; for an agent without any it is left out, which
    denies it. Raises KeyError for a tool that `tools` lacks, ValueError for one tool whose conditions alone
    are too long.
    """
    usable = [name for name in agent.tools if tools[name].domain_argument is None or agent.domains]
    return tuple(_split(agent, tools, usable, gateway_arn, account))


def agent_policy(agent: ResolvedAgent, tools: Mapping[str, Tool], gateway_arn: str, account: str) -> str:
    """Write all that an agent may do as one Cedar text, for people to read and for Cedar to evaluate."""
    return "\n\n".join(agent_policies(agent, tools, gateway_arn, account))


def _split(
    agent: ResolvedAgent, tools: Mapping[str, Tool], names: Sequence[str], gateway_arn: str, account: str
) -> Iterable[str]:
    if not names:
        return
    statement = _statement(agent, [tools[name] for name in names], gateway_arn, account)
    if len(statement) <= MAX_STATEMENT:
        yield statement
    elif len(names) == 1:
        raise ValueError(
            f"the policy of {agent.team}/{agent.name} for {names[0]} has {len(statement)} characters; "
            f"AgentCore allows {MAX_STATEMENT}"
        )
    else:
        middle = len(names) // 2
        yield from _split(agent, tools, names[:middle], gateway_arn, account)
        yield from _split(agent, tools, names[middle:], gateway_arn, account)


def _statement(agent: ResolvedAgent, tools: Sequence[Tool], gateway_arn: str, account: str) -> str:
    role = agent_role_name(agent.environment, agent.team, agent.key)
    sessions = f"arn:aws:sts::{account}:assumed-role/{role}/*"
    actions = ",\n".join(f"    {_action(tool)}" for tool in tools)
    calls = " ||\n".join(f"  {_call(tool, agent.domains, agent.team)}" for tool in tools)
    # A caller's ARN is matched with `like`: `==` on it passes the schema and then fails at deployment.
    return (
        "permit (\n"
        "  principal is AgentCore::IamEntity,\n"
        f"  action in [\n{actions}\n  ],\n"
        f"  resource == AgentCore::Gateway::{_text(gateway_arn)}\n"
        ") when {\n"
        f"  principal.id like {_text(sessions)}\n"
        "} when {\n"
        f"{calls}\n"
        "};"
    )


def _action(tool: Tool) -> str:
    return f"AgentCore::Action::{_text(mcp_tool_name(tool.tool))}"


def _call(tool: Tool, domains: Sequence[str], team: str) -> str:
    """What a call of one tool must satisfy."""
    conditions = [f"action == {_action(tool)}"]
    for argument, values in tool.bound(domains, team).items():
        conditions.append(_guarded(tool, argument, [_one_of(argument, values)], needed=True))
    for constraint in tool.constraints:
        conditions.append(_guarded(tool, constraint.argument, _limits(constraint), needed=False))
    return f"({' && '.join(conditions)})"


def _limits(constraint: Constraint) -> list[str]:
    value = f"context.input.{constraint.argument}"
    limits = []
    if constraint.at_least is not None:
        limits.append(f"{value} >= {constraint.at_least}")
    if constraint.at_most is not None:
        limits.append(f"{value} <= {constraint.at_most}")
    if constraint.one_of is not None:
        limits.append(_one_of(constraint.argument, constraint.one_of))
    return limits


def _guarded(tool: Tool, argument: str, conditions: Sequence[str], *, needed: bool) -> str:
    """Conditions on an argument that a call may leave out; one that is `needed` must be there."""
    joined = " && ".join(conditions)
    if argument in (tool.input.required or ()):
        return joined
    if needed:
        return f"context.input has {argument} && {joined}"
    # Cedar's validator follows `has` into a conditional, but not across `||`.
    return f"(if context.input has {argument} then {joined} else true)"


def _one_of(argument: str, values: Sequence[str]) -> str:
    return f"[{', '.join(_text(value) for value in values)}].contains(context.input.{argument})"


def _text(value: str) -> str:
    """A Cedar string literal. Cedar knows no JSON \\uXXXX escapes: what is printable stands as it is."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\u{{{ord(match[0]):x}}}", escaped) + '"'
