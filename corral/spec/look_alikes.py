"""Agents that look alike, with what they have in common and what sets them apart.

Two agents are as alike as what sets them apart most: the least of how alike their templates, tools, data
domains and texts are. So neither a shared template nor a shared domain makes two agents alike, and a copy under
another name, with a few other words, is one. Codes, tables, schedules and numbers say which thing an agent is
for: where they differ, two agents are different. Choices and limits say how it works, and count for nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from rapidfuzz import fuzz, process

from corral.spec.document import Loaded
from corral.spec.errors import listed, show
from corral.spec.notices import Notice
from corral.spec.resolved import ResolvedAgent
from corral.spec.source import Location
from corral.spec.team import Team

_SAME_WORD = 90  # of 100: "invoice" and "invoices" are one word, "Austria" and "Australia" are two
_SIEVE = 0.2  # texts whose letters are this much less alike than their words must be are not looked at

Agents = Mapping[str, Mapping[str, ResolvedAgent]]
_Kind = tuple[str, frozenset[str], frozenset[str]]  # template, tools, domains


@dataclass(frozen=True)
class Text:
    """What an agent or a tool is for, in words."""

    words: frozenset[str]
    sorted: str  # for the sieve

    @classmethod
    def of(cls, text: str) -> "Text":
        """The words of a text, in lower case."""
        words = frozenset(re.findall(r"\w+", text.casefold()))
        return cls(words, " ".join(sorted(words)))


@dataclass(frozen=True)
class _Entry:
    """An agent, with what decides whether another is like it."""

    agent: ResolvedAgent
    file: Loaded[Team]
    index: int  # in its team's file
    about: Text
    facts: frozenset[object]  # which thing it is for: must be the same

    @property
    def name(self) -> str:
        return f"{self.agent.team}/{self.agent.name}"

    @property
    def kind(self) -> _Kind:
        return self.agent.made_from.template, frozenset(self.agent.tools), frozenset(self.agent.domains)


def look_alikes(teams: Mapping[str, Loaded[Team]], agents: Agents, threshold: float) -> Iterator[Notice]:
    """A notice at each agent that looks like one before it. One that does is not compared with those after it:
    of many copies each is told of once, and they do not take long to find.
    """
    groups: dict[frozenset[object], dict[_Kind, list[_Entry]]] = defaultdict(dict)
    for entry in _entries(teams, agents):
        earlier = groups[entry.facts]
        score, other = max(_alike(entry, earlier, threshold), key=itemgetter(0), default=(0.0, None))
        if other is None:
            earlier.setdefault(entry.kind, []).append(entry)
        else:
            yield _notice(entry, other, score, threshold)


def text_alike(one: Text, other: Text) -> float:
    """How alike two texts are: the share of their letters in words that both have; 1 for the same words."""
    total = _letters(one.words) + _letters(other.words)
    if not total:
        return 1.0
    missing = _unmatched(one.words, other.words) + _unmatched(other.words, one.words)
    return 1 - missing / total


def _unmatched(words: frozenset[str], known: frozenset[str]) -> int:
    others = known - words
    return sum(
        len(word)
        for word in words - known
        if process.extractOne(word, others, scorer=fuzz.ratio, score_cutoff=_SAME_WORD) is None
    )


def _letters(words: frozenset[str]) -> int:
    return sum(map(len, words))


def overlap(one: frozenset[object], other: frozenset[object]) -> float:
    """The share of all that both have; two that have nothing are the same."""
    return len(one & other) / len(one | other) if one or other else 1.0


def _entries(teams: Mapping[str, Loaded[Team]], agents: Agents) -> Iterator[_Entry]:
    for name, file in teams.items():
        for index, written in enumerate(file.spec.agents if file.spec else ()):
            agent = agents[name][written.name]
            declared = agent.made_from.parameters
            texts = [
                str(value)
                for key, value in written.parameters.items()
                if declared[key].type == "string" and declared[key].pattern is None
            ]
            about = Text.of(" ".join(texts))
            codes = {
                (key, value)
                for key, value in agent.parameters.items()
                if declared[key].type == "schedule" or declared[key].pattern is not None
            }
            numbers = {word for word in about.words if any(map(str.isdigit, word))}
            yield _Entry(agent, file, index, about, frozenset({*codes, *numbers}))


def _bound(one: _Entry, other: _Entry) -> float:
    """How alike two agents can be at most, by all but their texts."""
    template, tools, domains = one.kind
    other_template, other_tools, other_domains = other.kind
    return min(
        1.0
        if template == other_template
        else text_alike(Text.of(one.agent.made_from.summary), Text.of(other.agent.made_from.summary)),
        overlap(tools, other_tools),
        overlap(domains, other_domains),
    )


def _alike(
    entry: _Entry, earlier: Mapping[_Kind, Sequence[_Entry]], threshold: float
) -> Iterator[tuple[float, _Entry]]:
    """The agents among earlier ones that one looks like, each with how much."""
    for others in earlier.values():
        bound = _bound(entry, others[0])
        if bound < threshold:
            continue
        near = process.extract_iter(
            entry.about.sorted,
            [other.about.sorted for other in others],
            scorer=fuzz.ratio,
            score_cutoff=100 * (threshold - _SIEVE),
        )
        for _, _, index in near:
            score = min(bound, text_alike(entry.about, others[index].about))
            if score >= threshold:
                yield score, others[index]


def _notice(entry: _Entry, other: _Entry, score: float, threshold: float) -> Notice:
    place: Location = ("agents", entry.index, "name")
    where = other.file.place(("agents", other.index, "name"))
    same, different = _compared(entry.agent, other.agent)
    return Notice(
        "look-alike",
        entry.file.source.shown,
        entry.file.line(place),
        f"{entry.name} looks like {other.name} ({where}): alike by {score:.2f}, noted from {threshold:g}. "
        f"The same: {'; '.join(same)}. Different: {'; '.join(different) or 'the name'}. "
        "Share one agent, or say in the parameters what sets this one apart.",
    )


def _compared(agent: ResolvedAgent, other: ResolvedAgent) -> tuple[list[str], list[str]]:
    """What two agents have in common, and in what they differ."""
    facts = [
        ("template", agent.template, other.template),
        ("tools", listed(agent.tools), listed(other.tools)),
        ("domains", listed(agent.domains), listed(other.domains)),
    ]
    for name in dict.fromkeys((*agent.parameters, *other.parameters)):
        value, others = agent.parameters.get(name), other.parameters.get(name)
        if not {str(value), str(others)} <= {*agent.domains, *other.domains}:
            facts.append((name, show(value), show(others)))
    same = [f"{name} {value}" for name, value, others in facts if value == others]
    return same, [f"{name} {value} and {others}" for name, value, others in facts if value != others]
