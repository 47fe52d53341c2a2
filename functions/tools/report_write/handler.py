"""report-write: stores a report together with the queries that its numbers come from."""

import os

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from functions.common.aws import client, error_code
from functions.common.tool import Arguments, RefusalError, Result, tool
from functions.common.warehouse import database_of, team_of
from functions.tools.report_write.citations import check_body, check_title
from functions.tools.report_write.document import key, render
from functions.tools.report_write.queries import cited

MAX_TITLE, MAX_BODY, MAX_QUERIES = 120, 20_000, 20
APPENDIX = "where the numbers come from"


@tool("team", "domain", "title", "body", "query_ids")
def handler(arguments: Arguments, context: LambdaContext) -> Result:
    """Check a report and its queries, and store it; one that is stored already stays as it is."""
    team = team_of(arguments)
    domain = arguments.text("domain", max_length=32)
    title = arguments.text("title", max_length=MAX_TITLE)
    body = arguments.text("body", max_length=MAX_BODY).replace("\r\n", "\n")
    ids = arguments.texts("query_ids", at_most=MAX_QUERIES, max_length=64)
    database = database_of(domain)
    check_title(title)
    if APPENDIX in " ".join(body.lower().split()):
        raise RefusalError("bad_arguments", f'Leave out the section "{APPENDIX}": this tool writes it.')
    check_body(body, len(ids))
    queries = cited(ids, team, database)
    bucket, name = os.environ["REPORTS_BUCKET"], key(team, domain, title, body, queries)
    try:
        client("s3").put_object(
            Bucket=bucket,
            Key=name,
            Body=render(team, domain, title, body, queries).encode(),
            ContentType="text/markdown; charset=utf-8",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error_code(error) != "PreconditionFailed":  # that one says: there already
            raise
    return {
        "report_id": name,
        "uri": f"s3://{bucket}/{name}",
        "queries": [
            {
                "citation": f"q{number}",
                "query_id": query.id,
                "run_at": query.run_at.isoformat(timespec="seconds"),
            }
            for number, query in enumerate(queries, start=1)
        ],
    }
