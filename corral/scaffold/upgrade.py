"""Moves an agent to a later major version of its template, by what each version says of the one before."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from corral.scaffold import yaml_text
from corral.scaffold.agent import majors, sound_template, store, team_file
from corral.scaffold.files import Change, edited, read
from corral.scaffold.retire import index_of
from corral.spec.load import Environment
from corral.spec.resolved import ResolvedAgent
from corral.spec.team import ParameterValue
from corral.spec.template import Template
from corral.spec.templates import TemplateStore, value_problem


@dataclass(frozen=True)
class Standing:
    """Which version of its template an agent is pinned to, which it gets by that, and which there are."""

    agent: str
    template: str
    pinned: int
    gets: str
    newest: int

    @property
    def behind(self) -> bool:
        """Whether there is a later major version."""
        return self.newest > self.pinned


@dataclass(frozen=True)
class Move:
    """What becomes of an agent's parameters on the way. `lacking`: those that need a value, each with why."""

    target: Template
    renamed: Mapping[str, str]  # name in the team's file: name now
    removed: tuple[str, ...]
    parameters: Mapping[str, ParameterValue]
    lacking: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def reference(self) -> str:
        """What the agent is pinned to after it."""
        return f"{self.target.template}@{major_of(self.target.version)}"


def standings(environment: Environment) -> Iterator[Standing]:
    """Where every agent stands."""
    templates = store(environment)
    for agents in environment.agents.values():
        for agent in agents.values():
            yield standing(templates, agent)


def standing(templates: TemplateStore, agent: ResolvedAgent) -> Standing:
    """Where one agent stands."""
    name, _, version = agent.template.partition("@")
    return Standing(
        f"{agent.team}/{agent.name}", name, major_of(version), version, majors(templates, name)[-1]
    )


def major_of(version: str) -> int:
    """The first number of a version."""
    return int(version.partition(".")[0])


def plan(environment: Environment, agent: ResolvedAgent, target: int) -> Move:
    """Walk the major versions up to the target, one by one. Raises SpecErrors for a template with mistakes."""
    now = standing(store(environment), agent)
    raw = environment.teams[agent.team].agents[index_of(environment, agent)]
    values: dict[str, ParameterValue] = dict(raw.parameters)
    names = {name: name for name in values}  # by the name now, the name in the file
    removed: list[str] = []
    notes: list[str] = []
    template = agent.made_from
    for major in majors(store(environment), now.template):
        if not now.pinned < major <= target:
            continue
        found = sound_template(environment, f"{now.template}@{major}")
        assert not isinstance(found, tuple)  # it is one of those there are
        template = found.spec
        if template.upgrade is None:
            notes.append(
                f"{now.template}@{major} does not say how agents come to it: parameters stay as they are."
            )
            continue
        step = template.upgrade
        notes.extend(step.notes)
        for former in step.removed:
            if former in values:
                del values[former]
                removed.append(names.pop(former))
        values = {step.renamed.get(name, name): value for name, value in values.items()}
        names = {step.renamed.get(name, name): first for name, first in names.items()}
        for name, mapping in step.values.items():
            if name in values:
                values[name] = mapping.get(_word(values[name]), values[name])
    renamed = {first: name for name, first in names.items() if first != name}
    return Move(template, renamed, tuple(removed), values, dict(_lacking(template, values)), tuple(notes))


def _word(value: ParameterValue) -> str:
    """A value as a key of `values` has it."""
    return value if isinstance(value, str) else json.dumps(value)


def _lacking(template: Template, values: Mapping[str, ParameterValue]) -> Iterator[tuple[str, str]]:
    for name, parameter in template.parameters.items():
        if name in values:
            if problem := value_problem(parameter, values[name]):
                yield name, problem[0]
        elif parameter.default is None and not parameter.optional:
            yield name, "it is new"


def upgraded(
    environment: Environment, agent: ResolvedAgent, move: Move, answers: Mapping[str, ParameterValue]
) -> Change:
    """The team's file with the agent moved. Raises CannotWriteError, CannotEditError."""
    path = team_file(environment, agent.team)
    before, text = read(path, environment.root)
    index = index_of(environment, agent)
    raw = environment.teams[agent.team].agents[index].parameters
    place: yaml_text.Location = ("agents", index, "parameters")
    text = yaml_text.put(text, ("agents", index, "template"), move.reference)
    for name in move.removed:
        text = yaml_text.remove(text, (*place, name))
    # by way of names nobody has: two parameters may swap theirs
    for first in move.renamed:
        text = yaml_text.rename(text, (*place, first), f"{first}--")
    for first, name in move.renamed.items():
        text = yaml_text.rename(text, (*place, f"{first}--"), name)
    wanted = {**move.parameters, **answers}
    written = {move.renamed.get(name, name): value for name, value in raw.items() if name not in move.removed}
    added = {name: value for name, value in wanted.items() if name not in written}
    for name, value in wanted.items():
        if name in written and repr(written[name]) != repr(value):
            text = yaml_text.put(text, (*place, name), value)
    if added and not raw:
        text = _without_empty(text, place)
        text = yaml_text.put(text, place, added)
    else:
        for name, value in added.items():
            text = yaml_text.put(text, (*place, name), value)
    return edited(path, before, text)


def _without_empty(text: str, place: yaml_text.Location) -> str:
    """The text without an empty mapping of parameters, if it has one."""
    try:
        return yaml_text.remove(text, place)
    except yaml_text.CannotEditError:
        return text
