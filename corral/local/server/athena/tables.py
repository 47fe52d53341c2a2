"""Glue tables over S3 objects, made into DuckDB views.

CSV is read as the two SerDes read it: OpenCSVSerde knows quotes and fails on a value that does not fit its
column, LazySimpleSerDe knows no quotes and makes such a value NULL. JSON is as json_files.py says. Objects
ending in .gz are unpacked. Partitions are known by projection, of tables of JSON alone.
"""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from moto.glue.exceptions import DatabaseNotFoundException, TableNotFoundException
from moto.glue.models import glue_backends
from moto.s3.models import s3_backends

from corral.local.server.athena import json_files
from corral.local.server.athena.projection import Projection
from corral.local.server.athena.values import duckdb_type, literal, quoted
from corral.local.server.core import AwsError, Caller, LocalAws

RAW = "$raw"  # the schema of tables as read, before columns get their types
_NEVER = "\x01never\x01"  # a text no file holds, for SerDes without a NULL of their own


class QueryError(Exception):
    """The query fails; the text is the state change reason."""


@dataclass(frozen=True, order=True)
class Name:
    """A table as a query names it, resolved."""

    database: str
    table: str


@dataclass(frozen=True)
class Table:
    """What Glue says of a table."""

    name: Name
    columns: list[tuple[str, str]]  # name, Glue type
    location: str
    serde: str
    serde_parameters: dict[str, str]
    parameters: dict[str, str]
    input_format: str = ""
    projection: Projection | None = None

    @property
    def is_json(self) -> bool:
        """Whether its SerDe is one of those for JSON."""
        return self.serde.rsplit(".", 1)[-1].lower() == "jsonserde"


def find(aws: LocalAws, caller: Caller, name: Name) -> Table:
    """Look a table up in Glue as the caller. Raises QueryError."""
    prefix = f"arn:aws:glue:{aws.region}:{aws.account}"
    try:
        for resource in ("catalog", f"database/{name.database}", f"table/{name.database}/{name.table}"):
            aws.authorize(caller, "glue:GetTable", f"{prefix}:{resource}")
    except AwsError as error:
        raise QueryError(f"Insufficient permissions to execute the query. {error.message}") from None
    with aws.moto_lock:
        try:
            table = glue_backends[aws.account][aws.region].get_table(name.database, name.table)
        except (DatabaseNotFoundException, TableNotFoundException):
            missing = f"awsdatacatalog.{name.database}.{name.table}"
            raise QueryError(f"TABLE_NOT_FOUND: Table '{missing}' does not exist") from None
        given: dict[str, Any] = table.as_dict()
    storage = given.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    found = Table(
        name,
        [(column["Name"].lower(), column.get("Type") or "string") for column in storage.get("Columns") or []],
        storage.get("Location") or "",
        serde.get("SerializationLibrary") or "",
        serde.get("Parameters") or {},
        given.get("Parameters") or {},
        storage.get("InputFormat") or "",
        _projection(given),
    )
    if found.projection is not None and not found.is_json:
        raise QueryError(
            f"NOT_SUPPORTED: the local Athena reads partitioned tables of JSON only: {name.table}"
        )
    return found


def _projection(given: dict[str, Any]) -> Projection | None:
    keys = [key["Name"].lower() for key in given.get("PartitionKeys") or []]
    location = (given.get("StorageDescriptor") or {}).get("Location") or ""
    try:
        return Projection(keys, location, given.get("Parameters") or {}) if keys else None
    except (KeyError, ValueError) as error:
        raise QueryError(f"NOT_SUPPORTED: the local Athena on {given['Name']}: {error}") from None


