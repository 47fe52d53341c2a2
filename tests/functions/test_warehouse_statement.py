"""The SQL check lets reads of one domain's database through, and nothing else.

DuckDB's parser is the second opinion: whatever the check accepts and DuckDB can parse must name no table of
another database, by DuckDB's own account of the tables.
"""

import json
import re
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.common.tool import RefusalError
from functions.tools.warehouse_query.statement import MAX_CHARACTERS, MAX_DEPTH, checked

DATABASE, OTHER = "corral_dev_sales", "corral_dev_hr"


def check(sql: str) -> str:
    return checked(sql, DATABASE, others=(DATABASE, OTHER))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM orders",
        "select 1",
        "SELECT o.id, c.name FROM orders o JOIN customers AS c ON o.customer_id = c.id WHERE o.total >= 10.5",
        f"SELECT * FROM {DATABASE}.orders",
        f'SELECT * FROM "{DATABASE.upper()}" . "orders"',
        "WITH big AS (SELECT * FROM orders WHERE x > 100), small (a, b) AS (SELECT id, x FROM orders) "
        "SELECT * FROM big, small s WHERE big.id = s.a",
        "SELECT extract(year FROM o.created), trim(LEADING 'x' FROM o.name) FROM orders o",
        "SELECT * FROM orders o WHERE o.a IS NOT DISTINCT FROM o.b AND o.id IN (SELECT x.id FROM other x)",
        "SELECT * FROM (orders o CROSS JOIN customers c) WHERE EXISTS (SELECT 1 FROM returns r)",
        "SELECT t.k, t.v FROM (VALUES (1, 'a'), (2, 'b')) AS t (k, v)",
        "SELECT o.id, i.name FROM orders o CROSS JOIN UNNEST(o.a, o.b) WITH ORDINALITY AS i (name, n)",
        "SELECT * FROM orders, LATERAL (SELECT max(x.id) FROM x WHERE x.order_id = orders.id) m",
        "SELECT a.b.c FROM orders a GROUP BY GROUPING SETS ((a.b, a.c), (a.b)) HAVING x <> 1 ORDER BY 1, 2",
        "SELECT 'DROP TABLE orders; -- no' AS text FROM orders",
        "SELECT 'it''s' || \"comment\" FROM orders",
        'SELECT "update", "table" FROM orders',
        "SELECT * FROM orders UNION ALL SELECT * FROM returns EXCEPT (SELECT * FROM lost) LIMIT 10",
        "SELECT sum(x) OVER (PARTITION BY o.a, o.b) FROM orders o WINDOW w AS (PARTITION BY o.a), v AS (w)",
        "SELECT filter(items, x -> x.price > 3), items[1] FROM orders",
        "SELECT CAST(total AS decimal(10,2)), 1e3, .5, 2. FROM orders;",
        "SELECT * FROM orders FOR TIMESTAMP AS OF current_timestamp TABLESAMPLE BERNOULLI (10)",
        "SELECT deleted, created, updated_at, selected FROM orders",
    ],
)
def test_reads_are_let_through_unchanged(sql: str) -> None:
    assert check(sql) == sql.rstrip(";")


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";",
        "DROP TABLE orders",
        "INSERT INTO orders SELECT * FROM orders",
        "SELECT * INTO copy_of FROM orders",
        "CREATE TABLE x AS SELECT 1",
        "WITH x AS (SELECT 1) INSERT INTO orders SELECT * FROM x",
        "WITH x AS (SELECT 1) DELETE FROM orders",
        "UNLOAD (SELECT * FROM orders) TO 's3://elsewhere/' WITH (format = 'CSV')",
        "SELECT * FROM orders UNION UNLOAD (SELECT 1) TO 's3://x'",
        "MSCK REPAIR TABLE orders",
        "ALTER TABLE orders DROP PARTITION (day = '1')",
        "GRANT SELECT ON orders TO PUBLIC",
        "CALL system.runtime.kill_query('x')",
        "PREPARE q FROM SELECT 1",
        "EXECUTE q",
        "EXPLAIN ANALYZE SELECT 1",
        "SHOW TABLES",
        "DESCRIBE orders",
        "TABLE orders",
        "SELECT * FROM TABLE(query('SELECT 1'))",
        "VALUES (1)",
        "(SELECT 1)",
        "/* SELECT */ DROP TABLE orders",
        "-- SELECT\nDROP TABLE orders",
    ],
)
def test_all_that_is_no_read_is_refused(sql: str) -> None:
    with pytest.raises(RefusalError) as refused:
        check(sql)
    assert refused.value.code == "not_a_read"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; DROP TABLE orders",
        "SELECT 1; SELECT 2",
        "; SELECT 1",
        "SELECT 'a",
        "SELECT 'it\\'s' FROM orders WHERE x = '; DROP TABLE orders --",
        'SELECT "a FROM orders',
        'SELECT "" FROM orders',
        "SELECT 1 /* FROM orders",
        "SELECT 1 /* /* */ FROM orders */ FROM x",
        "SELECT (1 FROM orders",
        "SELECT 1) FROM orders",
        "SELECT * FROM `orders`",
        "SELECT * FROM orders WHERE x = ?",
        "SELECT {fn now()}",
        "SELECT * FROM \uff2fRDERS",
        "SELECT\u00a01",
        "SELECT 1 \x00",
        "SELECT @@version",
        "SELECT * FROM U&'orders'",
        "SELECT * FROM 'orders'",
        "SELECT * FROM orders JOIN 1",
        "SELECT * FROM VALUES (1) v",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM orders, read_csv('x.csv')",
        "SELECT * FROM orders, LATERAL query('SELECT 1')",
        'SELECT * FROM "query"(1)',
        'SELECT * FROM "orders$partitions"',
        'SELECT * FROM orders JOIN "Orders " ON true',
        f"SELECT {'(' * (MAX_DEPTH + 1)}1{')' * (MAX_DEPTH + 1)}",
        f"SELECT '{'x' * MAX_CHARACTERS}'",
    ],
)
def test_what_is_not_understood_is_refused(sql: str) -> None:
    with pytest.raises(RefusalError) as refused:
        check(sql)
    assert refused.value.code == "bad_sql"


