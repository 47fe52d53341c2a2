"""Asks the records for what the report shows of a period."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from corral.audit import library
from corral.audit.athena import AthenaError, Rows
from corral.audit.period import Period
from corral.audit.report.listings import LISTINGS, Listing, Wanted, over_time

Ask = Callable[[str], Rows]  # runs a SELECT; raises AthenaError
_SIDE_BY_SIDE = 4  # of the 20 queries that an account runs at a time by default
_BY_HOUR = timedelta(days=3)


@dataclass(frozen=True)
class Totals:
    """Sums of a period's decisions: tool calls allowed, steps denied, and those of them held for a person."""

    allowed: int
    denied: int
    held: int

    @property
    def decisions(self) -> int:
        """All of them."""
        return self.allowed + self.denied


@dataclass(frozen=True)
class Records:
    """What happened in a period."""

    by_hour: bool
    listings: Mapping[str, Listing]

    def __getitem__(self, name: str) -> Listing:
        return self.listings[name]

    @property
    def totals(self) -> Totals | None:
        """The sums; None when the records could not be asked."""
        listing = self["over-time"]
        if listing.problem is not None:
            return None
        allowed, denied, held = (
            sum(row[name] for row in listing.rows) for name in ("allowed", "denied", "held")
        )
        return Totals(allowed, denied, held)

    @property
    def problems(self) -> dict[str, str]:
        """What could not be asked, and why: the title of each listing."""
        return {
            each.wanted.title: each.problem for each in self.listings.values() if each.problem is not None
        }


def ask_records(
    ask: Ask,
    usual: Mapping[str, str],
    period: Period,
    arguments: str,
    told: Callable[[str], None] = lambda _: None,
) -> Records:
    """Ask for every listing, some side by side. `arguments` go with the command that gives all of one.

    `told` is told what has just been answered. A listing that cannot be asked says why; nothing is raised.
    """
    by_hour = period.until - period.since <= _BY_HOUR
    wanted = (over_time("hour" if by_hour else "day"), *LISTINGS)
    values = {**usual, **period.parameters()}

    def listing(each: Wanted) -> Listing:
        found = _listing(ask, each, values, arguments)
        told(each.title)
        return found

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        return Records(by_hour, {each.wanted.id: each for each in pool.map(listing, wanted)})


def _listing(ask: Ask, wanted: Wanted, values: Mapping[str, str], arguments: str) -> Listing:
    settings = "".join(f" --set {name}={value}" for name, value in wanted.given.items())
    command = f"corral audit query {wanted.query} {arguments}{settings}"
    try:
        rows = ask(wanted.sql(library.find(wanted.query).sql(values, wanted.given))).as_dicts()
    except AthenaError as error:
        return Listing(wanted, (), 0, command, str(error))
    total = int(rows[0].pop("all_rows")) if rows else 0
    return Listing(wanted, tuple(_numbers(row, wanted) for row in rows), total, command)


def _numbers(row: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """A sum is an integer to us, whatever type of number the database adds up in; nothing adds up to 0."""
    counted = {column.name for column in wanted.columns if column.kind == "number"}
    return {
        name: int(value or 0) if name in counted else value
        for name, value in row.items()
        if name != "all_rows"
    }