def fetch(aws: LocalAws, caller: Caller, table: Table, folder: Path) -> tuple[list[str], int]:
    """Copy a table's objects, unpacked, into a folder as the caller. Returns file names and bytes scanned.

    Those of JSON become one file: of thousands of small ones, opening each is most of the work.
    """
    bucket_name, _, prefix = table.location.removeprefix("s3://").partition("/")
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    found: list[tuple[str, bytes, dict[str, str]]] = []
    with aws.moto_lock:
        bucket = s3_backends[aws.account]["aws"].buckets.get(bucket_name)
        if bucket is None:
            raise QueryError(f"HIVE_METASTORE_ERROR: The bucket does not exist: {table.location}")
        policy = bucket.policy.decode() if bucket.policy else None
        for key, stored in bucket.keys.items():
            hidden = key.rsplit("/", 1)[-1].startswith(("_", "."))
            if not key.startswith(prefix) or key.endswith("/") or hidden:
                continue
            partition = {} if table.projection is None else table.projection.partition(key)
            if partition is not None:
                found.append((key, stored.value, partition))
    arn = f"arn:aws:s3:::{bucket_name}"
    try:
        aws.authorize(caller, "s3:ListBucket", arn, policy, {"s3:prefix": prefix})
        for key, *_ in found:
            aws.authorize(caller, "s3:GetObject", f"{arn}/{key}", policy)
    except AwsError as error:
        raise QueryError(f"PERMISSION_DENIED: Access denied when reading data: {error.message}") from None
    texts = []
    for key, data, partition in found:
        try:
            content = gzip.decompress(data) if key.endswith(".gz") else data
        except (OSError, EOFError, zlib.error):
            raise QueryError(f"HIVE_BAD_DATA: not a gzip file: s3://{bucket_name}/{key}") from None
        if table.is_json and content.strip():
            try:
                content = json_files.fitted(content, table.columns, table.input_format, partition)
            except (ValueError, KeyError, TypeError) as error:
                raise QueryError(f"HIVE_BAD_DATA: s3://{bucket_name}/{key}: {error}") from None
        if content.strip():
            texts.append(content)
    if table.is_json and texts:
        texts = [b"\n".join(texts)]
    names = []
    for number, text in enumerate(texts):
        path = folder / f"{table.name.database}-{table.name.table}-{number}"
        path.write_bytes(text)
        names.append(str(path))
    return names, sum(len(data) for _, data, _ in found)


def create(connection: duckdb.DuckDBPyConnection, table: Table, files: list[str]) -> None:
    """Make the view `database.table` in a connection that may still read files. Raises QueryError."""
    try:
        types = [duckdb_type(kind) for _, kind in table.columns]
    except ValueError as error:
        raise QueryError(f"HIVE_METASTORE_ERROR: {table.name.table}: {error}") from None
    kind = table.serde.rsplit(".", 1)[-1].lower()
    if kind == "opencsvserde":
        source, strict = _read_open_csv(table, files), not _allows_invalid(table)
        columns = [_open_csv_value(n, t, i, strict) for i, (n, t) in enumerate(_typed(table, types))]
    elif kind == "lazysimpleserde":
        source = _read_lazy_simple(table, files)
        columns = [_lazy_value(name, each) for name, each in _typed(table, types)]
    elif table.is_json:
        every = [*_typed(table, types), *((key, "VARCHAR") for key in _partition_keys(table))]
        source = _read_json(every, files)
        columns = [quoted(name) for name, _ in every]
    else:
        raise QueryError(f"NOT_SUPPORTED: the local Athena does not read SerDe {table.serde or '(none)'}")
    raw = f"{quoted(RAW)}.{quoted(f'{table.name.database}.{table.name.table}')}"
    view = f"{quoted(table.name.database)}.{quoted(table.name.table)}"
    try:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(RAW)}")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.name.database)}")
        connection.execute(f"CREATE TABLE {raw} AS {source}")
        connection.execute(f"CREATE VIEW {view} AS SELECT {', '.join(columns)} FROM {raw}")
    except duckdb.Error as error:
        # The message of a file that does not read names a temporary file of ours: say the location instead.
        raise QueryError(f"HIVE_BAD_DATA: {table.location}: {_first_line(error, files)}") from None


