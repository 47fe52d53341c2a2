"""A new agent: the templates there are to choose from, and the few lines that go into the team's file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from corral.scaffold import yaml_text
from corral.scaffold.files import Change, edited, read
from corral.spec.document import Report
from corral.spec.errors import SpecErrors
from corral.spec.load import Environment
from corral.spec.rights import STAGES
from corral.spec.team import ParameterValue
from corral.spec.template import Parameter
from corral.spec.templates import LoadedTemplate, TemplateStore


@dataclass(frozen=True)
class NewAgent:
    """What a team says of its new agent. `tools` is None where the template has none and none are wanted."""

    name: str
    template: str  # with its major version
    parameters: Mapping[str, ParameterValue]
    tools: tuple[str, ...] | None


def store(environment: Environment, report: Report | None = None) -> TemplateStore:
    """The templates of the project and the environment's own."""
    return TemplateStore(environment.root, environment.folder, report or Report())


def majors(templates: TemplateStore, name: str) -> list[int]:
    """The major versions of a template, oldest first."""
    return sorted({int(version.partition(".")[0]) for version in templates.versions(name)})


def newest(templates: TemplateStore, name: str) -> str:
    """A template pinned to its newest major version."""
    return f"{name}@{majors(templates, name)[-1]}"


def sound_template(environment: Environment, reference: str) -> LoadedTemplate | tuple[str, str]:
    """The newest version a reference allows, or message and hint. Raises SpecErrors for one with mistakes."""
    report = Report()
    found = store(environment, report).find(reference)
    if report.errors or found is None:
        raise SpecErrors(report.errors)
    return found


def templates_to_choose(environment: Environment) -> Iterator[LoadedTemplate]:
    """The newest version of each template that has no mistakes."""
    templates = store(environment)
    for name in templates.names():
        try:
            found = sound_template(environment, newest(templates, name))
        except SpecErrors:
            continue
        if not isinstance(found, tuple):
            yield found


def domains_for(environment: Environment, team: str, parameter: Parameter) -> list[str]:
    """The data domains that a parameter of a team's agent may name."""
    return [
        name
        for name, domain in environment.domains.items()
        if team in domain.readers and (parameter.holds is None or getattr(domain, parameter.holds))
    ]


def names_taken(environment: Environment, team: str) -> set[str]:
    """The names that agents of a team have or had."""
    spec = environment.teams[team]
    named = [(agent.name, agent.key) for agent in spec.agents]
    had = [(agent.name, agent.key) for agent in spec.retired]
    return {name for pair in (*named, *had) for name in pair}


def team_file(environment: Environment, team: str) -> Path:
    """Where a team's agents are written down."""
    return environment.folder / "teams" / f"{team}.yaml"


def add_agent(environment: Environment, team: str, agent: NewAgent) -> Change:
    """The team's file with the agent. Raises CannotWriteError, CannotEditError."""
    path = team_file(environment, team)
    before, text = read(path, environment.root)
    lines: dict[str, object] = {"name": agent.name, "template": agent.template, "stage": STAGES[0]}
    if agent.parameters:
        lines["parameters"] = dict(agent.parameters)
    if agent.tools is not None:
        lines["tools"] = list(agent.tools)
    return edited(path, before, yaml_text.append_item(text, "agents", lines))