OUTSIDE = [
    "default.t",
    "information_schema.tables",
    "awsdatacatalog.d.t",
    f"{OTHER}.people",
    f'"{OTHER}"."people"',
]
PLACES = [
    "SELECT * FROM {}",
    "SELECT * FROM {} x",
    "SELECT * FROM orders, {}",
    "SELECT * FROM orders o, returns AS r, {} p",
    "SELECT * FROM orders JOIN {} p ON true",
    "SELECT * FROM orders o LEFT OUTER JOIN returns r ON o.id = r.id CROSS JOIN {}",
    "SELECT * FROM orders o JOIN returns r ON f(o.a, r.b) = 1, {}",
    "SELECT * FROM orders NATURAL JOIN {}",
    "SELECT * FROM (orders CROSS JOIN {})",
    "SELECT * FROM ((({})))",
    "SELECT * FROM (SELECT * FROM {}) x",
    "SELECT (SELECT max(x) FROM {}) FROM orders",
    "SELECT * FROM orders WHERE id IN (SELECT id FROM {})",
    "SELECT * FROM orders WHERE EXISTS(SELECT 1 FROM {})",
    "SELECT count(*) FROM orders HAVING count(*) > (SELECT 1 FROM {})",
    "SELECT * FROM orders UNION SELECT * FROM {}",
    "SELECT * FROM orders UNION (SELECT * FROM {})",
    "WITH x AS (SELECT * FROM {}) SELECT * FROM x",
    "WITH x AS (SELECT 1), y AS (SELECT * FROM {}) SELECT * FROM y",
    "SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x, {}) z",
    "SELECT * FROM orders o, LATERAL (SELECT * FROM {}) l",
    "SELECT * FROM orders, UNNEST(items), {}",
    "SELECT * FROM (VALUES (1), (2)) v (a), {}",
    "SELECT * FROM unnest, {}",
    "SELECT * FROM orders limit, {}",
    "SELECT * FROM orders offset, {}",
    "SELECT * FROM orders window, {}",
    "SELECT * FROM orders fetch, {}",
    "SELECT * FROM orders lateral, {}",
    "SELECT * FROM orders GROUP BY a, (SELECT b FROM {})",
    "SELECT extract(year FROM (SELECT d FROM {})) FROM orders",
    "SELECT a IS DISTINCT FROM b, c FROM {}",
    "SELECT DISTINCT a FROM {}",
    "SELECT CASE WHEN a THEN 1 END FROM orders, {}",
    "SELECT * FROM orders /* , */ , {}",
    "SELECT * FROM--\n{}",
]


@pytest.mark.control("team-isolation")
@pytest.mark.parametrize("table", OUTSIDE)
@pytest.mark.parametrize("place", PLACES)
def test_a_table_of_another_database_is_refused_wherever_it_is_named(place: str, table: str) -> None:
    check(place.format("orders"))
    with pytest.raises(RefusalError) as refused:
        check(place.format(table))
    assert refused.value.code == "other_database"


@pytest.mark.parametrize(
    "name", [OTHER, OTHER.upper(), f'"{OTHER}"', "information_schema", '"Information_Schema"']
)
def test_another_domains_database_is_refused_even_where_no_table_stands(name: str) -> None:
    with pytest.raises(RefusalError) as refused:
        check(f"SELECT x FROM orders WHERE {name} . a = 1")
    assert refused.value.code == "other_database"


