"""Reads a CSV file's columns and finds the type that fits every value of each."""

import csv
import io
import re
from datetime import date, datetime
from pathlib import Path
from typing import get_args

from corral.spec.domain import ColumnType
from corral.spec.errors import show

_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MOST = 2**63


class TableError(Exception):
    """A file that cannot be a table of a domain: why, and what to do."""


def read_table(path: Path) -> tuple[str, dict[str, ColumnType]]:
    """The text of a CSV file, and its columns with their types."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TableError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise TableError(f"{path} is not UTF-8: save it as UTF-8") from None
    try:
        header, *rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except ValueError:
        raise TableError(f"{path} has no header line") from None
    except csv.Error as error:
        raise TableError(f"{path} is not CSV: {error}") from None
    for name in header:
        if not _COLUMN.fullmatch(name):
            near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
            hint = f' Did you mean "{near}"?' if _COLUMN.fullmatch(near) else ""
            raise TableError(
                f"{path}: the column {show(name)} cannot be named so. Allowed: lower-case letters, digits and "
                f"underscores, a letter first.{hint} Rename it in the file"
            )
        if header.count(name) > 1:
            raise TableError(f"{path}: the column {show(name)} is there twice")
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise TableError(f"{path}: row {number} has {len(row)} values, the header has {len(header)}")
    columns = {name: _type([row[index] for row in rows]) for index, name in enumerate(header)}
    if '"' in text:
        # Athena's reader that knows quotes knows no days: what holds them is text to it.
        columns = {n: "string" if kind in ("date", "timestamp") else kind for n, kind in columns.items()}
    return text, columns


def _type(values: list[str]) -> ColumnType:
    """The narrowest type that fits all values. With an empty one text: Athena reads it as no number."""
    if not values or not all(values):
        return "string"
    for kind in ("boolean", "bigint", "double", "date", "timestamp"):
        if all(_fits(kind, value) for value in values):
            assert kind in get_args(ColumnType)
            return kind
    return "string"


def _fits(kind: str, value: str) -> bool:
    if kind == "boolean":
        return value in ("true", "false")
    if kind == "bigint":  # a number that begins with a nought is a code, such as 007
        return re.fullmatch(r"-?(0|[1-9][0-9]{0,18})", value) is not None and -_MOST <= int(value) < _MOST
    if kind == "double":
        return re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", value) is not None
    try:
        if kind == "date":
            return re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None and bool(date.fromisoformat(value))
        return re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?", value) is not None and bool(
            datetime.fromisoformat(value)
        )
    except ValueError:
        return False
