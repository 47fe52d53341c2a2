"""What a query answers, and why one fails."""

import gzip
import json
import threading
import time
from typing import Any

import pytest

from corral.local.server.athena import executions
from tests.local.athena.conftest import JSON, LAZY, Warehouse


def test_rows_types_and_result_object(orders: Warehouse) -> None:
    query_id = orders.start("SELECT * FROM orders ORDER BY id", database="sales")
    execution = orders.wait(query_id)
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["StatementType"] == "DML"
    assert execution["Statistics"]["DataScannedInBytes"] == len(orders.stored("tables/orders/a.csv"))
    result = orders.call("GetQueryResults", QueryExecutionId=query_id)["ResultSet"]
    columns = result["ResultSetMetadata"]["ColumnInfo"]
    assert [(column["Name"], column["Type"]) for column in columns] == [
        ("id", "bigint"),
        ("customer", "varchar"),
        ("amount", "double"),
        ("paid", "boolean"),
    ]
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in result["Rows"]]
    assert rows == [
        ["id", "customer", "amount", "paid"],
        ["1", 'Smith, "Jo"', "12.5", "true"],
        ["2", "Lee", "3.0", "false"],
        ["3", "Lee", "1.0E10", "true"],
    ]
    assert (
        execution["ResultConfiguration"]["OutputLocation"] == f"s3://{orders.bucket}/results/{query_id}.csv"
    )
    written = orders.stored(f"results/{query_id}.csv").decode()
    assert written.splitlines()[:2] == [
        '"id","customer","amount","paid"',
        '"1","Smith, ""Jo""","12.5","true"',
    ]
    described = json.loads(orders.stored(f"results/{query_id}.csv.metadata"))
    assert described["ColumnInfo"] == columns


@pytest.mark.parametrize(
    "table", ["orders", "ORDERS", '"orders"', "sales.orders", '"awsdatacatalog"."sales"."orders"']
)
def test_ways_to_name_a_table(orders: Warehouse, table: str) -> None:
    assert orders.rows(f"-- count\nSELECT count(*) AS n FROM {table}") == [["3"]]


def test_joins_ctes_nulls_and_values(orders: Warehouse) -> None:
    sql = """
        WITH best AS (SELECT customer, sum(amount) total FROM orders GROUP BY 1)
        SELECT b.customer, o.id, NULL AS nothing, DATE '2026-01-02' AS day,
               TIMESTAMP '2026-01-02 03:04:05.678' AS at,
               CAST(1.50 AS DECIMAL(5, 2)) AS price, ARRAY[1, 2] AS list, 7 / 2 AS half
        FROM best b JOIN orders o ON o.customer = b.customer WHERE o.id = 2
    """
    assert orders.rows(sql) == [
        ["Lee", "2", None, "2026-01-02", "2026-01-02 03:04:05.678", "1.50", "[1, 2]", "3"]
    ]


def test_trino_functions_and_time_zones(orders: Warehouse) -> None:
    sql = (
        "SELECT approx_distinct(customer), regexp_like('abc', 'b+'), cardinality(ARRAY[1, 2]), "
        "json_extract_scalar('{\"a\": \"x\"}', '$.a'), from_unixtime(0), "
        "to_unixtime(from_unixtime(5)) FROM orders"
    )
    assert orders.rows(sql) == [["2", "true", "2", "x", "1970-01-01 00:00:00.000", "5.0"]]
    assert orders.rows("SELECT count(*) FROM orders WHERE now() > TIMESTAMP '2020-01-01 00:00:00'") == [["3"]]
    assert str(orders.rows("SELECT now() AS at, 1 AS one")[0][0]).startswith("20")


def test_parameters_are_sql_literals(orders: Warehouse) -> None:
    sql = "SELECT id FROM orders WHERE customer = ? AND amount > ?"
    assert orders.rows(sql, ExecutionParameters=["'Lee'", "5"]) == [["3"]]
    wrong = "INVALID_PARAMETER_USAGE: Incorrect number of parameters: expected 2 but found 1"
    assert orders.failure(sql, ExecutionParameters=["'Lee'"]) == wrong
    assert orders.rows("SELECT '?' -- ?\n", ExecutionParameters=[]) == [["?"]]
    two = orders.failure("SELECT ?", ExecutionParameters=["1); SELECT (2"])
    assert two == "SYNTAX_ERROR: Only one sql statement is allowed. Got: 2"


