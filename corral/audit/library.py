"""The saved queries: one file each in `queries/`, the same text for Athena and for DuckDB.

A file begins with comments: `title`, `answers`, and a `parameter` each that it takes beyond the usual ones, with its
default where it has one. In the text a parameter is `:name`; a text literal takes its place, so a value can be
nothing but a value. Of a list the rows of VALUES do.

    -- parameter agent = %: One agent as TEAM/AGENT; % is every agent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from corral.spec.errors import listed, suggestion

# Given to every query that names them. The first and the last day are those of the partitions to read: one more at
# either end than the period has, for a record may be delivered on another day than it is of.
PERIOD = ("since", "until", "first_day", "last_day")
ENVIRONMENT = ("environment", "tools", "grants")
_LISTS = ("tools", "grants")  # names with commas between; in a query they are the rows of VALUES
SAVED_DAYS = 7  # the period of a query as it is saved in Athena

_FOLDER = Path(__file__).with_name("queries")
_HEADER = re.compile(r"-- (title|answers|parameter ([a-z_]+)(?: = ([^:]*))?): (.+)")
_PLACE = re.compile(r"(?<![:\w]):([a-z][a-z_]*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class QueryError(Exception):
    """A query cannot be asked like this. The text says why."""


@dataclass(frozen=True)
class Parameter:
    """What a query asks for beyond the usual; without a default it must be given."""

    name: str
    default: str | None
    help: str


@dataclass(frozen=True)
class SavedQuery:
    """One query. `text` is its SQL without the header."""

    name: str
    title: str
    answers: str
    parameters: tuple[Parameter, ...]
    text: str

    @property
    def places(self) -> frozenset[str]:
        """The parameters its text names, the usual ones too."""
        return frozenset(_PLACE.findall(_without_comments(self.text)))

    @property
    def is_saved(self) -> bool:
        """Whether it is kept in Athena too: not if it must be told what changes with every agent of a team."""
        return "grants" not in self.places

    def sql(self, usual: Mapping[str, str], given: Mapping[str, str]) -> str:
        """Return the text with its values. Raises QueryError for one that is missing, unknown, or no plain text."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                has = f"It takes: {listed(known)}." if known else "It takes none."
                raise QueryError(f"{self.name} has no parameter {name}. {has}{suggestion(name, known)}")
        values = {**usual, **{name: p.default for name, p in known.items() if p.default is not None}, **given}
        for name in known.keys() - values.keys():
            raise QueryError(f"{self.name} needs {name}: {known[name].help} Give it with --set {name}=...")
        return self._filled({name: _literal(name, value) for name, value in values.items()})

    def saved_sql(self, environment: str, tools: list[str]) -> str:
        """Return the text to save in Athena: of the last days, and with a sample where a value must be given."""

        def day(sign: str, days: int) -> str:
            return f"substr(CAST(current_date {sign} INTERVAL '{days}' DAY AS varchar), 1, 10)"

        expressions = {
            "since": day("-", SAVED_DAYS),
            "until": day("+", 1),
            "first_day": day("-", SAVED_DAYS + 1),
            "last_day": day("+", 1),
            "environment": _literal("environment", environment),
            "tools": _literal("tools", ",".join(sorted(tools))),
        }
        for parameter in self.parameters:
            value = f"<{parameter.name}>" if parameter.default is None else parameter.default
            expressions[parameter.name] = _literal(parameter.name, value)
        notes = [f"-- {self.title}: the last {SAVED_DAYS} days. {self.answers}"]
        notes += [f"-- {expressions[p.name]} is {p.name}: {p.help}" for p in self.parameters]
        return "\n".join([*notes, self._filled(expressions)])

    def _filled(self, expressions: Mapping[str, str]) -> str:
        return _PLACE.sub(lambda place: expressions[place[1]], _without_comments(self.text))


def find(name: str) -> SavedQuery:
    """Return a query by its name. Raises QueryError with the nearest one."""
    known = queries()
    if name not in known:
        raise QueryError(f"there is no query {name}. Queries: {listed(known)}.{suggestion(name, known)}")
    return known[name]


@cache
def queries() -> dict[str, SavedQuery]:
    """Return all saved queries by name."""
    return {
        path.stem: read(path.stem, path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.sql"))
    }


def read(name: str, content: str) -> SavedQuery:
    """Read a query's file. Raises ValueError for one without a title, an answer, or with a place for nothing."""
    lines = content.strip().split("\n")
    said: dict[str, str] = {}
    parameters = []
    while lines and (found := _HEADER.fullmatch(lines[0])):
        kind, parameter, default, text = found.groups()
        if parameter:
            parameters.append(Parameter(parameter, default, text))
        else:
            said[kind] = text
        lines.pop(0)
    query = SavedQuery(
        name, said.get("title", ""), said.get("answers", ""), tuple(parameters), "\n".join(lines)
    )
    if not query.title or not query.answers:
        raise ValueError(f"{name}.sql: the header needs a title and what it answers")
    declared = {parameter.name for parameter in parameters}
    if unknown := query.places - declared - {*PERIOD, *ENVIRONMENT}:
        raise ValueError(f"{name}.sql: not declared in the header: {', '.join(sorted(unknown))}")
    if unused := declared - query.places:
        raise ValueError(f"{name}.sql: declared and not used: {', '.join(sorted(unused))}")
    return query


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("--"))


def _literal(name: str, value: str) -> str:
    if name in _LISTS:
        return (
            ", ".join(f"({_text(name, each)})" for each in value.split(","))
            if value
            else "(CAST(NULL AS varchar))"
        )
    return _text(name, value)


def _text(name: str, value: str) -> str:
    if _CONTROL.search(value):
        raise QueryError(f"{name} holds a character that cannot be printed: {value!r}")
    return "'" + value.replace("'", "''") + "'"
