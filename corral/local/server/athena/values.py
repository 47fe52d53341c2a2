"""Types and values on their way through: Glue's types to DuckDB's, and DuckDB's back to Athena's texts."""

import math
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_GLUE = {
    "binary": "BLOB",
    "int": "INTEGER",
    "integer": "INTEGER",
    "string": "VARCHAR",
    **{name: name.upper() for name in ("bigint", "boolean", "date", "double", "float", "smallint")},
    **{name: name.upper() for name in ("timestamp", "tinyint")},
}
_ATHENA = {
    "BLOB": ("varbinary", 0),
    "BOOLEAN": ("boolean", 0),
    "DATE": ("date", 0),
    "DOUBLE": ("double", 17),
    "FLOAT": ("float", 17),
    "TINYINT": ("tinyint", 3),
    "SMALLINT": ("smallint", 5),
    "INTEGER": ("integer", 10),
    "BIGINT": ("bigint", 19),
    "HUGEINT": ("bigint", 19),  # DuckDB's sum of bigint; Trino's is a bigint
    "TIME": ("time", 0),
    "TIMESTAMP": ("timestamp", 3),
    "TIMESTAMP WITH TIME ZONE": ("timestamp with time zone", 3),
    "JSON": ("json", 0),
    '"NULL"': ("unknown", 0),
}
_DECIMAL = re.compile(r"(?i)decimal\((\d+),\s*(\d+)\)")


def duckdb_type(glue_type: str) -> str:
    """Return DuckDB's type for a Glue column type, nested ones included. ValueError names an unknown one."""
    text = glue_type.strip().lower()
    if text in _GLUE:
        return _GLUE[text]
    if found := re.fullmatch(r"decimal(?:\((\d+)\s*(?:,\s*(\d+))?\))?", text):
        return f"DECIMAL({found[1] or 10},{found[2] or 0})"
    if re.fullmatch(r"(var)?char(\(\d+\))?", text):
        return "VARCHAR"
    outer, _, inner = text.partition("<")
    if inner.endswith(">"):
        parts = split_types(inner[:-1])
        if outer == "array" and len(parts) == 1:
            return f"{duckdb_type(parts[0])}[]"
        if outer == "map" and len(parts) == 2:
            return f"MAP({duckdb_type(parts[0])}, {duckdb_type(parts[1])})"
        if outer == "struct":
            fields = [part.partition(":") for part in parts]
            return "STRUCT(" + ", ".join(f"{quoted(n.strip())} {duckdb_type(t)}" for n, _, t in fields) + ")"
    raise ValueError(f"unknown column type {glue_type!r}")


def quoted(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def column_info(name: str, duckdb: str) -> dict[str, Any]:
    """Describe a result column as Athena's ColumnInfo does."""
    scale = 0
    if found := _DECIMAL.fullmatch(duckdb):
        kind, precision, scale = "decimal", int(found[1]), int(found[2])
    elif duckdb.endswith("]"):
        kind, precision = "array", 0
    elif duckdb.startswith(("STRUCT", "MAP")):
        kind, precision = ("row" if duckdb.startswith("STRUCT") else "map"), 0
    elif duckdb.startswith("TIMESTAMP") and duckdb not in _ATHENA:
        kind, precision = "timestamp", 3
    elif duckdb[:1] == "U" and duckdb.endswith("INT"):
        kind, precision = "bigint", 19
    else:
        kind, precision = _ATHENA.get(duckdb, ("varchar", 2147483647))
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": kind,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind in ("varchar", "json"),
    }


def text_of(value: object, kind: str = "") -> str | None:
    """Return a value as Athena writes it, None for NULL."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return _float_text(value, single=kind == "float")
        case Decimal():
            return f"{value:f}"
        case datetime():
            zone = " UTC" if value.tzinfo is not None else ""
            return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}{zone}"
        case date() | time() | int() | str():
            return str(value)
        case timedelta():
            return str(value)
        case bytes():
            return " ".join(f"{byte:02x}" for byte in value)
        case list() | tuple():
            return "[" + ", ".join(text_of(each) or "null" for each in value) + "]"
        case dict():
            pairs = (f"{text_of(key)}={text_of(each) or 'null'}" for key, each in value.items())
            return "{" + ", ".join(pairs) + "}"
    return str(value)


def _float_text(value: float, single: bool) -> str:
    """Java's text of a double, which is what Athena answers: 1.0, 1.0E10, NaN."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if single:
        value = float(f"{value:.7g}")
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return format(Decimal(repr(value)), "f") if "e" in repr(value) else repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    figures = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) - 1 + int(exponent)
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"


def split_types(text: str) -> list[str]:
    """Split a list of types, or of a struct's fields, at the commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]
