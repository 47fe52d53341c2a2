"""A team reads its own rows and no others, whatever the statement.

DuckDB, which the local Athena runs on, is asked what comes back: every value of another team's rows holds FOREIGN.
"""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.common.tool import RefusalError
from functions.tools.warehouse_query.rows import own_rows
from functions.tools.warehouse_query.statement import checked

DATABASE = "corral_dev_sales"
TEAM_COLUMNS = {"orders": "team", "customers": "owner"}
RAW = f"{DATABASE}.orders"  # as the local Athena keeps what a table is read from, in a schema "$raw"


def scoped(sql: str, team: str = "sales") -> str:
    return own_rows(checked(sql, DATABASE, others=[DATABASE]), DATABASE, TEAM_COLUMNS, team)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"CREATE SCHEMA {DATABASE}")
        connection.execute('CREATE SCHEMA "$raw"')
        connection.execute(f"""
            CREATE TABLE {DATABASE}.orders AS SELECT * FROM (VALUES
                ('1', 'c1', 'sales'), ('2', 'c2', 'sales'),
                ('FOREIGN3', 'FOREIGN', 'FOREIGN'), ('FOREIGN4', 'FOREIGN', NULL)
            ) t (id, customer, team)""")
        connection.execute(f"""
            CREATE TABLE {DATABASE}.customers AS SELECT * FROM (VALUES
                ('c1', 'sales'), ('c2', 'sales'), ('FOREIGN', 'SALES'), ('FOREIGN', 'sales ')
            ) t (id, owner)""")
        connection.execute(f"CREATE TABLE {DATABASE}.regions AS SELECT 'north' AS region")
        connection.execute(f'CREATE TABLE "$raw"."{RAW}" AS SELECT * FROM {DATABASE}.orders')
        connection.execute(f"USE {DATABASE}")
        connection.execute("SET enable_external_access = false")
        yield connection


def test_a_filtered_table_is_put_before_the_statement_under_its_own_name() -> None:
    assert scoped("SELECT id FROM orders o -- all") == (
        f"""WITH orders AS (SELECT * FROM "{DATABASE}"."orders" WHERE "team" = 'sales') SELECT id FROM orders o"""
    )


def test_the_statements_own_queries_come_after_it() -> None:
    assert scoped("/* x */ with a AS (SELECT * FROM Orders) SELECT * FROM a") == (
        f"""WITH orders AS (SELECT * FROM "{DATABASE}"."orders" WHERE "team" = 'sales'), """
        "a AS (SELECT * FROM Orders) SELECT * FROM a"
    )


def test_what_reads_no_filtered_table_is_left_as_it_is() -> None:
    assert scoped("SELECT * FROM regions") == "SELECT * FROM regions"
    assert own_rows("SELECT * FROM orders", DATABASE, {}, "sales") == "SELECT * FROM orders"


def test_names_and_values_are_quoted() -> None:
    statement = own_rows("SELECT * FROM orders", 'd"b', {"orders": 'te"am'}, "o'neil")
    assert """FROM "d""b"."orders" WHERE "te""am" = 'o''neil')""" in statement


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT id FROM orders ORDER BY id DESC", [("2",), ("1",)]),
        ('SELECT count(*) FROM "ORDERS"', [(2,)]),
        (
            "SELECT o.id, c.id FROM orders o JOIN customers c ON o.customer = c.id ORDER BY 1",
            [("1", "c1"), ("2", "c2")],
        ),
        ("SELECT (SELECT max(id) FROM orders), region FROM regions", [("2", "north")]),
        (
            "WITH a (x) AS (SELECT id FROM orders), b AS (WITH c AS (SELECT x FROM a) SELECT * FROM c) "
            "SELECT max(x) FROM b",
            [("2",)],
        ),
        (
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) "
            "SELECT count(*) FROM n, orders",
            [(6,)],
        ),
        ("SELECT count(*) FROM (SELECT unnest(ids) FROM (SELECT array_agg(id) AS ids FROM orders))", [(2,)]),
        (
            "SELECT id FROM orders WHERE id = 'FOREIGN3' UNION SELECT id FROM customers WHERE owner <> 'sales'",
            [],
        ),
        ("SELECT team FROM orders WHERE team = 'FOREIGN' OR 1 = 1 GROUP BY team", [("sales",)]),
        ("SELECT orders.id FROM orders AS orders WHERE orders.id > '1'", [("2",)]),
    ],
)
def test_own_rows_come_back(
    warehouse: duckdb.DuckDBPyConnection, sql: str, rows: list[tuple[object, ...]]
) -> None:
    assert warehouse.execute(scoped(sql)).fetchall() == rows


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT * FROM {DATABASE}.orders",
        f'SELECT * FROM "{DATABASE.upper()}" . "orders"',
        f"SELECT * FROM awsdatacatalog.{DATABASE}.orders",
        f"SELECT * FROM regions, {DATABASE}.regions",
        f"SELECT * FROM (PIVOT {DATABASE}.orders ON team)",
        f'SELECT * FROM (PIVOT "$raw"."{RAW}" ON team)',
        f'SELECT "{DATABASE}".orders.id FROM orders',
        "WITH orders AS (SELECT 1) SELECT * FROM orders",
        "WITH a AS (SELECT 1), Orders (x, y) AS (SELECT 1, 2) SELECT * FROM orders",
        'SELECT * FROM (WITH "ORDERS" AS (SELECT * FROM orders) SELECT * FROM orders)',
        "SELECT * FROM (WITH RECURSIVE orders (id) AS (SELECT * FROM orders) SELECT * FROM orders)",
        "SELECT * FROM (WITH orders /* x */ (id, f) -- y\n AS /**/ (SELECT 1, 2) SELECT * FROM orders)",
        "WITH orders AS NOT MATERIALIZED (SELECT 1) SELECT * FROM orders",
        "SELECT sum(1) OVER orders FROM orders WINDOW orders AS (PARTITION BY id)",
        'SELECT * FROM "orders$partitions"',
        'SELECT * FROM "orders$files" o',
        "TABLE orders",
        "SELECT * FROM (TABLE orders)",
        "SELECT * FROM TABLE(system.query('SELECT * FROM orders'))",
        f"SELECT * FROM query('SELECT * FROM {DATABASE}.orders')",
        "SELECT * FROM orders; SELECT * FROM orders",
    ],
)
def test_ways_round_are_refused(sql: str) -> None:
    with pytest.raises(RefusalError):
        scoped(sql)


