"""Retires an agent: its lines go, and an entry stays that keeps its name from being given again."""

from datetime import date

from corral.scaffold import yaml_text
from corral.scaffold.agent import team_file
from corral.scaffold.files import Change, edited, read
from corral.spec.load import Environment
from corral.spec.resolved import ResolvedAgent


def retire_agent(environment: Environment, agent: ResolvedAgent, reason: str, today: date) -> Change:
    """The team's file without the agent. Raises CannotWriteError, CannotEditError."""
    path = team_file(environment, agent.team)
    before, text = read(path, environment.root)
    index = index_of(environment, agent)
    left: dict[str, object] = {"name": agent.name}
    if agent.key != agent.name:
        left["formerly"] = agent.key
    left |= {"template": agent.template, "since": today, "reason": reason}
    return edited(
        path, before, yaml_text.append_item(yaml_text.remove_item(text, "agents", index), "retired", left)
    )


def index_of(environment: Environment, agent: ResolvedAgent) -> int:
    """Where an agent stands in its team's list."""
    names = [other.name for other in environment.teams[agent.team].agents]
    return names.index(agent.name)
