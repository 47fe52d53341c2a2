"""Whether a data domain is ready for agents past pilot: fresh, of known origin, without duplicates, for its readers.

What is looked at are the domain's file and the data beside it, which is what is deployed.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from corral.promotion.looked import Looked
from corral.spec.checks import DOCUMENT_SUFFIXES
from corral.spec.domain import Domain, Table
from corral.spec.errors import SpecError
from corral.spec.source import files, read_text

_GUARDED = ("confidential", "restricted")


class UnreadableError(Exception):
    """Data cannot be read: nothing is known of it."""


def readiness(domain: Domain, folder: Path, today: date) -> list[Looked]:
    """Look at a domain whose data lies in an environment's folder. `today` is the day in UTC."""
    found = [*_fresh(domain, folder, today), _lineage(domain), *_duplicates(domain, folder), _access(domain)]
    return [Looked(f"data of {domain.domain}: {what}", value, limit, ok) for what, value, limit, ok in found]


_Found = tuple[str, str, str, bool]


def _fresh(domain: Domain, folder: Path, today: date) -> Iterator[_Found]:
    within = domain.fresh_within_days
    limit = "an objective" if within is None else f"at most {within} days old"
    if within is None:
        yield "freshness", "not known: its file has no fresh_within_days", limit, False
        return
    dated = [table for table in domain.tables if table.dated_by]
    if domain.documents is not None or len(dated) < len(domain.tables):
        yield "freshness", *_aged("reviewed", domain.reviewed, "its file has no reviewed", within, today)
    for table in dated:
        what = f"newest {table.dated_by} of {table.name}"
        try:
            newest = _newest(table, folder, today)
            none = f"{table.name} has no {table.dated_by} up to today"
        except UnreadableError as error:
            newest, none = None, str(error)
        yield "freshness", *_aged(what, newest, none, within, today)


def _aged(what: str, day: date | None, none: str, within: int, today: date) -> tuple[str, str, bool]:
    limit = f"at most {within} days ago"
    if day is None:
        return f"not known: {none}", limit, False
    age = (today - day).days
    if age < 0:
        return f"{what} {day}, which is to come", limit, False
    return f"{what} {day}, {age} days ago", limit, age <= within


def _newest(table: Table, folder: Path, today: date) -> date | None:
    """The latest day in the column, days to come left out."""
    column, newest = str(table.dated_by), None
    for row in _rows(table, folder):
        try:
            day = date.fromisoformat(row[column][:10]) if row[column] else None
        except ValueError:
            raise UnreadableError(f"{row[column][:40]!r} in {column} of {table.name} is no day") from None
        if day is not None and day <= today:
            newest = max(newest or day, day)
    return newest


def _lineage(domain: Domain) -> _Found:
    return "lineage", domain.source or "its file has no source", "a source", domain.source is not None


def _duplicates(domain: Domain, folder: Path) -> Iterator[_Found]:
    limit = "no duplicates"
    if domain.documents is not None:
        try:
            texts = [
                " ".join(_text(path, folder).lower().split())
                for path in files(folder / domain.documents, "*")
                if path.suffix in DOCUMENT_SUFFIXES
            ]
            again = len(texts) - len(set(texts))
            yield "duplicates", f"{again} of {len(texts)} documents", limit, again == 0
        except UnreadableError as error:
            yield "duplicates", f"not known: {error}", limit, False
    for table in domain.tables:
        if not table.key:
            yield "duplicates", f"not known: table {table.name} has no key", limit, False
            continue
        try:
            rows = [tuple(row[column] for column in table.key) for row in _rows(table, folder)]
            again = len(rows) - len(set(rows))
            shown = f"{again} of {len(rows)} rows of {table.name}, by {', '.join(table.key)}"
            yield "duplicates", shown, limit, again == 0
        except UnreadableError as error:
            yield "duplicates", f"not known: {error}", limit, False


def _access(domain: Domain) -> _Found:
    """Teams that share a confidential table must each see their own rows; documents are read whole by all readers."""
    shared = []
    if domain.classification in _GUARDED and len(domain.readers) > 1:
        shared = [table.name for table in domain.tables if table.team_column is None]
        shared += [domain.documents] if domain.documents is not None else []
    who = ", ".join(domain.readers)
    said = f"{domain.classification}, for {who}" + (f", who share {', '.join(shared)}" if shared else "")
    wanted = "each team its own rows" if domain.classification in _GUARDED else "named readers"
    return "access", said, wanted, not shared


def _rows(table: Table, folder: Path) -> Iterator[dict[str, str]]:
    for row in csv.DictReader(io.StringIO(_text(folder / table.file, folder))):
        if None in row or None in row.values():
            raise UnreadableError(f"{table.file} has a line of another length than its first")
        yield row


def _text(path: Path, folder: Path) -> str:
    text = read_text(path, folder)
    if isinstance(text, SpecError):
        raise UnreadableError(f"{text.path} {text.text.rstrip('.')}")
    return text
