"""Which scenarios of a template apply to an agent: those that can come out as expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corral.spec.conditions import ApprovalRule
from corral.spec.scenario import Decision, Scenario
from corral.spec.team import ParameterValue
from corral.spec.templates import scenario_parameters
from corral.spec.tool import Tool


@dataclass(frozen=True)
class Reach:
    """What an agent may do: its tools, its rules, its data domains, its team."""

    tools: Mapping[str, Tool]
    approval: tuple[ApprovalRule, ...]
    domains: Sequence[str]
    team: str


def applies(
    scenario: Scenario, parameters: Mapping[str, ParameterValue], reach: Reach, scheduled: bool
) -> bool:
    """Whether a scenario can come out as it expects for an agent of this reach."""
    if scenario.by == "schedule" and not scheduled:
        return False
    calls = [turn for turn in scenario.model if turn.tool is not None]
    return scenario_parameters(scenario) <= parameters.keys() and all(
        _possible(scenario.case == "denied-tool", call.tool, call.decision, turn.input, reach)
        for turn, call in zip(calls, scenario.expect.calls, strict=False)
    )


def _possible(
    not_granted: bool, name: str, decision: Decision, arguments: Mapping[str, Any], reach: Reach
) -> bool:
    tool = reach.tools.get(name)
    if tool is None:
        return not_granted and decision == "denied-by-supervisor"  # it never gets as far as the policy
    held = any(rule.tool == name and rule.holds(arguments) for rule in reach.approval)
    if decision == "denied-by-policy":
        bound = tool.bound(reach.domains, reach.team)
        own = bool(bound) and all(arguments.get(argument) in values for argument, values in bound.items())
        return not held and not own
    return held == (decision == "denied-by-supervisor") and not (not_granted and decision != "allowed")
