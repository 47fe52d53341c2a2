"""Runs one SELECT in a DuckDB of its own that can reach nothing but the tables the query names.

Tables are loaded first; then the connection loses access to files, network, extensions and settings, and only
then the query runs. Functions of Trino's added to DuckDB's: approx_distinct, arbitrary, array_join,
cardinality, day_of_week, from_unixtime, json_extract_scalar, regexp_like, to_unixtime. Dividing
integers gives an integer, as in Trino.
"""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from corral.local.server.athena import tables
from corral.local.server.athena.tables import Name, QueryError
from corral.local.server.athena.values import column_info, quoted, text_of
from corral.local.server.core import Caller, LocalAws

CATALOG = "awsdatacatalog"
MEMORY = "512MB"
MAX_RESULT = 64 * 1024 * 1024  # characters of a result kept
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": MEMORY,
    "python_enable_replacements": "false",  # else a query reads the server's variables
    "temp_directory": "",
    "threads": "1",
}
FUNCTIONS = {
    "approx_distinct(x)": "approx_count_distinct(x)",
    "arbitrary(x)": "any_value(x)",
    "array_join(x, separator)": "array_to_string(x, separator)",
    "cardinality(x)": "len(x)",
    "day_of_week(x)": "isodow(x)",
    "from_unixtime(x)": "make_timestamp((x * 1000000)::BIGINT)",
    "json_extract_scalar(x, path)": "json_extract_string(x, path)",
    "regexp_like(x, pattern)": "regexp_matches(x, pattern)",
    "to_unixtime(x)": "epoch(x)",
}
_BEGIN = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*(select|with|values)\b", re.IGNORECASE | re.DOTALL)
_ZONED = "TIMESTAMP WITH TIME ZONE"
_PART = re.compile(r'"((?:[^"]|"")*)"|([^."\s]+)')


@dataclass(frozen=True)
class Query:
    """A query with whom and what it runs for."""

    aws: LocalAws
    caller: Caller
    sql: str
    database: str | None
    parameters: tuple[str, ...] = ()
    cutoff_bytes: int | None = None


@dataclass
class Result:
    """Columns as Athena's ColumnInfo, rows as texts, and how much was read."""

    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    scanned: int = 0


def run(query: Query, running: Callable[[duckdb.DuckDBPyConnection], None]) -> Result:
    """Run a query. `running` gets the connection, to interrupt it.

    Raises QueryError, duckdb.InterruptException.
    """
    with duckdb.connect(":memory:", config=_SETTINGS) as connection:
        running(connection)
        try:
            for signature, body in FUNCTIONS.items():
                connection.execute(f"CREATE TEMP MACRO {signature} AS {body}")
            sql = _with_parameters(query)
            names = _tables(connection, sql, query.database)
            result = Result()
            connection.execute(f"ATTACH ':memory:' AS {CATALOG}")
            connection.execute(f"USE {CATALOG}")
            with tempfile.TemporaryDirectory(prefix="corral-athena-") as folder:
                result.scanned = _load(connection, query, names, Path(folder))
            _close_doors(connection, query.database)
            _fill(connection, sql, result)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise QueryError(_reason(error)) from None
    return result


def _with_parameters(query: Query) -> str:
    """Put execution parameters, each the text of a literal, in the places of the question marks."""
    text = query.sql.encode()
    places = [place for place, _ in duckdb.tokenize(query.sql) if text[place : place + 1] == b"?"]
    if len(places) != len(query.parameters):
        counts = f"expected {len(places)} but found {len(query.parameters)}"
        raise QueryError(f"INVALID_PARAMETER_USAGE: Incorrect number of parameters: {counts}")
    for place, parameter in reversed(list(zip(places, query.parameters, strict=True))):
        text = text[:place] + f"({parameter})".encode() + text[place + 1 :]
    return text.decode()


