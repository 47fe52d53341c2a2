"""Query executions: their states, the threads that run them, and where their results go.

They live as long as moto's Athena backend of the account and region.
"""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import duckdb
from moto.athena.models import AthenaBackend
from moto.s3.models import s3_backends

from corral.local.server.athena import engine
from corral.local.server.athena.engine import Query, Result
from corral.local.server.athena.tables import QueryError
from corral.local.server.core import AwsError, Caller, LocalAws

AT_ONCE = 4
QUERY_SECONDS = 120.0  # AWS's default for a query is 30 minutes
_OVER_CUTOFF = "Bytes scanned limit was exceeded"


@dataclass
class Execution:
    """One query from submission to its end."""

    query: Query
    workgroup: str
    output: str  # s3://bucket/prefix/<id>.csv
    id: str
    submitted: datetime = field(default_factory=lambda: datetime.now(UTC))
    state: str = "QUEUED"
    reason: str | None = None
    completed: datetime | None = None
    run_ms: int = 0
    result: Result = field(default_factory=Result)
    connection: duckdb.DuckDBPyConnection | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    wake: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def describe(self) -> dict[str, Any]:
        """Return it as Athena's QueryExecution."""
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.completed is not None:
            status["CompletionDateTime"] = self.completed
        if self.reason is not None:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            status["AthenaError"] = {
                "ErrorCategory": 2,  # the user's, as against the system's
                "ErrorMessage": self.reason,
                "Retryable": False,
            }
        described: dict[str, Any] = {
            "QueryExecutionId": self.id,
            "Query": self.query.sql,
            "StatementType": "DML",
            "ResultConfiguration": {"OutputLocation": self.output},
            "QueryExecutionContext": {"Catalog": "awsdatacatalog"},
            "Status": status,
            "Statistics": {
                "EngineExecutionTimeInMillis": self.run_ms,
                "DataScannedInBytes": self.result.scanned,
                "TotalExecutionTimeInMillis": self.run_ms,
                "QueryQueueTimeInMillis": 0,
            },
            "WorkGroup": self.workgroup,
            "EngineVersion": {"EffectiveEngineVersion": f"DuckDB {duckdb.__version__} (local)"},
        }
        if self.query.database is not None:
            described["QueryExecutionContext"]["Database"] = self.query.database
        if self.query.parameters:
            described["ExecutionParameters"] = list(self.query.parameters)
        return described

    def cancel(self) -> None:
        """Ask the query to stop, and wait a moment for it. One that has ended stays as it ended."""
        self.stop.set()
        self.wake.set()
        self.done.wait(2)


class Executions:
    """All executions of one account and region."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, Execution] = {}
        self._by_token: dict[str, Execution] = {}
        self._slots = threading.BoundedSemaphore(AT_ONCE)

    def start(self, query: Query, workgroup: str, location: str, token: str | None) -> Execution:
        """Start a query; the same token again returns the execution it started."""
        with self._lock:
            if token is not None and (known := self._by_token.get(token)) is not None:
                if known.query.sql != query.sql:
                    raise AwsError("InvalidRequestException", "Idempotent parameters do not match")
                return known
            query_id = str(uuid.uuid4())
            output = f"{location.rstrip('/')}/{query_id}.csv"
            execution = Execution(query, workgroup, output, query_id)
            self._by_id[query_id] = execution
            if token is not None:
                self._by_token[token] = execution
        for work in (self._run, _watch):
            threading.Thread(target=work, args=(execution,), name="athena", daemon=True).start()
        return execution

    def get(self, query_id: str) -> Execution:
        """Return an execution; AwsError InvalidRequestException when there is none of that id."""
        with self._lock:
            execution = self._by_id.get(query_id)
        if execution is None:
            raise AwsError("InvalidRequestException", f"QueryExecution {query_id} was not found")
        return execution

    def of_workgroup(self, workgroup: str) -> list[str]:
        """Return the ids of a workgroup's executions, newest first."""
        with self._lock:
            found = [each.id for each in self._by_id.values() if each.workgroup == workgroup]
        return found[::-1]

    def _run(self, execution: Execution) -> None:
        with self._slots:
            began = time.monotonic()
            state, reason = "SUCCEEDED", None
            try:
                if execution.stop.is_set():
                    raise duckdb.InterruptException
                execution.state = "RUNNING"

                def running(connection: duckdb.DuckDBPyConnection) -> None:
                    execution.connection = connection

                result = engine.run(execution.query, running)
                _write(execution, result)
                execution.result = result
            except duckdb.InterruptException:
                stopped = execution.stop.is_set()
                state, reason = ("CANCELLED", None) if stopped else ("FAILED", "Query timeout")
            except QueryError as error:
                reason = str(error)
                state = "CANCELLED" if reason == _OVER_CUTOFF else "FAILED"
            except Exception as error:
                state, reason = "FAILED", f"INTERNAL_ERROR_QUERY_ENGINE: the local Athena failed: {error!r}"
            execution.connection = None
            execution.run_ms = int((time.monotonic() - began) * 1000)
            execution.completed = datetime.now(UTC)
            execution.reason = reason
            execution.state = state
            execution.done.set()
            execution.wake.set()


_all: WeakKeyDictionary[AthenaBackend, Executions] = WeakKeyDictionary()
_all_lock = threading.Lock()


def executions(backend: AthenaBackend) -> Executions:
    """Return the executions that belong to a backend of moto's."""
    with _all_lock:
        return _all.setdefault(backend, Executions())


def check_object(aws: LocalAws, caller: Caller, action: str, location: str) -> None:
    """Raise AwsError unless the caller may do something with a result object."""
    bucket_name, _, key = location.removeprefix("s3://").partition("/")
    with aws.moto_lock:
        bucket = s3_backends[aws.account]["aws"].buckets.get(bucket_name)
        policy = bucket.policy.decode() if bucket is not None and bucket.policy else None
    aws.authorize(caller, action, f"arn:aws:s3:::{bucket_name}/{key}", policy)


def _watch(execution: Execution) -> None:
    """Interrupt a query that was stopped or has run too long, until it has ended."""
    execution.wake.wait(QUERY_SECONDS)
    while not execution.done.is_set():
        connection = execution.connection
        if connection is not None:
            connection.interrupt()
        execution.done.wait(0.05)


def _write(execution: Execution, result: Result) -> None:
    """Put the result and a description of its columns where the workgroup says, as the caller."""
    query = execution.query
    try:
        check_object(query.aws, query.caller, "s3:PutObject", execution.output)
    except AwsError as error:
        raise QueryError(f"PERMISSION_DENIED: Access denied when writing output: {error.message}") from None
    bucket, _, key = execution.output.removeprefix("s3://").partition("/")
    text = io.StringIO()
    names = [column["Name"] for column in result.columns]
    text.write(_line(names))
    for row in result.rows:
        text.write(_line(row))
    with query.aws.moto_lock:
        s3 = s3_backends[query.aws.account]["aws"]
        s3.put_object(bucket, key, text.getvalue().encode())
        s3.put_object(bucket, f"{key}.metadata", json.dumps({"ColumnInfo": result.columns}).encode())


def _line(row: list[str | None]) -> str:
    """Return a CSV line as Athena writes it: every value in quotes, nothing at all for NULL."""
    quoted = ("" if each is None else '"' + each.replace('"', '""') + '"' for each in row)
    return ",".join(quoted) + "\n"
