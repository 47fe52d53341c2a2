"""warehouse-query: one read-only SQL query over the tables of one data domain, for one team."""

import json
import os

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.tool import Arguments, Result, tool
from functions.common.warehouse import database_of, databases, marked, team_of
from functions.tools.warehouse_query.athena import run
from functions.tools.warehouse_query.rows import own_rows
from functions.tools.warehouse_query.statement import MAX_CHARACTERS, checked

_SECONDS_TO_ANSWER = 5  # kept back from the function's time, for stopping a query or reading its result


@tool("team", "domain", "sql")
def handler(arguments: Arguments, context: LambdaContext) -> Result:
    """Check a statement, hold it to the team's rows, run it, and return its first rows."""
    team = team_of(arguments)
    domain = arguments.text("domain", max_length=32)
    sql = arguments.text("sql", max_length=MAX_CHARACTERS)
    database = database_of(domain)
    # Every domain with tables is in it: without its entry nothing is read.
    team_columns: dict[str, str] = json.loads(os.environ["WAREHOUSE_TEAM_COLUMNS"])[domain]
    statement = checked(sql, database, others=databases().values())
    statement = marked(own_rows(statement, database, team_columns, team), team)
    seconds = context.get_remaining_time_in_millis() / 1000 - _SECONDS_TO_ANSWER
    answer = run(statement, database, seconds, discreet=bool(team_columns))
    return {
        "columns": answer.columns,
        "rows": answer.rows,
        "row_count": len(answer.rows),
        "truncated": answer.truncated,
        "query_id": answer.query_id,
    }