def test_pages(orders: Warehouse) -> None:
    query_id = orders.start("SELECT id FROM orders ORDER BY id")
    orders.wait(query_id)
    seen: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = orders.call("GetQueryResults", QueryExecutionId=query_id, MaxResults=3, **token)
        seen.append([row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == [["id", "1", "2"], ["3"]]


def test_lazy_simple_knows_no_quotes_and_makes_bad_values_null(warehouse: Warehouse) -> None:
    columns = {"n": "int", "day": "date", "at": "timestamp", "word": "string"}
    data = b'1,2026-01-02,2026-01-02 03:04:05,"a"\nx,y,z,\n\\N,,,w\n'
    warehouse.table("t", columns, {"a": data}, LAZY, {"field.delim": ","})
    assert warehouse.rows("SELECT * FROM t") == [
        ["1", "2026-01-02", "2026-01-02 03:04:05.000", '"a"'],
        [None, None, None, ""],
        [None, None, None, "w"],
    ]


def test_open_csv_reads_days_and_milliseconds_and_refuses_what_does_not_fit(warehouse: Warehouse) -> None:
    columns = {"day": "date", "at": "timestamp", "n": "int", "word": "string"}
    warehouse.table("good", columns, {"a": b"20455,1767323045000,7,\n"})
    assert warehouse.rows("SELECT * FROM good") == [["2026-01-02", "2026-01-02 03:04:05.000", "7", ""]]
    warehouse.table("bad", columns, {"a": b"2026-01-02,2026-01-02 03:04:05,,x\n"})
    assert warehouse.rows("SELECT word FROM bad") == [["x"]]
    reason = "HIVE_BAD_DATA: Error parsing field value '2026-01-02' for field 0"
    assert warehouse.failure("SELECT day FROM bad") == reason
    assert warehouse.failure("SELECT n FROM bad") == "HIVE_BAD_DATA: Error parsing field value '' for field 2"
    warehouse.table("lenient", columns, {"a": b"x,y,z,w\n"}, use_null_for_invalid_data="true")
    assert warehouse.rows("SELECT * FROM lenient") == [[None, None, None, "w"]]


def test_json_gzip_many_files_and_hidden_ones(warehouse: Warehouse) -> None:
    columns = {"id": "string", "who": "struct<name:string,tags:array<string>>", "n": "bigint"}
    one = json.dumps({"id": "1", "who": {"name": "a", "tags": ["x", "y"]}, "n": 2, "more": 1}).encode()
    files = {
        "2026/a.json.gz": gzip.compress(one + b"\n"),
        "2026/b.json": b'{"id": "2"}\n',
        "_hidden": b"not json",
        ".also": b"not json",
        "empty": b"",
    }
    warehouse.table("t", columns, files, JSON)
    assert warehouse.rows("SELECT id, who.name, who.tags, n FROM t ORDER BY id") == [
        ["1", "a", "[x, y]", "2"],
        ["2", None, None, None],
    ]


def test_header_is_skipped_in_each_file_and_no_file_is_no_row(warehouse: Warehouse) -> None:
    files = {"a.csv": b"n\n1\n", "b.csv": b"n\n2\n", "c.csv": b"n\n"}
    warehouse.table("t", {"n": "int"}, files, skip_header_line_count="1")
    assert warehouse.rows("SELECT n FROM t ORDER BY n") == [["1"], ["2"]]
    warehouse.table("none", {"n": "int"}, {})
    assert warehouse.rows("SELECT count(n) FROM none") == [["0"]]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELEC 1", "SYNTAX_ERROR: "),
        ("SELECT 1; SELECT 2", "SYNTAX_ERROR: Only one sql statement is allowed. Got: 2"),
        ("", "SYNTAX_ERROR: Only one sql statement is allowed. Got: 0"),
        ("SELECT nothing FROM orders", "SYNTAX_ERROR: "),
        ("SELECT * FROM gone", "TABLE_NOT_FOUND: Table 'awsdatacatalog.sales.gone' does not exist"),
        ("SELECT * FROM other.t", "TABLE_NOT_FOUND: Table 'awsdatacatalog.other.t' does not exist"),
        ("SELECT * FROM hive.sales.orders", "CATALOG_NOT_FOUND: "),
        ("SELECT CAST('x' AS INTEGER)", "INVALID_CAST_ARGUMENT: "),
        ("DROP TABLE orders", "NOT_SUPPORTED: "),
        ("CREATE TABLE t AS SELECT 1", "NOT_SUPPORTED: "),
        ("INSERT INTO orders VALUES (1)", "NOT_SUPPORTED: "),
        ("COPY (SELECT 1) TO '/tmp/x'", "NOT_SUPPORTED: "),
        ("PRAGMA database_list", "NOT_SUPPORTED: "),
        ("SHOW TABLES", "NOT_SUPPORTED: "),
        ("SET memory_limit = '1TB'", "NOT_SUPPORTED: "),
        ("SELECT * FROM read_csv('/etc/passwd')", "PERMISSION_DENIED: "),
        ("SELECT * FROM read_text('/etc/passwd')", "PERMISSION_DENIED: "),
        ("SELECT * FROM glob('/*')", "PERMISSION_DENIED: "),
        ("SELECT * FROM '/etc/passwd'", "TABLE_NOT_FOUND: "),
        ("SELECT max(len(a)) FROM (SELECT list(i) a FROM range(100000000) t(i))", "EXCEEDED_LOCAL_MEMORY"),
        ("SELECT repeat('x', 1000) FROM range(1000000)", "the local Athena keeps results of up to "),
    ],
)
def test_failures(orders: Warehouse, sql: str, reason: str) -> None:
    failed = orders.failure(sql)
    assert failed.startswith(reason)
    assert "/tmp/corral" not in failed


