"""The audit lake on moto's S3 and Glue, with tables as they are deployed and the records of `records/`."""

import gzip
import itertools
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.audit_tables import DECISION_COLUMNS, TRAIL_COLUMNS
from corral.audit.library import find
from corral.audit.period import Period
from corral.local.server.athena.json_files import CLOUDTRAIL
from tests.local.athena.conftest import JSON, Warehouse

RECORDS = Path(__file__).parent / "records"
USUAL = {
    "environment": "dev",
    "tools": "knowledge-search,refund-issue,ticket-create,web-search",
    "grants": "sales/account-scout:knowledge-search,sales/account-scout:web-search,support/helpdesk:refund-issue",
}
NOVEMBER = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
_accounts = itertools.count(500000000000)


class Lake(Warehouse):
    """Trail and decision records, and the saved queries over them."""

    def fill(self, trail: Iterable[Mapping[str, Any]], decisions: Iterable[Mapping[str, Any]]) -> None:
        """Make the tables, with each record in an object of its own in the folder of its day."""
        self._make(
            "trail", TRAIL_COLUMNS, "logs/${region}/${day}", "yyyy/MM/dd", ["region", "day"], CLOUDTRAIL
        )
        self._make("decisions", DECISION_COLUMNS, "decisions/dt=${day}", "yyyy-MM-dd", ["day"], "text")
        for number, record in enumerate(trail):
            day = record["eventTime"][:10].replace("-", "/")
            body = json.dumps({"Records": [record]}).encode()
            self.s3.put_object(self.bucket, f"logs/us-east-1/{day}/{number}.json.gz", gzip.compress(body))
        for number, record in enumerate(decisions):
            body = json.dumps(record).encode() + b"\n"
            self.s3.put_object(
                self.bucket, f"decisions/dt={record['time'][:10]}/{number}.gz", gzip.compress(body)
            )

    def ask(self, query: str, period: Period = NOVEMBER, **given: str) -> list[dict[str, str | None]]:
        """Run a saved query; its rows by column."""
        names, *rows = self.select(find(query).sql({**USUAL, **period.parameters()}, given))
        return [dict(zip(map(str, names), row, strict=True)) for row in rows]

    def select(self, sql: str) -> list[list[str | None]]:
        """Run a SELECT; the columns' names, then each row's values as texts."""
        query_id = self.start(sql)
        status = self.wait(query_id)["Status"]
        assert status["State"] == "SUCCEEDED", status
        rows = self.call("GetQueryResults", QueryExecutionId=query_id)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]

    def _make(
        self, name: str, columns: Mapping[str, str], path: str, form: str, keys: list[str], input_format: str
    ) -> None:
        parameters = {
            "projection.enabled": "true",
            "projection.day.type": "date",
            "projection.day.format": form,
            "projection.day.range": "NOW-4000DAYS,NOW+4000DAYS",
            "projection.region.type": "enum",
            "projection.region.values": "us-east-1,eu-west-1",
            "storage.location.template": f"s3://{self.bucket}/{path}",
        }
        storage = {
            "Columns": [{"Name": column, "Type": kind} for column, kind in columns.items()],
            "Location": f"s3://{self.bucket}/{path.partition('/')[0]}/",
            "InputFormat": input_format,
            "SerdeInfo": {"SerializationLibrary": JSON},
        }
        table = {"Name": name, "StorageDescriptor": storage, "Parameters": parameters}
        self.glue.create_table(
            "sales", name, table | {"PartitionKeys": [{"Name": k, "Type": "string"} for k in keys]}
        )


def trail_records() -> list[dict[str, Any]]:
    """Records in AWS's documented form, with this platform's names."""
    records: list[dict[str, Any]] = json.loads((RECORDS / "trail.json").read_text())["Records"]
    return records


def decision_records() -> list[dict[str, Any]]:
    """Records as the supervisor writes them."""
    return [json.loads(line) for line in (RECORDS / "decisions.jsonl").read_text().splitlines()]


def another_lake() -> Lake:
    """An empty one."""
    return Lake(str(next(_accounts)))


@pytest.fixture(scope="session")
def lake() -> Lake:
    """Read only: all records."""
    made = another_lake()
    made.fill(trail_records(), decision_records())
    return made
