"""For each agent of dev and each tool: calls it may make and calls it may not, made from what the specs say.

Each granted tool has at least one call that Cedar allows, so that no permit is one that never does, and one that
it denies for each thing the call is bound to. A tool that is not granted is denied in every form.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from corral.cedar import agent_policies
from corral.spec.resolved import ResolvedAgent
from corral.spec.satisfiable import MAX_CHOICES
from corral.spec.tool import Constraint, Tool
from tests.test_cedar import (
    ENVIRONMENT,
    GATEWAY,
    TOOLS,
    _agent_with,
    _allowed,
    _arguments,
    _policies,
    _role,
)

AGENTS = [agent for agents in ENVIRONMENT.agents.values() for agent in agents.values()]
PAIRS = [pytest.param(a, t, id=f"{a.team}/{a.name}-{t}") for a in AGENTS for t in TOOLS]
Case = tuple[str, dict[str, Any]]
LONG = range(-(2**63), 2**63)  # Cedar's integers


def within(constraint: Constraint) -> Iterator[Any]:
    """The values at the edges, inside."""
    yield from constraint.one_of or ()
    yield from (edge for edge in (constraint.at_least, constraint.at_most) if edge is not None)


def beyond(constraint: Constraint) -> Iterator[Any]:
    """The values at the edges, outside, and far out."""
    if constraint.one_of is not None:
        yield from ("", "x".join(constraint.one_of), *(f"{choice} " for choice in constraint.one_of))
    if constraint.at_least is not None:
        yield from (constraint.at_least - 1, LONG.start)
    if constraint.at_most is not None:
        yield from (constraint.at_most + 1, LONG.stop - 1)


def allowed_cases(tool: Tool, agent: ResolvedAgent) -> Iterator[Case]:
    """Calls that a granted tool must allow."""
    plain = plainest(tool, agent)
    yield "plain", plain
    if tool.domain_argument is not None:
        yield from ((f"domain {d}", {**plain, tool.domain_argument: d}) for d in agent.domains)
    for constraint in tool.constraints:
        for value in within(constraint):
            yield f"{constraint.argument} {value!r}", {**plain, constraint.argument: value}


def denied_cases(tool: Tool, agent: ResolvedAgent) -> Iterator[Case]:
    """Calls that no grant allows."""
    plain = plainest(tool, agent)
    if tool.domain_argument is not None:
        for domain in ({*ENVIRONMENT.domains} - {*agent.domains}) | {"", "*", "../contracts"}:
            yield f"domain {domain}", {**plain, tool.domain_argument: domain}
    if tool.team_argument is not None:
        for team in ({*ENVIRONMENT.teams} - {agent.team}) | {"", "*", f"{agent.team}-2"}:
            yield f"team {team}", {**plain, tool.team_argument: team}
    for constraint in tool.constraints:
        for value in beyond(constraint):
            yield f"{constraint.argument} {value!r}", {**plain, constraint.argument: value}


def plainest(tool: Tool, agent: ResolvedAgent) -> dict[str, Any]:
    call = _arguments(tool, agent)
    required = tool.input.required or ()
    return call | {c.argument: next(within(c)) for c in tool.constraints if c.argument in required}


@pytest.mark.control("granted-tools-only")
@pytest.mark.parametrize(("agent", "name"), PAIRS)
def test_every_pair_is_decided_as_the_specs_say(agent: ResolvedAgent, name: str) -> None:
    tool, policies, role = TOOLS[name], _policies(agent), _role(agent)
    granted = name in agent.tools
    may = list(allowed_cases(tool, agent))
    assert may, "a permit must be seen to allow something"
    for case, call in may:
        assert _allowed(policies, role, tool, call) is granted, case
    for case, call in denied_cases(tool, agent):
        assert not _allowed(policies, role, tool, call), case


def test_each_binding_has_cases_that_are_denied() -> None:
    """Amounts, choices, domains and teams all occur in dev, or this module would show less than it says."""
    bound = {
        kind
        for agent in AGENTS
        for name in agent.tools
        for case, _ in denied_cases(TOOLS[name], agent)
        for kind in [case.split()[0]]
    }
    assert bound >= {"domain", "team", "amount_cents", "priority"}


def test_a_tool_with_the_longest_choices_allowed_still_fits_a_policy() -> None:
    count = MAX_CHOICES // (len("choice-000") + len('"", '))
    choices = tuple(f"choice-{number:03}" for number in range(count))
    assert sum(len(c) + len('"", ') for c in choices) > MAX_CHOICES - 20
    limit = (Constraint(argument="priority", one_of=choices),)
    tools = {"ticket-create": TOOLS["ticket-create"].model_copy(update={"constraints": limit})}
    agent = _agent_with("ticket-create", domains=tuple(f"a-domain-of-{n:020}" for n in range(5)))
    [policy] = agent_policies(agent, tools, GATEWAY, ENVIRONMENT.platform.account)
    assert len(policy) < 10_000