def _tables(connection: duckdb.DuckDBPyConnection, sql: str, database: str | None) -> list[Name]:
    """Check that the text is one SELECT, and return the tables it names."""
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError(f"SYNTAX_ERROR: Only one sql statement is allowed. Got: {len(statements)}")
    if statements[0].type != duckdb.StatementType.SELECT or _BEGIN.match(sql) is None:
        raise QueryError("NOT_SUPPORTED: the local Athena runs SELECT statements only")
    return sorted({_name(text, database) for text in connection.get_table_names(sql, qualified=True)})


def _name(text: str, database: str | None) -> Name:
    """Resolve a table as DuckDB names it: up to three parts, then perhaps an alias or a sample."""
    parts = []
    while found := _PART.match(text):
        whole, bare = found.groups()
        parts.append((bare or whole.replace('""', '"')).lower())
        text = text[found.end() + 1 :] if text[found.end() : found.end() + 1] == "." else ""
    if len(parts) == 3 and parts.pop(0) != CATALOG:
        raise QueryError(f"CATALOG_NOT_FOUND: the local Athena has no catalog but {CATALOG}")
    if len(parts) == 1:
        if database is None:
            raise QueryError("MISSING_SCHEMA_NAME: Schema must be specified when session schema is not set")
        parts.insert(0, database.lower())
    return Name(*parts)


def _load(connection: duckdb.DuckDBPyConnection, query: Query, names: list[Name], folder: Path) -> int:
    scanned = 0
    for name in names:
        table = tables.find(query.aws, query.caller, name)
        files, size = tables.fetch(query.aws, query.caller, table, folder)
        scanned += size
        if query.cutoff_bytes is not None and scanned > query.cutoff_bytes:
            raise QueryError("Bytes scanned limit was exceeded")
        tables.create(connection, table, files)
    return scanned


def _close_doors(connection: duckdb.DuckDBPyConnection, database: str | None) -> None:
    connection.execute("SET integer_division = true")
    if database is not None:
        schema = quoted(database.lower())
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        connection.execute(f"USE {CATALOG}.{schema}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _fill(connection: duckdb.DuckDBPyConnection, sql: str, result: Result) -> None:
    connection.execute(sql)
    described = connection.description or []
    if any(str(column[1]) == _ZONED for column in described):
        # DuckDB hands those to Python only with a time zone library; as text it needs none.
        cast = [
            f"#{place}" + ("::VARCHAR" if str(column[1]) == _ZONED else "") + f" AS {quoted(str(column[0]))}"
            for place, column in enumerate(described, start=1)
        ]
        connection.execute(f"SELECT {', '.join(cast)} FROM ({sql.rstrip().rstrip(';')}\n)")
    result.columns = [column_info(str(column[0]), str(column[1])) for column in described]
    kinds = [column["Type"] for column in result.columns]
    size = 0
    while rows := connection.fetchmany(1000):
        for row in rows:
            texts: list[str | None] = [text_of(value, kind) for value, kind in zip(row, kinds, strict=True)]
            size += sum(len(text) for text in texts if text)
            result.rows.append(texts)
        if size > MAX_RESULT:
            raise QueryError(f"the local Athena keeps results of up to {MAX_RESULT} characters")


def _reason(error: duckdb.Error) -> str:
    """Word DuckDB's error as a state change reason, under Athena's name for its kind."""
    text = str(error)
    if (bad_data := text.find("HIVE_BAD_DATA")) >= 0:
        return text[bad_data:].split("\n")[0]
    kinds = {
        duckdb.ParserException: "SYNTAX_ERROR",
        duckdb.BinderException: "SYNTAX_ERROR",
        duckdb.CatalogException: "SYNTAX_ERROR",
        duckdb.ConversionException: "INVALID_CAST_ARGUMENT",
        duckdb.OutOfMemoryException: "EXCEEDED_LOCAL_MEMORY_LIMIT",
        duckdb.PermissionException: "PERMISSION_DENIED",
    }
    kind = next((name for each, name in kinds.items() if isinstance(error, each)), "GENERIC_USER_ERROR")
    return f"{kind}: {text.split(chr(10))[0]} (the local Athena's SQL is DuckDB's)"