def test_no_database(orders: Warehouse) -> None:
    assert orders.failure("SELECT * FROM orders", database=None).startswith("MISSING_SCHEMA_NAME: ")
    assert orders.rows("SELECT 1", database=None) == [["1"]]


def test_unreadable_tables(warehouse: Warehouse) -> None:
    warehouse.table("wide", {"n": "int"}, {"a": b"1,2,3\n"})
    assert warehouse.failure("SELECT * FROM wide").startswith("HIVE_BAD_DATA: s3://")
    warehouse.table("gz", {"n": "int"}, {"a.gz": b"1\n"})
    assert warehouse.failure("SELECT * FROM gz").startswith("HIVE_BAD_DATA: not a gzip file: s3://")
    warehouse.table("kind", {"n": "money"}, {"a": b"1\n"})
    assert "unknown column type 'money'" in warehouse.failure("SELECT * FROM kind")
    warehouse.table("orc", {"n": "int"}, {"a": b"1\n"}, "org.apache.hadoop.hive.ql.io.orc.OrcSerde")
    assert warehouse.failure("SELECT * FROM orc").startswith("NOT_SUPPORTED: ")


def test_stop(orders: Warehouse) -> None:
    query_id = orders.start("SELECT count(*) FROM range(1000000) a, range(1000000) b")
    time.sleep(0.2)
    began = time.monotonic()
    orders.call("StopQueryExecution", QueryExecutionId=query_id)
    execution = orders.wait(query_id)
    assert execution["Status"]["State"] == "CANCELLED"
    assert time.monotonic() - began < 2
    with pytest.raises(Exception, match="Final query state: CANCELLED"):
        orders.call("GetQueryResults", QueryExecutionId=query_id)
    done = orders.start("SELECT 1")
    orders.wait(done)
    orders.call("StopQueryExecution", QueryExecutionId=done)
    assert orders.wait(done)["Status"]["State"] == "SUCCEEDED"


def test_timeout(orders: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "QUERY_SECONDS", 0.2)
    assert orders.failure("SELECT count(*) FROM range(1000000) a, range(1000000) b") == "Query timeout"


def test_many_queries_at_once_leave_no_thread(orders: Warehouse) -> None:
    before = threading.active_count()
    started = [orders.start(f"SELECT count(*) + {n} FROM orders") for n in range(20)]
    for number, query_id in enumerate(started):
        orders.wait(query_id)
        result = orders.call("GetQueryResults", QueryExecutionId=query_id)["ResultSet"]["Rows"]
        assert result[1]["Data"][0]["VarCharValue"] == str(number + 3)
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= before
