"""warehouse-query: one read-only SQL query over the tables of one data domain."""

import json
import os

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.tool import Arguments, RefusalError, Result, tool
from functions.tools.warehouse_query.athena import run
from functions.tools.warehouse_query.statement import MAX_CHARACTERS, checked

_SECONDS_TO_ANSWER = 5  # kept back from the function's time, for stopping a query or reading its result


@tool("domain", "sql")
def handler(arguments: Arguments, context: LambdaContext) -> Result:
    """Check a statement, run it, and return its first rows."""
    databases: dict[str, str] = json.loads(os.environ["WAREHOUSE_DATABASES"])
    domain = arguments.text("domain", max_length=32)
    sql = arguments.text("sql", max_length=MAX_CHARACTERS)
    if domain not in databases:
        raise RefusalError(
            "unknown_domain",
            f"There is no data domain {domain!r} with tables. Use the domain named in your instructions.",
        )
    database = databases[domain]
    statement = checked(sql, database, others=databases.values())
    seconds = context.get_remaining_time_in_millis() / 1000 - _SECONDS_TO_ANSWER
    answer = run(statement, database, seconds)
    return {
        "columns": answer.columns,
        "rows": answer.rows,
        "row_count": len(answer.rows),
        "truncated": answer.truncated,
    }
