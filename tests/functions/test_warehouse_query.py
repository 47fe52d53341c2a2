"""warehouse-query runs a checked statement in Athena, in time, and brings back the first rows.

botocore's Stubber stands in for Athena: it checks every request against the service's model.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from functions.common import aws
from functions.tools.warehouse_query import athena
from functions.tools.warehouse_query.handler import handler

CALL = {"team": "sales", "domain": "sales-orders", "sql": "SELECT id, total FROM orders -- all"}
OF_HR = {"team": "sales", "domain": "hr-people", "sql": "SELECT id, total FROM orders -- all"}
ID = "0d2ac1a6-6f4f-4ba0-9d4a-1f0b2f7c1c11"
OWN_ROWS = 'WITH orders AS (SELECT * FROM "corral_dev_sales_orders"."orders" WHERE "team" = \'sales\')'


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    monkeypatch.setattr(athena, "_FIRST_WAIT_SECONDS", 0.001)
    with Stubber(aws.client("athena")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def started(stub: Stubber, own_rows: str = f"{OWN_ROWS} ", database: str = "corral_dev_sales_orders") -> None:
    stub.add_response(
        "start_query_execution",
        {"QueryExecutionId": ID},
        {
            "QueryString": f"/* corral: run for team sales */ {own_rows}SELECT id, total FROM orders",
            "QueryExecutionContext": {"Database": database, "Catalog": "AwsDataCatalog"},
            "WorkGroup": "warehouse",
        },
    )


def state(stub: Stubber, name: str, reason: str | None = None) -> None:
    status = {"State": name, **({"StateChangeReason": reason} if reason else {})}
    stub.add_response("get_query_execution", {"QueryExecution": {"Status": status}}, {"QueryExecutionId": ID})


def stopped(stub: Stubber) -> None:
    stub.add_response("stop_query_execution", {}, {"QueryExecutionId": ID})


def results(stub: Stubber, columns: dict[str, str], rows: list[list[str | None]], more: bool = False) -> None:
    def line(cells: list[str | None]) -> dict[str, Any]:
        return {"Data": [{} if cell is None else {"VarCharValue": cell} for cell in cells]}

    answer: dict[str, Any] = {
        "ResultSet": {
            "Rows": [line(list(columns)), *map(line, rows)],
            "ResultSetMetadata": {"ColumnInfo": [{"Name": n, "Type": t} for n, t in columns.items()]},
        }
    }
    if more:
        answer["NextToken"] = "next"
    stub.add_response("get_query_results", answer, {"QueryExecutionId": ID, "MaxResults": 202})


def test_rows_come_with_their_types(stub: Stubber, context: Any) -> None:
    started(stub)
    state(stub, "QUEUED")
    state(stub, "RUNNING")
    state(stub, "SUCCEEDED")
    columns = {"id": "bigint", "total": "double", "paid": "boolean", "price": "decimal", "note": "varchar"}
    results(stub, columns, [["7", "1.5", "true", "9.90", "x"], [None, "NaN", "false", None, ""]])
    assert handler(CALL, context) == {
        "columns": ["id", "total", "paid", "price", "note"],
        "rows": [[7, 1.5, True, "9.90", "x"], [None, "NaN", False, None, ""]],
        "row_count": 2,
        "truncated": False,
        "query_id": ID,
    }


@pytest.mark.parametrize(("found", "truncated"), [(200, False), (201, True)])
def test_no_more_than_200_rows(stub: Stubber, context: Any, found: int, truncated: bool) -> None:
    started(stub)
    state(stub, "SUCCEEDED")
    results(stub, {"id": "bigint"}, [[str(n)] for n in range(found)], more=found > 200)
    answer = handler(CALL, context)
    assert (answer["row_count"], len(answer["rows"]), answer["truncated"]) == (200, 200, truncated)


def test_long_texts_and_wide_tables_are_cut_and_said_to_be(stub: Stubber, context: Any) -> None:
    started(stub)
    state(stub, "SUCCEEDED")
    names = {f"c{n}": "varchar" for n in range(50)}
    results(stub, names, [["y" * 600] * 50] * 10)
    answer = handler(CALL, context)
    assert answer["truncated"] is True
    assert {len(cell) for row in answer["rows"] for cell in row} == {athena.MAX_CELL_CHARACTERS}
    assert answer["row_count"] == athena.MAX_ANSWER_CHARACTERS // (50 * athena.MAX_CELL_CHARACTERS)


def test_a_query_that_takes_too_long_is_stopped(stub: Stubber, context: Any) -> None:
    context.seconds = 5.0  # all of it kept back for the answer
    started(stub)
    state(stub, "RUNNING")
    stopped(stub)
    assert handler(CALL, context)["error"]["code"] == "too_slow"


def test_a_query_that_fails_says_why(stub: Stubber, context: Any) -> None:
    started(stub)
    state(stub, "FAILED", "COLUMN_NOT_FOUND: line 1:8:\n Column 'totl' cannot be resolved")
    stopped(stub)
    error = handler(CALL, context)["error"]
    assert error["code"] == "query_failed"
    assert "Column 'totl' cannot be resolved" in error["message"]


@pytest.mark.parametrize(
    "reason",
    [
        "INVALID_CAST_ARGUMENT: Cannot cast 'a secret of finance' to INT",
        "GENERIC_USER_ERROR: a secret of finance",
        "a secret of finance",
        "DIVISION_BY_ZERO",
    ],
)
def test_a_reason_that_may_quote_another_teams_row_is_kept_back(
    stub: Stubber, context: Any, reason: str
) -> None:
    started(stub)
    state(stub, "FAILED", reason)
    stopped(stub)
    error = handler(CALL, context)["error"]
    assert error["code"] == "query_failed"
    assert "secret" not in error["message"]
    assert "no more is told" in error["message"]


def test_where_all_rows_may_be_seen_the_whole_reason_is_told(stub: Stubber, context: Any) -> None:
    started(stub, "", "corral_dev_hr")
    state(stub, "FAILED", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to INT")
    stopped(stub)
    assert "Cannot cast 'x' to INT" in handler(OF_HR, context)["error"]["message"]


@pytest.mark.parametrize("variable", [None, "{}", '{"hr-people": {}}'])
def test_without_knowing_the_team_columns_nothing_is_read(
    stub: Stubber, context: Any, monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    if variable is None:
        monkeypatch.delenv("WAREHOUSE_TEAM_COLUMNS")
    else:
        monkeypatch.setenv("WAREHOUSE_TEAM_COLUMNS", variable)
    with pytest.raises(KeyError):
        handler(CALL, context)


def test_a_query_whose_state_cannot_be_read_is_stopped_and_is_a_fault(stub: Stubber, context: Any) -> None:
    started(stub)
    stub.add_client_error("get_query_execution", "AccessDeniedException", http_status_code=400)
    stopped(stub)
    with pytest.raises(Exception, match="AccessDenied"):
        handler(CALL, context)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sql": "DROP TABLE orders"}, "not_a_read"),
        ({"sql": "SELECT * FROM corral_dev_hr.people"}, "other_database"),
        ({"sql": "SELECT 1; SELECT 2"}, "bad_sql"),
        ({"domain": "no-such"}, "unknown_domain"),
        ({"sql": "SELECT * FROM corral_dev_sales_orders.orders"}, "other_database"),
        ({"team": "Sales"}, "bad_arguments"),
        ({"team": "sales' OR '1' = '1"}, "bad_arguments"),
        ({"team": "a */ SELECT"}, "bad_arguments"),
        ({"sql": "SELECT " + "1," * 6000 + "1"}, "bad_arguments"),
    ],
)
def test_what_is_refused_never_reaches_athena(
    stub: Stubber, context: Any, change: dict[str, str], code: str
) -> None:
    assert handler({**CALL, **change}, context)["error"]["code"] == code