def test_a_dotted_name_in_quotes_is_refused_as_a_table() -> None:
    with pytest.raises(RefusalError) as refused:
        check('SELECT * FROM "default.t"')
    assert refused.value.code == "other_database"


def test_comments_go_and_texts_stay() -> None:
    assert check("SELECT 'a -- b' /* c */ , 1 -- d\nFROM orders") == "SELECT 'a -- b'   , 1  \nFROM orders"


def tables(sql: str) -> set[tuple[str, str]] | None:
    """Catalog-and-schema of every table that DuckDB's parser finds; None if it cannot parse the statement."""
    said = json.loads(duckdb.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()[0])  # type: ignore[index]
    if said["error"]:
        return None
    found: set[tuple[str, str]] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "BASE_TABLE":
                found.add((node["catalog_name"], node["schema_name"]))
            node = list(node.values())
        if isinstance(node, list):
            for item in node:
                walk(item)

    walk(said["statements"])
    return found


# Statements from the pieces that matter: keywords, names, dots, commas, brackets, quotes, in any order.
PIECES = [
    *(
        "SELECT",
        "FROM",
        "JOIN",
        "CROSS JOIN",
        "ON true",
        "WHERE",
        "GROUP BY",
        "ORDER BY",
        "HAVING",
        "UNION",
        "LIMIT 1",
    ),
    *(
        "WITH",
        "AS",
        "DISTINCT",
        "IS DISTINCT FROM",
        "VALUES (1)",
        "LATERAL",
        "UNNEST",
        "NATURAL JOIN",
        "EXISTS",
        "IN",
    ),
    *(
        "a",
        "b",
        "limit",
        "*",
        "1",
        "'x'",
        '"q"',
        ",",
        ",",
        ".",
        "(",
        ")",
        "(",
        ")",
        "--\n",
        "/* */",
        "'",
        '"',
        ";",
    ),
    *("other.t", "other . t", '"other"."t"', "c.other.t", "f(a, b)", "extract(year FROM a.b)", "(SELECT 1)"),
    *(
        "FROM a",
        "SELECT * FROM",
        "SELECT a",
        ", other.t",
        "JOIN other.t",
        "FROM other.t",
        "x(",
        "window",
        "offset",
    ),
]


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14), st.booleans())
def test_what_is_accepted_names_no_other_database_by_a_real_parsers_account(
    pieces: list[str], spaced: bool
) -> None:
    try:
        accepted = checked(("SELECT * FROM " if spaced else "SELECT ") + " ".join(pieces), DATABASE)
    except RefusalError:
        return
    found = tables(accepted)
    if found is not None:
        assert found <= {("", ""), ("", DATABASE)}, accepted


names = st.sampled_from(["orders", "o", "a.b", "x"])
expressions: st.SearchStrategy[str] = st.deferred(
    lambda: (
        names
        | st.just("1")
        | st.builds("f({}, {})".format, expressions, expressions)
        | st.builds("extract(year FROM {})".format, names)
        | st.builds("({} IS DISTINCT FROM {})".format, names, names)
        | st.builds("({})".format, queries)
        | st.builds("EXISTS({})".format, queries)
    )
)
relations: st.SearchStrategy[str] = st.deferred(
    lambda: (
        st.just("orders")
        | st.just("@")
        | st.just(f"{DATABASE}.orders AS q")
        | st.builds("({}) s".format, queries)
        | st.builds("({} CROSS JOIN {})".format, relations, relations)
        | st.builds("{} JOIN {} ON {}".format, relations, relations, expressions)
        | st.builds("{}, {}".format, relations, relations)
    )
)
queries: st.SearchStrategy[str] = st.deferred(
    lambda: (
        st.builds("SELECT {} FROM {} WHERE {}".format, expressions, relations, expressions)
        | st.builds("SELECT {}, {} FROM {}".format, expressions, names, relations)
        | st.builds("WITH c AS ({}) SELECT * FROM c, {}".format, queries, relations)
        | st.builds("SELECT 1 FROM orders UNION SELECT 1 FROM {}".format, relations)
    )
)


@settings(max_examples=100, deadline=None)
@given(queries)
def test_a_query_of_any_shape_is_judged_by_its_tables_alone(query: str) -> None:
    if query.count("(") > MAX_DEPTH or len(query) > MAX_CHARACTERS - 100:
        return
    check(query.replace("@", "orders"))
    if "@" in query:
        with pytest.raises(RefusalError):
            checked(query.replace("@", "elsewhere.t"), DATABASE)


@settings(max_examples=200)
@given(st.text(max_size=60), st.sampled_from(["", "SELECT ", "WITH ", "SELECT * FROM "]))
def test_any_text_at_all_is_accepted_or_refused_and_nothing_else(text: str, start: str) -> None:
    try:
        accepted = check(start + text)
    except RefusalError:
        return
    unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", accepted)
    assert unquoted.isascii()
    assert not re.search(r";|--|/\*", unquoted)
