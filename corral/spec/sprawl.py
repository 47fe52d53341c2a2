"""Sprawl: agents and tools that look alike, tools and data that nobody uses, teams that nobody is on call for."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from corral.spec.catalogue import CatalogueTool
from corral.spec.document import Loaded
from corral.spec.domain import Domain
from corral.spec.errors import listed
from corral.spec.look_alikes import Agents, Text, look_alikes, overlap, text_alike
from corral.spec.notices import Notice
from corral.spec.platform import Platform
from corral.spec.team import Team
from corral.spec.tool import ArgumentSchema, Tool


def sprawl_notices(
    platform: Loaded[Platform],
    teams: Mapping[str, Loaded[Team]],
    domains: Mapping[str, Loaded[Domain]],
    tools: Mapping[str, CatalogueTool | None],
    agents: Agents,
) -> list[Notice]:
    """What a sound environment has too much of, or lacks an owner for."""
    threshold = platform.spec.sprawl.look_alike if platform.spec else 1.0
    sound = {name: tool.spec for name, tool in tools.items() if tool is not None}
    return [
        *look_alikes(teams, agents, threshold),
        *_tools_twice(platform, sound, threshold),
        *_unused_tools(platform, sound, agents),
        *_unread_domains(domains, agents),
        *_nobody_on_call(teams),
    ]


def _tools_twice(platform: Loaded[Platform], tools: Mapping[str, Tool], threshold: float) -> Iterator[Notice]:
    for (name, tool), (other_name, other) in combinations(tools.items(), 2):
        arguments = overlap(frozenset(_arguments(tool.input)), frozenset(_arguments(other.input)))
        if arguments < threshold:
            continue
        words = text_alike(Text.of(tool.description), Text.of(other.description))
        if words >= threshold:
            first = platform.place(("tools", name))
            yield Notice(
                "tool-twice",
                platform.source.shown,
                platform.line(("tools", other_name)),
                f"{other_name} looks like {name} ({first}): arguments alike by "
                f"{arguments:.2f}, descriptions by {words:.2f}, noted from {threshold:g}. "
                "Agents cannot tell which to call: keep one, or describe when each is the right one.",
            )


def _arguments(schema: ArgumentSchema, place: tuple[str, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Every argument, those within others too: where it is, its type, whether it must be there."""
    for name, child in (schema.properties or {}).items():
        yield (*place, name), child.type, name in (schema.required or ())
        yield from _arguments(child, (*place, name))
    if schema.items is not None:
        yield (*place, "[]"), schema.items.type, True
        yield from _arguments(schema.items, (*place, "[]"))


def _unused_tools(platform: Loaded[Platform], tools: Mapping[str, Tool], agents: Agents) -> Iterator[Notice]:
    used = {tool for team in agents.values() for agent in team.values() for tool in agent.tools}
    for name in tools:
        if name not in used:
            yield Notice(
                "unused-tool",
                platform.source.shown,
                platform.line(("tools", name)),
                f"no agent has the tool {name}. Give it to one, or take it out of tools: what nobody uses "
                "is deployed, paid for and open to attack all the same.",
            )


def _unread_domains(domains: Mapping[str, Loaded[Domain]], agents: Agents) -> Iterator[Notice]:
    read = {domain for team in agents.values() for agent in team.values() for domain in agent.domains}
    for name, file in domains.items():
        if name not in read and file.spec is not None:
            yield Notice(
                "unread-domain",
                file.source.shown,
                file.line(("domain",)),
                f"no agent reads the domain {name}. Its readers: {listed(file.spec.readers)}. Give it to an "
                "agent of theirs, or remove the file.",
            )


def _nobody_on_call(teams: Mapping[str, Loaded[Team]]) -> Iterator[Notice]:
    for file in teams.values():
        if file.spec is not None and file.spec.agents and file.spec.owner.on_call is None:
            count = len(file.spec.agents)
            yield Notice(
                "no-on-call",
                file.source.shown,
                file.line(("owner",)),
                f"nobody is on call for the {count} agent{'s' * (count != 1)} of team {file.spec.team}. "
                "Name an address in owner.on_call.",
            )