def _typed(table: Table, types: list[str]) -> list[tuple[str, str]]:
    return [(name, each) for (name, _), each in zip(table.columns, types, strict=True)]


def _allows_invalid(table: Table) -> bool:
    return table.parameters.get("use.null.for.invalid.data", "").lower() == "true"


def _read_open_csv(table: Table, files: list[str]) -> str:
    options = {
        "delim": table.serde_parameters.get("separatorChar", ","),
        "quote": table.serde_parameters.get("quoteChar", '"'),
        "nullstr": _NEVER,
    }
    # Java's OpenCSV also takes a doubled quote for one, whatever its escape character: so does DuckDB's.
    escape = table.serde_parameters.get("escapeChar", options["quote"])
    return _read_csv(table, files, options | {"escape": escape})


def _read_lazy_simple(table: Table, files: list[str]) -> str:
    given = table.serde_parameters
    delimiter = given.get("field.delim") or given.get("serialization.format") or "\x01"
    delimiter = {"1": "\x01", "\\t": "\t", "\\001": "\x01"}.get(delimiter, delimiter)
    null = given.get("serialization.null.format", "\\N")
    options = {"delim": delimiter, "quote": "", "nullstr": null, "escape": given.get("escape.delim", "")}
    return _read_csv(table, files, options)


def _read_csv(table: Table, files: list[str], options: dict[str, str]) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name, _ in table.columns)
    if not files:
        return f"SELECT {', '.join(f'NULL::VARCHAR AS {quoted(n)}' for n, _ in table.columns)} WHERE false"
    skipped = int(table.parameters.get("skip.header.line.count") or 0)
    given = ", ".join(f"{name}={literal(value)}" for name, value in options.items())
    return (
        f"SELECT * FROM read_csv([{', '.join(map(literal, files))}], columns={{{columns}}}, {given}, "
        f"skip={skipped}, header=false, auto_detect=false, null_padding=true, parallel=false)"
    )


def _partition_keys(table: Table) -> list[str]:
    return [] if table.projection is None else table.projection.keys


def _read_json(columns_of: list[tuple[str, str]], files: list[str]) -> str:
    if not files:
        return f"SELECT {', '.join(f'NULL::{t} AS {quoted(n)}' for n, t in columns_of)} WHERE false"
    columns = ", ".join(f"{literal(name)}: {literal(each)}" for name, each in columns_of)
    return (
        f"SELECT * FROM read_json([{', '.join(map(literal, files))}], columns={{{columns}}}, "
        "format='newline_delimited')"
    )


def _open_csv_value(name: str, kind: str, position: int, strict: bool) -> str:
    """Return a column's expression: the typed value, or Athena's error for one that does not fit."""
    column = quoted(name)
    # https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html: days for dates, milliseconds for timestamps
    if kind == "VARCHAR":
        return column
    if kind == "DATE":
        typed = f"DATE '1970-01-01' + TRY_CAST({column} AS INTEGER)"
    elif kind == "TIMESTAMP":
        typed = f"make_timestamp(TRY_CAST({column} AS BIGINT) * 1000)"
    else:
        typed = f"TRY_CAST({column} AS {kind})"
    if strict:
        message = f"'HIVE_BAD_DATA: Error parsing field value ''' || {column} || ''' for field {position}'"
        typed = f"CASE WHEN {column} IS NOT NULL AND ({typed}) IS NULL THEN error({message}) ELSE {typed} END"
    return f"{typed} AS {column}"


def _lazy_value(name: str, kind: str) -> str:
    column = quoted(name)
    return column if kind == "VARCHAR" else f"TRY_CAST({column} AS {kind}) AS {column}"


def _first_line(error: Exception, files: list[str]) -> str:
    line = str(error).split("\n")[0]
    for name in files:
        line = line.replace(name, "its data")
    return line