PIECES = [
    *(
        "SELECT *",
        "SELECT id",
        "SELECT count(*)",
        "SELECT",
        "FROM",
        "WHERE",
        "GROUP BY id",
        "ORDER BY id",
        "LIMIT 3",
    ),
    *(
        "orders",
        "ORDERS",
        '"orders"',
        '"Orders"',
        "customers",
        "regions",
        "o",
        "x",
        '"orders "',
        '"orders$partitions"',
    ),
    *(
        f"{DATABASE}.orders",
        f'"{DATABASE}"."orders"',
        f"memory.{DATABASE}.orders",
        "main.orders",
        f'"$raw"."{RAW}"',
    ),
    *(
        "FROM orders",
        "FROM orders o",
        "FROM (orders)",
        "SELECT * FROM orders",
        "(SELECT * FROM orders)",
        "TABLE orders",
    ),
    *(
        "WITH",
        "WITH RECURSIVE",
        "orders AS (SELECT * FROM orders)",
        "x AS (SELECT * FROM orders)",
        "orders AS",
        "AS",
    ),
    *("x (id, customer, team) AS (SELECT * FROM orders UNION ALL SELECT * FROM x)", "orders (id, a, b) AS"),
    *(
        "UNION ALL",
        "EXCEPT",
        "JOIN",
        "CROSS JOIN",
        "NATURAL JOIN",
        "ON true",
        "LATERAL",
        "IN",
        "EXISTS",
        "NOT",
    ),
    *(
        "UNNEST(ARRAY['x'])",
        "query('FROM orders')",
        "query_table('orders')",
        "PIVOT",
        "SUMMARIZE",
        "DESCRIBE",
        "UNPIVOT",
    ),
    *(
        "team <> 'sales'",
        "OR 1 = 1",
        "'",
        '"',
        "--\n",
        "/*",
        "*/",
        "/* x */",
        ";",
        "(",
        ")",
        "(",
        ")",
        ",",
        ",",
        ".",
    ),
]


def _leaks(connection: duckdb.DuckDBPyConnection, statement: str) -> bool:
    try:
        rows = connection.execute(statement).fetchmany(100)
    except duckdb.Error:
        return False  # what is told of a failure is for test_warehouse_query
    return "FOREIGN" in str(rows)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["SELECT * FROM ", "WITH ", "SELECT ", ""]),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=12),
)
def test_no_row_of_another_team_comes_back_from_pieces_in_any_order(
    warehouse: duckdb.DuckDBPyConnection, start: str, pieces: list[str]
) -> None:
    try:
        statement = scoped(start + " ".join(pieces))
    except RefusalError:
        return
    assert not _leaks(warehouse, statement), statement


tables = st.sampled_from(
    ["orders", "ORDERS", '"orders"', "customers", "x", "regions", f"{DATABASE}.orders", '"orders$files"']
)
queries: st.SearchStrategy[str] = st.deferred(
    lambda: (
        st.builds("SELECT * FROM {}".format, relations)
        | st.builds("SELECT (SELECT max(id) FROM {}) AS id FROM {}".format, relations, relations)
        | st.builds("SELECT o.* FROM {} o WHERE EXISTS ({})".format, tables, queries)
        | st.builds("WITH {} AS ({}) {}".format, tables, queries, queries)
        | st.builds("WITH x AS ({}), {} (id) AS ({}) {}".format, queries, tables, queries, queries)
        | st.builds("WITH RECURSIVE {} (id) AS ({}) {}".format, tables, queries, queries)
        | st.builds("SELECT id FROM {} UNION ALL SELECT id FROM {}".format, relations, relations)
    )
)
relations: st.SearchStrategy[str] = st.deferred(
    lambda: (
        tables
        | tables
        | st.builds("({}) s".format, queries)
        | st.builds("({} CROSS JOIN {})".format, relations, relations)
        | st.builds("{}, LATERAL ({}) l".format, relations, queries)
        | st.builds("{} AS orders".format, tables)
    )
)


@pytest.mark.control("team-isolation")
@settings(max_examples=60, deadline=None)
@given(queries)
def test_no_row_of_another_team_comes_back_from_a_query_of_any_shape(
    warehouse: duckdb.DuckDBPyConnection, query: str
) -> None:
    try:
        statement = scoped(query)
    except RefusalError:
        return
    assert not _leaks(warehouse, statement), statement
