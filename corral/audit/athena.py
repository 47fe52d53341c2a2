"""Runs a query in an Athena workgroup and reads its result: in an AWS account and on the local AWS alike."""

import csv
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

csv.field_size_limit(64 * 1024 * 1024)  # a text in a record may be longer than the module's own 128 KiB
_PAUSE_SECONDS = (0.05, 1.0)  # between two looks at a query that runs: at first, at most
_WAIT_SECONDS = 1800  # what Athena itself gives a query
_NUMBERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    **dict.fromkeys(("double", "float"), float),
    "boolean": lambda text: text == "true",
}


class AthenaError(Exception):
    """A query gave no result. The text says why."""


@dataclass(frozen=True)
class Rows:
    """A result: the columns' names, and each row's values, None where there is none."""

    columns: list[str]
    values: list[list[Any]]
    scanned_bytes: int = 0

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return the rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.values]


@dataclass(frozen=True)
class Lake:
    """Where the records of an environment are queried."""

    session: boto3.Session
    endpoint: str | None  # None is AWS's own
    workgroup: str
    database: str

    def client(self, service: str) -> Any:
        """Return a client of a service there."""
        return self.session.client(service, endpoint_url=self.endpoint)

    def run(self, sql: str) -> Rows:
        """Run a SELECT to its end. Raises AthenaError."""
        try:
            return self._run(sql)
        except (BotoCoreError, ClientError) as error:
            raise AthenaError(self._worded(error)) from error

    def _run(self, sql: str) -> Rows:
        athena = self.client("athena")
        query_id = athena.start_query_execution(
            QueryString=sql, WorkGroup=self.workgroup, QueryExecutionContext={"Database": self.database}
        )["QueryExecutionId"]
        execution = self._ended(athena, query_id)
        status = execution["Status"]
        if status["State"] != "SUCCEEDED":
            why = status.get("StateChangeReason") or "it was stopped"
            raise AthenaError(f"Athena did not answer query {query_id}: {why}")
        shown = athena.get_query_results(QueryExecutionId=query_id, MaxResults=1)["ResultSet"]
        kinds = [column["Type"] for column in shown["ResultSetMetadata"]["ColumnInfo"]]
        # The object has all rows at once, which the API has a thousand at a time.
        bucket, _, key = (
            execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
        )
        body = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        return read_rows(body, kinds, execution["Statistics"].get("DataScannedInBytes", 0))

    def _ended(self, athena: Any, query_id: str) -> dict[str, Any]:
        pause, most = _PAUSE_SECONDS
        deadline = time.monotonic() + _WAIT_SECONDS
        try:
            while time.monotonic() < deadline:
                execution: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query_id)[
                    "QueryExecution"
                ]
                if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                    return execution
                time.sleep(pause)
                pause = min(pause * 2, most)
        except KeyboardInterrupt:
            athena.stop_query_execution(QueryExecutionId=query_id)
            raise
        raise AthenaError(f"query {query_id} did not end within {_WAIT_SECONDS} s")

    def _worded(self, error: BotoCoreError | ClientError) -> str:
        if not isinstance(error, ClientError):
            return f"AWS cannot be asked: {error}"
        said = error.response.get("Error", {})
        code, message = said.get("Code", ""), said.get("Message", str(error))
        if "WorkGroup" in message and "not found" in message:
            return (
                f"there is no Athena workgroup {self.workgroup} in this account and region: deploy the platform first, "
                "or use credentials of the account it is in"
            )
        if code.startswith("AccessDenied"):
            return f"not allowed: {message}. Auditors' role may query (output auditor_role_arn)."
        return f"{code}: {message}"


def read_rows(body: str, kinds: list[str], scanned_bytes: int = 0) -> Rows:
    """Read a result as Athena writes it, in CSV. `kinds` are the columns' types.

    It has nothing at all for NULL, which reads like an empty text.
    """
    columns, *rows = csv.reader(io.StringIO(body, newline=""))
    if not any(kind in _NUMBERS for kind in kinds):
        return Rows(columns, [[text or None for text in row] for row in rows], scanned_bytes)
    readers = [_NUMBERS.get(kind, str) for kind in kinds]
    values = [
        [None if text == "" else read(text) for text, read in zip(row, readers, strict=True)] for row in rows
    ]
    return Rows(columns, values, scanned_bytes)
