"""What agents spent in a month: tokens by the price table, and calls of tools that say what a call costs.

From the supervisor's decision records, which are exact and kept for as long as the audit trail. It is no bill: AWS's
own charges for harness, gateway, functions and judges are not in it, nor are discounts; those are in the budget.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corral.cost.month import Month
from corral.spec.load import Environment

_NOBODY = "-"  # what the platform had no record of
QUERIES = ("usage-by-team", "calls-by-agent")  # the saved queries it is made of


@dataclass
class OfAgent:
    """An agent's month. `model_usd` is None where its price is not known: then it is in no sum."""

    team: str
    agent: str
    tasks: int = 0
    without_usage: int = 0  # tasks of which AWS told no tokens: they count as nothing
    input_tokens: int = 0
    output_tokens: int = 0
    model_usd: float | None = None
    tools_usd: float = 0.0

    @property
    def usd(self) -> float:
        """What is known of what it spent."""
        return (self.model_usd or 0.0) + self.tools_usd

    @property
    def usd_a_task(self) -> float | None:
        """What a task cost on average; None without a price or a task."""
        return None if self.model_usd is None or not self.tasks else self.usd / self.tasks


@dataclass
class OfTool:
    """A tool's month, of all agents. `usd_a_call` is what its tool.yaml says; None says that AWS alone bills it."""

    tool: str
    calls: int = 0
    denied: int = 0
    failed: int = 0
    usd_a_call: float | None = None
    by_team: dict[str, int] = field(default_factory=dict)

    @property
    def usd(self) -> float:
        """What its calls cost beyond AWS."""
        return self.calls * (self.usd_a_call or 0.0)


@dataclass(frozen=True)
class OfTeam:
    """A team's month. `expected_usd` is by the month's end if it goes on evenly; None on the first day."""

    team: str
    usd: float
    expected_usd: float | None
    budget_usd: float | None  # None for a team that is no more

    @property
    def share(self) -> float | None:
        """What is spent of the budget, 1 being all of it."""
        return None if self.budget_usd is None else self.usd / self.budget_usd


@dataclass(frozen=True)
class Spend:
    """A month of an environment."""

    month: Month
    teams: Sequence[OfTeam]
    agents: Sequence[OfAgent]
    tools: Sequence[OfTool]

    @property
    def usd(self) -> float:
        """What is known of what all spent."""
        return sum(team.usd for team in self.teams)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "month": str(self.month),
            "over": self.month.over,
            "usd": self.usd,
            "teams": [{**vars(each), "share_of_budget": each.share} for each in self.teams],
            "agents": [
                {**vars(each), "usd": each.usd, "usd_a_task": each.usd_a_task} for each in self.agents
            ],
            "tools": [{**vars(each), "usd": each.usd} for each in self.tools],
        }


def spend(
    environment: Environment,
    month: Month,
    usage: Sequence[Mapping[str, Any]],
    calls: Sequence[Mapping[str, Any]],
    only: str | None = None,
) -> Spend:
    """Put a month together from the rows of both queries; `only` is a team.

    Prices and models are those of the files as they are: an agent whose model changed in the month is counted by the
    present one. Agents that are in no file any more are listed with their tokens, and without a price.
    """
    agents: dict[tuple[str, str], OfAgent] = {}
    tools: dict[str, OfTool] = {}
    for team, specs in environment.agents.items():
        for name in specs:
            agents[team, name] = OfAgent(team, name)
    for row in usage:
        found = _agent(agents, row)
        found.tasks += row["turns"]
        found.without_usage += row["turns_without_usage"]
        found.input_tokens += row["input_tokens"]
        found.output_tokens += row["output_tokens"]
    for row in calls:
        if only is not None and row["team"] != only:
            continue
        name, team = str(row["tool"]), str(row["team"] or _NOBODY)
        entry = environment.tools.get(name)
        price = entry.spec.cost_per_call_usd if entry is not None else None
        tool = tools.setdefault(name, OfTool(name, usd_a_call=price))
        tool.calls += row["allowed"]
        tool.denied += row["denied"]
        tool.failed += row["failed"]
        tool.by_team[team] = tool.by_team.get(team, 0) + row["allowed"]
        _agent(agents, row).tools_usd += row["allowed"] * (price or 0.0)
    for agent in agents.values():
        spec = environment.agents.get(agent.team, {}).get(agent.agent)
        if spec is not None and spec.price is not None:
            agent.model_usd = spec.price.of(agent.input_tokens, agent.output_tokens)
    shown = [each for each in agents.values() if only in (None, each.team)]
    return Spend(
        month,
        _teams(environment, month, shown),
        sorted(shown, key=lambda each: (-each.usd, each.team, each.agent)),
        sorted((each for each in tools.values()), key=lambda each: (-each.usd, -each.calls, each.tool)),
    )


def _agent(agents: dict[tuple[str, str], OfAgent], row: Mapping[str, Any]) -> OfAgent:
    team, name = str(row["team"] or _NOBODY), str(row["agent"] or _NOBODY)
    return agents.setdefault((team, name), OfAgent(team, name))


def _teams(environment: Environment, month: Month, agents: Sequence[OfAgent]) -> list[OfTeam]:
    spent: dict[str, float] = defaultdict(float)
    for agent in agents:
        spent[agent.team] += agent.usd
    budgets = {team: spec.cost.monthly_budget_usd for team, spec in environment.teams.items()}
    made = [OfTeam(team, usd, month.expected(usd), budgets.get(team)) for team, usd in spent.items()]
    return sorted(made, key=lambda each: (-each.usd, each.team))
