"""The agents and tools of a platform as they are deployed, with what the specification says of them besides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corral.audit.facts import Facts
from corral.spec.resolved import ApprovalRule, ResolvedAgent
from corral.spec.team import Retired


@dataclass(frozen=True)
class DeployedAgent:
    """An agent. `told` are its stack's outputs, None when that was not read or lacks it; `spec` when a team has it."""

    team: str
    name: str
    told: Mapping[str, Any] | None
    spec: ResolvedAgent | None
    approvers: tuple[str, ...]  # ARNs of who may decide for its team
    guardrail: str  # "id, version 1", empty when that is not known
    calls: Mapping[str, Any] | None  # how often it called tools in the period, None when it did not

    @property
    def label(self) -> str:
        """As in support/helpdesk."""
        return f"{self.team}/{self.name}"

    @property
    def standing(self) -> str:
        """What is odd about it, empty when nothing is."""
        if self.told is None:
            return "specified, and not seen deployed"
        return "" if self.spec else "deployed, and not specified"

    @property
    def role(self) -> str:
        """The name of the role it acts as, empty when that is not known."""
        return str(self.told["role_arn"]).rpartition("/")[2] if self.told else ""

    @property
    def owner(self) -> str:
        """Whom to ask, in one line."""
        if self.spec:
            return f"{self.spec.owner.name}, {self.spec.owner.email}"
        return str((self.told or {}).get("owner") or "nobody")

    @property
    def approver_names(self) -> list[str]:
        """Who may decide, by the last part of each ARN; the whole ones are with the team."""
        return [arn.rpartition("/")[2] for arn in self.approvers]

    @property
    def rules(self) -> list[str]:
        """The calls that wait for a person, in words: `refund-issue when amount_cents > 5000`."""
        return [_rule(rule) for rule in self.spec.approval] if self.spec else []

    @property
    def alarms(self) -> list[str]:
        """What its stack exports of its alarms, by name."""
        found = (self.told or {}).get("alarms") or ()
        return sorted(map(str, found))

    def value(self, name: str) -> Any:
        """What is deployed, else what is specified."""
        if self.told is not None:
            return self.told.get(name)
        return self.spec and {
            "model": self.spec.model_name,
            "stage": self.spec.stage,
            "template": self.spec.template,
            "tools": self.spec.tools,
            "domains": self.spec.domains,
        }.get(name)


def agents(facts: Facts, calls: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[DeployedAgent]:
    """Every agent that is deployed or specified, by team and name. `calls` are by team and agent."""
    environment = facts.environment.platform.environment
    told: dict[tuple[str, str], Mapping[str, Any]] = {}
    for stack, outputs in facts.outputs.items():
        name, _, team = stack.partition(".")
        if name == environment and team:
            told |= {(team, agent): each for agent, each in (outputs.get("agents") or {}).items()}
    specs = {
        (team, name): agent for team, each in facts.environment.agents.items() for name, agent in each.items()
    }
    return [
        DeployedAgent(
            team=team,
            name=name,
            told=told.get((team, name)),
            spec=specs.get((team, name)),
            approvers=_approvers(facts, team),
            guardrail=_guardrail(facts.outputs[environment], specs.get((team, name))),
            calls=calls.get((team, name)),
        )
        for team, name in sorted(told.keys() | specs.keys())
    ]


def retired(facts: Facts) -> Iterator[tuple[str, Retired]]:
    """What is left of agents that are no more, each with its team."""
    for team, spec in sorted(facts.environment.teams.items()):
        yield from ((team, each) for each in spec.retired)


def _approvers(facts: Facts, team: str) -> tuple[str, ...]:
    found = facts.environment.teams.get(team)
    return found.members.approvers if found else ()


def _guardrail(outputs: Mapping[str, Any], spec: ResolvedAgent | None) -> str:
    if spec is None:
        return ""
    prefix = "guardrail_strict" if spec.guardrail == "strict" else "guardrail"
    if f"{prefix}_id" not in outputs:
        return ""
    return f"{outputs[f'{prefix}_id']}, version {outputs.get(f'{prefix}_version')}"


def _rule(rule: ApprovalRule) -> str:
    conditions = " and ".join(f"{c.argument} {c.operator} {_value(c.value)}" for c in rule.conditions)
    return f"{rule.tool} when {conditions}" if conditions else f"every {rule.tool}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
