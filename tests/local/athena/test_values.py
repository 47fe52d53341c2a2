"""Types and values at the border between Glue, DuckDB and Athena."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from corral.local.server.athena.values import column_info, duckdb_type, text_of


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "", None),
        (True, "boolean", "true"),
        (7, "bigint", "7"),
        (3.0, "double", "3.0"),
        (0.0, "double", "0.0"),
        (-0.5, "double", "-0.5"),
        (0.001, "double", "0.001"),
        (0.00012, "double", "1.2E-4"),
        (9999999.0, "double", "9999999.0"),
        (1e7, "double", "1.0E7"),
        (-1.5e10, "double", "-1.5E10"),
        (123456789.25, "double", "1.2345678925E8"),
        (0.10000000149011612, "float", "0.1"),
        (math.inf, "double", "Infinity"),
        (-math.inf, "double", "-Infinity"),
        (math.nan, "double", "NaN"),
        (Decimal("1E+3"), "decimal", "1000"),
        (date(2026, 1, 2), "date", "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, 6789), "timestamp", "2026-01-02 03:04:05.006"),
        (datetime(2026, 1, 2, tzinfo=UTC), "timestamp with time zone", "2026-01-02 00:00:00.000 UTC"),
        (b"\x00\xff", "varbinary", "00 ff"),
        ([1, None, "a"], "array", "[1, null, a]"),
        ({"a": 1, "b": None}, "row", "{a=1, b=null}"),
    ],
)
def test_texts(value: Any, kind: str, text: str | None) -> None:
    assert text_of(value, kind) == text


@pytest.mark.parametrize(
    ("glue", "duckdb"),
    [
        ("string", "VARCHAR"),
        ("INT", "INTEGER"),
        ("decimal(12, 2)", "DECIMAL(12,2)"),
        ("decimal", "DECIMAL(10,0)"),
        ("varchar(20)", "VARCHAR"),
        ("array<bigint>", "BIGINT[]"),
        ("map<string,array<int>>", "MAP(VARCHAR, INTEGER[])"),
        ("struct<a:int,b:struct<c:decimal(5,1)>>", 'STRUCT("a" INTEGER, "b" STRUCT("c" DECIMAL(5,1)))'),
    ],
)
def test_glue_types(glue: str, duckdb: str) -> None:
    assert duckdb_type(glue) == duckdb


@pytest.mark.parametrize("glue", ["money", "array<money>", "map<string>", "struct<a:int", ""])
def test_unknown_glue_types(glue: str) -> None:
    with pytest.raises(ValueError, match="unknown column type"):
        duckdb_type(glue)


@pytest.mark.parametrize(
    ("duckdb", "kind"),
    [
        ("HUGEINT", "bigint"),
        ("UBIGINT", "bigint"),
        ("DECIMAL(12,2)", "decimal"),
        ("TIMESTAMP_NS", "timestamp"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp with time zone"),
        ("INTEGER[]", "array"),
        ('STRUCT("a" INTEGER)', "row"),
        ("MAP(VARCHAR, INTEGER)", "map"),
        ("VARCHAR", "varchar"),
        ("UUID", "varchar"),
    ],
)
def test_column_types(duckdb: str, kind: str) -> None:
    assert column_info("c", duckdb)["Type"] == kind
