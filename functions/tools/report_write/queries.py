"""The queries that a report cites, as Athena has them: run to their end, here, for this team, on this domain."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from functions.common.aws import client, error_code
from functions.common.tool import RefusalError
from functions.common.warehouse import is_marked

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Query:
    """A query that a report may cite. `sql` is the text that Athena ran."""

    id: str
    sql: str
    run_at: datetime


def cited(ids: Sequence[str], team: str, database: str) -> list[Query]:
    """Look the queries up. RefusalError for one that is not this team's, or not of this database."""
    return [_look_up(query, f"q{number}", team, database) for number, query in enumerate(ids, start=1)]


def _look_up(query: str, citation: str, team: str, database: str) -> Query:
    # One answer for every query that the caller has no part in: it tells nothing of what others run.
    unknown = RefusalError(
        "unknown_query",
        f"{citation}, {query!r}, is no query that warehouse-query ran for your team in this domain. "
        "Give the query_id of an answer that you got, unchanged.",
    )
    if not _ID.fullmatch(query):
        raise unknown
    try:
        found = client("athena").get_query_execution(QueryExecutionId=query)["QueryExecution"]
    except ClientError as error:
        if error_code(error) == "InvalidRequestException":
            raise unknown from None
        raise
    known = (
        found["WorkGroup"] == os.environ["ATHENA_WORKGROUP"]
        and found["QueryExecutionContext"].get("Database") == database
        and is_marked(found["Query"], team)
    )
    if not known:
        raise unknown
    status = found["Status"]
    if status["State"] != "SUCCEEDED":
        raise RefusalError(
            "query_not_done",
            f"{citation}, {query}, ended as {status['State']}: it gave no numbers. Run it again and cite that one.",
        )
    return Query(query, found["Query"], status["CompletionDateTime"].astimezone(UTC))
