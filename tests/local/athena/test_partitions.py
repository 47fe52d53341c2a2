"""Partition projection, CloudTrail's files, and JSON as Athena's readers take it."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from corral.local.server.athena.json_files import CLOUDTRAIL, fitted
from corral.local.server.athena.projection import Projection
from corral.local.server.core import AwsError
from tests.local.athena.conftest import JSON, OPEN_CSV, Warehouse

DAY = {"projection.day.type": "date", "projection.day.range": "2026/01/01,2026/12/31"}
PARAMETERS = {
    "projection.enabled": "true",
    **DAY,
    "projection.day.format": "yyyy/MM/dd",
    "projection.region.type": "enum",
    "projection.region.values": "eu-west-1,us-east-1",
    "storage.location.template": "s3://b/logs/${region}/${day}",
}


def projection(**changed: str) -> Projection:
    return Projection(["region", "day"], "s3://b/logs/", PARAMETERS | changed)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("logs/us-east-1/2026/11/24/a.json.gz", {"region": "us-east-1", "day": "2026/11/24"}),
        ("logs/us-east-1/2026/11/24", None),
        ("logs/us-east-2/2026/11/24/a", None),
        ("logs/us-east-1/2025/11/24/a", None),
        ("logs/us-east-1/2026/13/24/a", None),
        ("logs/us-east-1/2026-11-24/a", None),
        ("other/us-east-1/2026/11/24/a", None),
    ],
)
def test_an_object_is_in_the_partition_its_key_tells(key: str, values: dict[str, str] | None) -> None:
    assert projection().partition(key) == values


def test_a_range_may_follow_the_calendar_and_hive_names_its_folders_by_itself() -> None:
    parameters = {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": "NOW-2DAYS,NOW",
    }
    made = Projection(["day"], "s3://b/d/", parameters)
    today = datetime.now(UTC)
    inside = [
        bool(made.partition(f"d/day={today - timedelta(days=back):%Y-%m-%d}/x")) for back in (-1, 0, 1, 2, 3)
    ]
    assert inside == [False, True, True, True, False]


@pytest.mark.parametrize(
    "changed",
    [
        {"projection.enabled": "false"},
        {"projection.day.type": "injected"},
        {"projection.day.format": "yyyy/MM/dd/HH"},
    ],
)
def test_what_is_not_known_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"projection"):
        projection(**changed)


def test_json_is_read_whatever_the_case_of_its_keys_and_objects_as_text() -> None:
    columns = [("who", "struct<userName:string,tags:array<string>>"), ("readonly", "string"), ("n", "bigint")]
    record = {"Who": {"UserName": "a", "Tags": ["x", 1], "more": 1}, "readOnly": False, "n": 2, "gone": None}
    [line] = fitted(json.dumps(record).encode(), columns, "", {"day": "1"}).splitlines()
    assert json.loads(line) == {
        "who": {"username": "a", "tags": ["x", "1"]},
        "readonly": "false",
        "n": 2,
        "day": "1",
    }
    both = fitted(json.dumps({"Records": [record, record]}).encode(), columns, CLOUDTRAIL, {}).splitlines()
    assert len(both) == 2
    assert fitted(b'{"n": {"b": [1]}}', [("n", "string")], "", {}) == b'{"n": "{\\"b\\":[1]}"}'


def _partitioned(warehouse: Warehouse, serde: str = JSON) -> None:
    storage: dict[str, Any] = {
        "Columns": [{"Name": "n", "Type": "bigint"}],
        "Location": f"s3://{warehouse.bucket}/logs/",
        "InputFormat": CLOUDTRAIL,
        "SerdeInfo": {"SerializationLibrary": serde},
    }
    template = PARAMETERS["storage.location.template"].replace("//b/", f"//{warehouse.bucket}/")
    warehouse.glue.create_table(
        "sales",
        "logs",
        {
            "Name": "logs",
            "StorageDescriptor": storage,
            "Parameters": PARAMETERS | {"storage.location.template": template},
            "PartitionKeys": [{"Name": "region", "Type": "string"}, {"Name": "day", "Type": "string"}],
        },
    )


def test_a_query_sees_partitions_as_columns(warehouse: Warehouse) -> None:
    _partitioned(warehouse)
    assert warehouse.rows("SELECT count(*) FROM logs WHERE day = '2026/11/24'") == [["0"]]
    for number, place in enumerate(("us-east-1/2026/11/24", "eu-west-1/2026/11/25", "ap-south-1/2026/11/25")):
        body = gzip.compress(json.dumps({"Records": [{"N": number}]}).encode())
        warehouse.s3.put_object(warehouse.bucket, f"logs/{place}/a.json.gz", body)
    assert warehouse.rows("SELECT n, region, day FROM logs ORDER BY n") == [
        ["0", "us-east-1", "2026/11/24"],
        ["1", "eu-west-1", "2026/11/25"],
    ]
    assert warehouse.rows("SELECT n FROM logs WHERE day > replace('2026-11-24', '-', '/')") == [["1"]]
    warehouse.s3.put_object(warehouse.bucket, "logs/us-east-1/2026/11/26/b.json", b'{"Records": 1')
    assert warehouse.failure("SELECT n FROM logs").startswith("HIVE_BAD_DATA: s3://")


def test_a_partitioned_table_of_another_kind_is_refused(warehouse: Warehouse) -> None:
    _partitioned(warehouse, OPEN_CSV)
    assert warehouse.failure("SELECT n FROM logs") == (
        "NOT_SUPPORTED: the local Athena reads partitioned tables of JSON only: logs"
    )


def test_named_queries_are_kept_changed_and_deleted(warehouse: Warehouse) -> None:
    given = {"Name": "who", "Database": "sales", "QueryString": "SELECT 1", "WorkGroup": "w"}
    query_id = warehouse.call("CreateNamedQuery", **given)["NamedQueryId"]
    warehouse.call("UpdateNamedQuery", NamedQueryId=query_id, Name="who", QueryString="SELECT 2")
    found = warehouse.call("GetNamedQuery", NamedQueryId=query_id)["NamedQuery"]
    assert (found["QueryString"], found["WorkGroup"]) == ("SELECT 2", "w")
    several = warehouse.call("BatchGetNamedQuery", NamedQueryIds=[query_id, "none"])
    assert [each["Name"] for each in several["NamedQueries"]] == ["who"]
    assert [each["NamedQueryId"] for each in several["UnprocessedNamedQueryIds"]] == ["none"]
    assert warehouse.call("ListNamedQueries", WorkGroup="w")["NamedQueryIds"] == [query_id]
    warehouse.denied.add("athena:DeleteNamedQuery")
    with pytest.raises(AwsError, match="not authorized"):
        warehouse.call("DeleteNamedQuery", NamedQueryId=query_id)
    warehouse.denied.clear()
    warehouse.call("DeleteNamedQuery", NamedQueryId=query_id)
    with pytest.raises(AwsError, match="was not found"):
        warehouse.call("GetNamedQuery", NamedQueryId=query_id)


def test_more_trino_functions(orders: Warehouse) -> None:
    sql = "SELECT day_of_week(DATE '2026-11-22'), array_join(ARRAY['a', 'b'], ', ')"
    assert orders.rows(sql) == [["7", "a, b"]]
