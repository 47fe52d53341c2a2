"""A warehouse on moto's S3 and Glue, and queries of it through Athena's operations."""

import itertools
import time
from typing import Any

import pytest
from moto.athena.models import athena_backends
from moto.glue.models import glue_backends
from moto.s3.models import s3_backends

from corral.local.server.athena import handle
from corral.local.server.core import AwsError, Call, Caller, HttpRequest, LocalAws

REGION = "eu-west-1"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
JSON = "org.openx.data.jsonserde.JsonSerDe"
_accounts = itertools.count(300000000000)


class Warehouse:
    """One account with a workgroup `w`, a bucket, and a database `sales`."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.denied: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.aws: Any = LocalAws(account, REGION, "http://127.0.0.1:9", *[None] * 6)  # type: ignore[arg-type]
        self.aws.authorize = self._authorize
        self.bucket = f"warehouse-{account}"
        self.s3 = s3_backends[account]["aws"]
        self.s3.create_bucket(self.bucket, REGION)
        self.glue = glue_backends[account][REGION]
        self.glue.create_database("sales", {"Name": "sales"})
        self.athena = athena_backends[account][REGION]
        location = {"OutputLocation": f"s3://{self.bucket}/results/"}
        self.athena.create_work_group("w", {"ResultConfiguration": location}, "", [])

    def _authorize(
        self, caller: Caller, action: str, resource_arn: str, resource_policy: Any = None, context: Any = None
    ) -> None:
        self.asked.append((action, resource_arn))
        if {action, resource_arn} & self.denied:
            message = f"not authorized to perform: {action} on {resource_arn}"
            raise AwsError("AccessDeniedException", message, 403)

    def table(
        self,
        name: str,
        columns: dict[str, str],
        files: dict[str, bytes],
        serde: str = OPEN_CSV,
        serde_parameters: dict[str, str] | None = None,
        **parameters: str,
    ) -> None:
        for key, data in files.items():
            self.s3.put_object(self.bucket, f"tables/{name}/{key}", data)
        storage = {
            "Columns": [{"Name": key, "Type": kind} for key, kind in columns.items()],
            "Location": f"s3://{self.bucket}/tables/{name}/",
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": serde_parameters or {}},
        }
        given = {key.replace("_", "."): value for key, value in parameters.items()}
        table = {"Name": name, "StorageDescriptor": storage, "Parameters": given}
        self.glue.create_table("sales", name, table | {"TableType": "EXTERNAL_TABLE"})

    def stored(self, key: str) -> bytes:
        found = self.s3.get_object(self.bucket, key)
        assert found is not None
        content: bytes = found.value
        return content

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        arn = f"arn:aws:sts::{self.account}:assumed-role/reader/me"
        caller = Caller(arn, self.account, "ASIA", f"arn:aws:iam::{self.account}:role/reader")
        http = HttpRequest("POST", "/", {}, {}, b"")
        return handle(Call("athena", operation, params, caller, self.aws, "request", http))

    def start(self, sql: str, database: str | None = "sales", **more: Any) -> str:
        context = {"Catalog": "AwsDataCatalog"} | ({"Database": database} if database else {})
        params = {"QueryString": sql, "QueryExecutionContext": context, "WorkGroup": "w"} | more
        query_id: str = self.call("StartQueryExecution", **params)["QueryExecutionId"]
        return query_id

    def wait(self, query_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            execution: dict[str, Any] = self.call("GetQueryExecution", QueryExecutionId=query_id)[
                "QueryExecution"
            ]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return execution
            time.sleep(0.01)
        raise AssertionError("the query did not end")

    def rows(self, sql: str, **more: Any) -> list[list[str | None]]:
        """Run a query and return its rows, the header apart."""
        query_id = self.start(sql, **more)
        execution = self.wait(query_id)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        answered = self.call("GetQueryResults", QueryExecutionId=query_id)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in answered][1:]

    def failure(self, sql: str, **more: Any) -> str:
        """Run a query that must fail and return the reason."""
        status = self.wait(self.start(sql, **more))["Status"]
        assert status["State"] == "FAILED", status
        reason: str = status["StateChangeReason"]
        return reason


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse(str(next(_accounts)))


@pytest.fixture
def orders(warehouse: Warehouse) -> Warehouse:
    columns = {"id": "bigint", "customer": "string", "amount": "double", "paid": "boolean"}
    data = b'id,customer,amount,paid\n1,"Smith, ""Jo""",12.5,true\n2,Lee,3,false\n3,Lee,1e10,true\n'
    warehouse.table("orders", columns, {"a.csv": data}, skip_header_line_count="1")
    return warehouse
