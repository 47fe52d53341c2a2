"""The way back to an earlier major version of a template: a change of the team's file, and which lines it is."""

from dataclasses import dataclass

from corral.scaffold.agent import majors, sound_template, store
from corral.scaffold.retire import index_of
from corral.scaffold.upgrade import standing
from corral.spec.load import Environment
from corral.spec.resolved import ResolvedAgent
from corral.spec.templates import value_problem


class NoWayBackError(Exception):
    """There is no such earlier version. The text says which there are."""


@dataclass(frozen=True)
class WayBack:
    """What to write: the template's line, with its place, and what of the parameters must go or be given."""

    place: str
    now: str
    then: str
    unknown: tuple[str, ...]  # parameters that the earlier version does not have
    lacking: tuple[str, ...]  # those that it needs, or takes other values for


def way_back(environment: Environment, agent: ResolvedAgent, to: int | None) -> WayBack:
    """Find the way to a major version, the one before unless told. Raises NoWayBackError."""
    templates = store(environment)
    there = standing(templates, agent)
    earlier = [major for major in majors(templates, there.template) if major < there.pinned]
    shown = ", ".join(map(str, earlier)) or "none"
    if not earlier or (to is not None and to not in earlier):
        wanted = "no earlier version" if to is None else f"no version {to}"
        raise NoWayBackError(
            f"{there.agent} is at {there.template}@{there.pinned}, and there is {wanted} to go back to. Earlier "
            f"ones: {shown}."
        )
    reference = f"{there.template}@{earlier[-1] if to is None else to}"
    found = sound_template(environment, reference)
    assert not isinstance(found, tuple)  # it is one of those there are
    parameters = found.spec.parameters
    given = environment.teams[agent.team].agents[index_of(environment, agent)].parameters
    lacking = [
        name
        for name, parameter in parameters.items()
        if (
            value_problem(parameter, given[name])
            if name in given
            else parameter.default is None and not parameter.optional
        )
    ]
    return WayBack(
        agent.places["template"],
        f"{there.template}@{there.pinned}",
        reference,
        tuple(name for name in given if name not in parameters),
        tuple(lacking),
    )
