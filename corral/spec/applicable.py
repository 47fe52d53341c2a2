"""Which scenarios of a template apply to an agent: those that can come out as expected."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from corral.spec.conditions import ApprovalRule
from corral.spec.scenario import Decision, Scenario
from corral.spec.team import ParameterValue
from corral.spec.templates import scenario_parameters
from corral.spec.tool import Tool


def applies(
    scenario: Scenario,
    parameters: Mapping[str, ParameterValue],
    tools: Mapping[str, Tool],
    approval: Iterable[ApprovalRule],
    domains: Sequence[str],
) -> bool:
    """Whether a scenario can come out as it expects for an agent with these tools and rules."""
    rules = tuple(approval)
    calls = [turn for turn in scenario.model if turn.tool is not None]
    return scenario_parameters(scenario) <= parameters.keys() and all(
        _possible(call.tool, call.decision, turn.input, tools, rules, domains)
        for turn, call in zip(calls, scenario.expect.calls, strict=False)
    )


def _possible(
    name: str,
    decision: Decision,
    arguments: Mapping[str, Any],
    tools: Mapping[str, Tool],
    rules: Iterable[ApprovalRule],
    domains: Sequence[str],
) -> bool:
    tool = tools.get(name)
    if tool is None:
        return False  # a tool that was not granted never gets as far as the policy
    held = any(rule.tool == name and rule.holds(arguments) for rule in rules)
    if decision == "denied-by-policy":
        own_domain = tool.domain_argument is not None and arguments.get(tool.domain_argument) in domains
        return not held and not own_domain
    return held == (decision == "denied-by-supervisor")
