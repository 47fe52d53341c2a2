"""Athena's operations around a query: workgroups, permissions, lists, errors, and what moto answers."""

from datetime import datetime

import pytest

from corral.local.server.core import AwsError
from tests.local.athena.conftest import REGION, Warehouse


@pytest.mark.parametrize(
    ("action", "refused_at"),
    [
        ("athena:StartQueryExecution", "start"),
        ("glue:GetTable", "Insufficient permissions to execute the query."),
        ("s3:ListBucket", "PERMISSION_DENIED: Access denied when reading data"),
        ("s3:GetObject", "PERMISSION_DENIED: Access denied when reading data"),
        ("s3:PutObject", "PERMISSION_DENIED: Access denied when writing output"),
        ("athena:GetQueryExecution", "get"),
    ],
)
def test_permissions(orders: Warehouse, action: str, refused_at: str) -> None:
    orders.denied.add(action)
    if refused_at in ("start", "get"):
        with pytest.raises(AwsError, match=action) as raised:
            orders.wait(orders.start("SELECT * FROM orders"))
        assert raised.value.code == "AccessDeniedException"
    else:
        assert orders.failure("SELECT * FROM orders").startswith(refused_at)


def test_permissions_name_the_resources(orders: Warehouse) -> None:
    query_id = orders.start("SELECT 1 FROM orders")
    orders.wait(query_id)
    orders.call("GetQueryResults", QueryExecutionId=query_id)
    glue = f"arn:aws:glue:{REGION}:{orders.account}"
    workgroup = f"arn:aws:athena:{REGION}:{orders.account}:workgroup/w"
    result = f"arn:aws:s3:::{orders.bucket}/results/{query_id}.csv"
    assert {
        ("athena:StartQueryExecution", workgroup),
        ("athena:GetQueryExecution", workgroup),
        ("athena:GetQueryResults", workgroup),
        ("glue:GetTable", f"{glue}:catalog"),
        ("glue:GetTable", f"{glue}:database/sales"),
        ("glue:GetTable", f"{glue}:table/sales/orders"),
        ("s3:ListBucket", f"arn:aws:s3:::{orders.bucket}"),
        ("s3:GetObject", f"arn:aws:s3:::{orders.bucket}/tables/orders/a.csv"),
        ("s3:PutObject", result),
        ("s3:GetObject", result),
    } == set(orders.asked)


def test_other_tables_of_the_database_are_not_read(orders: Warehouse) -> None:
    orders.table("secret", {"n": "int"}, {"a": b"1\n"})
    orders.denied.add(f"arn:aws:glue:{REGION}:{orders.account}:table/sales/secret")
    assert orders.rows("SELECT count(*) FROM orders") == [["3"]]
    assert orders.failure("SELECT * FROM orders, secret").startswith("Insufficient permissions")
    assert orders.failure("SELECT 1 FROM orders WHERE id IN (SELECT n FROM sales.secret)").startswith(
        "Insufficient permissions"
    )


def test_workgroup_rules(orders: Warehouse) -> None:
    with pytest.raises(AwsError, match="WorkGroup none is not found"):
        orders.start("SELECT 1", WorkGroup="none")
    with pytest.raises(AwsError, match="No output location provided"):
        orders.start("SELECT 1", WorkGroup="primary")
    elsewhere = {"OutputLocation": f"s3://{orders.bucket}/elsewhere"}
    for workgroup, folder in (("primary", "elsewhere"), ("w", "results")):
        query_id = orders.start("SELECT 1", WorkGroup=workgroup, ResultConfiguration=elsewhere)
        location = orders.wait(query_id)["ResultConfiguration"]["OutputLocation"]
        assert location == f"s3://{orders.bucket}/{folder}/{query_id}.csv"
    nowhere = {"OutputLocation": "s3://nowhere-at-all/"}
    with pytest.raises(AwsError, match="Unable to verify/create output bucket"):
        orders.start("SELECT 1", WorkGroup="primary", ResultConfiguration=nowhere)
    orders.athena.work_groups["w"].state = "DISABLED"
    with pytest.raises(AwsError, match="is disabled"):
        orders.start("SELECT 1")


def test_bytes_scanned_cutoff(orders: Warehouse) -> None:
    orders.athena.work_groups["w"].configuration["BytesScannedCutoffPerQuery"] = 10
    status = orders.wait(orders.start("SELECT * FROM orders"))["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Bytes scanned limit was exceeded")


def test_token_list_and_batch(orders: Warehouse) -> None:
    token = "t" * 32
    first = orders.start("SELECT 1", ClientRequestToken=token)
    assert orders.start("SELECT 1", ClientRequestToken=token) == first
    with pytest.raises(AwsError, match="Idempotent parameters do not match"):
        orders.start("SELECT 2", ClientRequestToken=token)
    second = orders.start("SELECT 2")
    page = orders.call("ListQueryExecutions", WorkGroup="w", MaxResults=1)
    assert page["QueryExecutionIds"] == [second]
    rest = orders.call("ListQueryExecutions", WorkGroup="w", NextToken=page["NextToken"])
    assert rest == {"QueryExecutionIds": [first]}
    batch = orders.call("BatchGetQueryExecution", QueryExecutionIds=[first, "unknown"])
    assert [each["QueryExecutionId"] for each in batch["QueryExecutions"]] == [first]
    assert batch["UnprocessedQueryExecutionIds"][0]["QueryExecutionId"] == "unknown"


def test_bad_requests(orders: Warehouse) -> None:
    with pytest.raises(AwsError, match="was not found"):
        orders.call("GetQueryExecution", QueryExecutionId="unknown")
    with pytest.raises(AwsError, match="one catalog"):
        orders.call(
            "StartQueryExecution",
            QueryString="SELECT 1",
            QueryExecutionContext={"Catalog": "x"},
            WorkGroup="w",
        )
    with pytest.raises(AwsError, match="longer than"):
        orders.start("SELECT '" + "x" * 300_000 + "'")
    query_id = orders.start("SELECT 1")
    orders.wait(query_id)
    for params in ({"MaxResults": 1001}, {"NextToken": "x"}):
        with pytest.raises(AwsError) as raised:
            orders.call("GetQueryResults", QueryExecutionId=query_id, **params)
        assert raised.value.code == "InvalidRequestException"


def test_the_rest_is_motos(orders: Warehouse) -> None:
    assert {each["Name"] for each in orders.call("ListWorkGroups")["WorkGroups"]} == {"primary", "w"}
    workgroup = orders.call("GetWorkGroup", WorkGroup="w")["WorkGroup"]
    assert isinstance(workgroup["CreationTime"], datetime)
    named = orders.call("CreateNamedQuery", Name="n", Database="sales", QueryString="SELECT 1", WorkGroup="w")
    assert orders.call("GetNamedQuery", **named)["NamedQuery"]["QueryString"] == "SELECT 1"
    with pytest.raises(AwsError, match="WorkGroup already exists"):
        orders.call("CreateWorkGroup", Name="w")
    with pytest.raises(AwsError, match="not part of the local AWS") as raised:
        orders.call("ListEngineVersions")
    assert raised.value.status == 501
