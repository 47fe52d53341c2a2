"""One query in Athena: started, waited for, stopped if late, its first rows read."""

import os
import re
import time
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from functions.common.aws import client
from functions.common.tool import RefusalError

logger = Logger()

MAX_ROWS = 200
MAX_CELL_CHARACTERS = 500
MAX_ANSWER_CHARACTERS = 100_000  # what a model can take in; a wide table reaches this before 200 rows
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.2, 2.0
_INTEGERS = ("tinyint", "smallint", "integer", "bigint")
_FLOATS = ("float", "real", "double")
# What Athena says of a statement before it reads a row of any table.
_BEFORE_READING = (
    *("SYNTAX_ERROR", "TABLE_NOT_FOUND", "COLUMN_NOT_FOUND", "FUNCTION_NOT_FOUND", "TYPE_MISMATCH"),
    *("AMBIGUOUS_NAME", "EXPRESSION_NOT_AGGREGATE", "EXPRESSION_NOT_SCALAR", "MISSING_COLUMN_NAME"),
    *("MISSING_COLUMN_ALIASES", "MISMATCHED_COLUMN_ALIASES", "MISSING_GROUP_BY", "NESTED_AGGREGATION"),
    *("NESTED_WINDOW", "MISSING_OVER", "INVALID_COLUMN_REFERENCE", "DUPLICATE_NAMED_QUERY"),
)


@dataclass(frozen=True)
class Answer:
    """The first rows of a result. `truncated`: there were more, or a text in them was cut."""

    query_id: str
    columns: list[str]
    rows: list[list[Any]]
    truncated: bool


def run(sql: str, database: str, seconds: float, *, discreet: bool = False) -> Answer:
    """Run a statement that was checked, for at most `seconds`. RefusalError if it fails or takes longer.

    `discreet`: a reason that may quote a value of a row, which need not be the caller's, is kept back.
    """
    athena = client("athena")
    query = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": database, "Catalog": "AwsDataCatalog"},
        WorkGroup=os.environ["ATHENA_WORKGROUP"],
    )["QueryExecutionId"]
    try:
        _wait(athena, query, time.monotonic() + seconds, discreet)
    except BaseException:
        # Whatever went wrong, nobody waits for this query any more. Stopping one that has ended changes
        # nothing.
        athena.stop_query_execution(QueryExecutionId=query)
        raise
    return _read(athena, query)


def _wait(athena: Any, query: str, deadline: float, discreet: bool) -> None:
    pause = _FIRST_WAIT_SECONDS
    while True:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] == "SUCCEEDED":
            return
        if status["State"] in ("FAILED", "CANCELLED"):
            logger.warning("query ended", extra={"query": query, "state": status["State"]})
            reason = _reason(status.get("StateChangeReason", "no reason was given"), discreet)
            raise RefusalError("query_failed", f"The query did not run: {reason}. Change it and try again.")
        if time.monotonic() + pause > deadline:
            logger.warning("query stopped", extra={"query": query})
            raise RefusalError(
                "too_slow",
                "The query took too long and was stopped. Read less: filter by date, or group and add up.",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_WAIT_SECONDS)


def _reason(text: str, discreet: bool) -> str:
    kind = re.match(r"[A-Z_]+(?=:)", text)
    if discreet and (kind is None or kind[0] not in _BEFORE_READING):
        name = kind[0] if kind else "a failure"
        return f"{name} while it read rows, a value or a division that does not work (no more is told here)"
    return " ".join(text.split())[:300]


def _read(athena: Any, query: str) -> Answer:
    # One page: the line of column names, the rows, and one more that tells whether there are more.
    result = athena.get_query_results(QueryExecutionId=query, MaxResults=MAX_ROWS + 2)
    described = result["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    lines = result["ResultSet"]["Rows"][1:]
    truncated = len(lines) > MAX_ROWS or "NextToken" in result
    rows: list[list[Any]] = []
    characters = 0
    for line in lines[:MAX_ROWS]:
        texts = [cell.get("VarCharValue") for cell in line["Data"]]
        cut = [text and text[:MAX_CELL_CHARACTERS] for text in texts]
        characters += sum(len(text or "") for text in cut)
        if characters > MAX_ANSWER_CHARACTERS:
            truncated = True
            break
        truncated = truncated or cut != texts
        rows.append([_value(text, column["Type"]) for text, column in zip(cut, described, strict=True)])
    return Answer(query, [column["Name"] for column in described], rows, truncated)


def _value(text: str | None, column_type: str) -> Any:
    """Return a cell as JSON has it. Decimals stay texts, to the last digit, and so do NaN and infinity."""
    if text is None:
        return None
    if column_type in _INTEGERS:
        return int(text)
    if column_type in _FLOATS and text.lstrip("-") not in ("NaN", "Infinity"):
        return float(text)
    if column_type == "boolean":
        return text == "true"
    return text
