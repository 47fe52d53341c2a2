"""report-write stores a report whose numbers lead back to queries that Athena knows.

botocore's Stubber stands in for Athena, moto for S3.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from functions.common import aws
from functions.common.warehouse import marked
from functions.tools.report_write.handler import handler

FIRST = "0d2ac1a6-6f4f-4ba0-9d4a-1f0b2f7c1c11"
SECOND = "7b1e63ad-9d0c-4d6a-8d0e-3d7e6a5b4c22"
SQL = "SELECT region, sum(amount_cents) FROM orders\n```\n# GROUP BY region"
CALL = {
    "team": "sales",
    "domain": "sales-orders",
    "title": "Revenue by region, 2026-10",
    "body": "## 1. Result\n\nThe north took 1,200 EUR [q1].\n\n- west: 900 EUR [q1, q2]\n- no returns",
    "query_ids": [FIRST, SECOND],
}


@pytest.fixture
def bucket() -> Any:
    bucket = boto3.resource("s3").Bucket("reports")
    bucket.create(CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    bucket.Versioning().enable()
    return bucket


@pytest.fixture
def stub(bucket: Any) -> Iterator[Stubber]:
    with Stubber(aws.client("athena")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def known(stub: Stubber, query: str, hour: int = 9, **changed: Any) -> None:
    execution = {
        "QueryExecutionId": query,
        "Query": marked(SQL, "sales"),
        "WorkGroup": "warehouse",
        "QueryExecutionContext": {"Catalog": "awsdatacatalog", "Database": "corral_dev_sales_orders"},
        "Status": {"State": "SUCCEEDED", "CompletionDateTime": datetime(2026, 11, 24, hour, 30, tzinfo=UTC)},
        **changed,
    }
    stub.add_response("get_query_execution", {"QueryExecution": execution}, {"QueryExecutionId": query})


def stored(bucket: Any) -> dict[str, str]:
    return {item.key: item.get()["Body"].read().decode() for item in bucket.objects.all()}


def test_a_report_is_stored_with_its_queries_as_athena_has_them(
    stub: Stubber, bucket: Any, context: Any
) -> None:
    known(stub, FIRST)
    known(stub, SECOND, hour=10)
    answer = handler(CALL, context)
    [(key, text)] = stored(bucket).items()
    assert key.startswith("sales/sales-orders/2026-11-24-revenue-by-region-2026-10-")
    assert answer == {
        "report_id": key,
        "uri": f"s3://reports/{key}",
        "queries": [
            {"citation": "q1", "query_id": FIRST, "run_at": "2026-11-24T09:30:00+00:00"},
            {"citation": "q2", "query_id": SECOND, "run_at": "2026-11-24T10:30:00+00:00"},
        ],
    }
    written, _, appendix = text.partition("## Where the numbers come from")
    assert written.startswith("# Revenue by region, 2026-10\n")
    assert str(CALL["body"]) in written
    assert f"### [q1] {FIRST}\n\nRun on 2026-11-24 at 09:30:00 UTC." in appendix
    sql = (
        "    /* corral: run for team sales */ SELECT region, sum(amount_cents) FROM orders\n"
        "    ```\n    # GROUP BY region\n"
    )
    assert appendix.count(sql) == 2
    assert bucket.Object(key).content_type == "text/markdown; charset=utf-8"


@pytest.mark.control("idempotent-tools")
def test_the_same_report_twice_is_one_object_in_one_version(stub: Stubber, bucket: Any, context: Any) -> None:
    for _ in range(2):
        known(stub, FIRST)
        known(stub, SECOND)
    assert handler(CALL, context) == handler(CALL, context)
    assert len(list(bucket.object_versions.all())) == 1


@pytest.mark.parametrize(
    "change", [{"title": "Other"}, {"body": "So be it [q1, q2]."}, {"query_ids": [SECOND, FIRST]}]
)
def test_another_report_is_another_object(
    stub: Stubber, bucket: Any, context: Any, change: dict[str, Any]
) -> None:
    for call in (CALL, {**CALL, **change}):
        for query in call["query_ids"]:
            known(stub, query)
        handler(call, context)
    assert len(stored(bucket)) == 2


OTHERS = {
    "another team's": {"Query": marked(SQL, "finance")},
    "another team's whose text names this one": {
        "Query": marked("SELECT '/* corral: run for team sales */ '", "finance")
    },
    "a team's whose name begins alike": {"Query": marked(SQL, "sales-emea")},
    "not of the tool's": {"Query": SQL},
    "of another domain": {"QueryExecutionContext": {"Database": "corral_dev_hr"}},
    "of no database": {"QueryExecutionContext": {}},
    "of another workgroup": {"WorkGroup": "primary"},
}


@pytest.mark.parametrize("others", OTHERS.values(), ids=OTHERS)
def test_a_query_of_others_cannot_be_cited(
    stub: Stubber, bucket: Any, context: Any, others: dict[str, Any]
) -> None:
    known(stub, FIRST)
    known(stub, SECOND, **others)
    error = handler(CALL, context)["error"]
    assert error["code"] == "unknown_query"
    assert SECOND in error["message"]
    assert stored(bucket) == {}


@pytest.mark.parametrize("state", ["QUEUED", "RUNNING", "FAILED", "CANCELLED"])
def test_a_query_without_a_result_cannot_be_cited(
    stub: Stubber, bucket: Any, context: Any, state: str
) -> None:
    known(stub, FIRST, Status={"State": state})
    error = handler(CALL, context)["error"]
    assert (error["code"], state in error["message"]) == ("query_not_done", True)
    assert stored(bucket) == {}


def test_an_id_that_athena_does_not_know_is_refused_like_others(stub: Stubber, context: Any) -> None:
    stub.add_client_error("get_query_execution", "InvalidRequestException", "QueryExecution was not found")
    assert handler(CALL, context)["error"]["code"] == "unknown_query"


@pytest.mark.parametrize("query", ["q1", "latest", f"{FIRST}0", "../" + FIRST])
def test_what_is_no_id_never_reaches_athena(stub: Stubber, context: Any, query: str) -> None:
    assert handler({**CALL, "query_ids": [query, SECOND]}, context)["error"]["code"] == "unknown_query"


def test_a_grant_that_is_missing_is_a_fault(stub: Stubber, context: Any) -> None:
    stub.add_client_error("get_query_execution", "AccessDeniedException", http_status_code=400)
    with pytest.raises(Exception, match="AccessDenied"):
        handler(CALL, context)


def test_a_bucket_that_is_down_is_a_fault(stub: Stubber, bucket: Any, context: Any) -> None:
    known(stub, FIRST)
    known(stub, SECOND)
    bucket.delete()
    with pytest.raises(Exception, match="NoSuchBucket"):
        handler(CALL, context)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"domain": "support-docs"}, "unknown_domain"),
        ({"team": "Sales"}, "bad_arguments"),
        ({"team": "../finance"}, "bad_arguments"),
        ({"title": "x" * 121}, "bad_arguments"),
        ({"title": "Two\nlines"}, "bad_arguments"),
        ({"title": "Up by 12 %"}, "not_traceable"),
        ({"body": "x" * 20_001}, "bad_arguments"),
        ({"body": "It fell [q1, q2].\n\n## WHERE  the numbers come from\n\nTrust me."}, "bad_arguments"),
        ({"query_ids": []}, "bad_arguments"),
        ({"query_ids": [FIRST, FIRST]}, "bad_arguments"),
        ({"query_ids": [FIRST, 2]}, "bad_arguments"),
        ({"query_ids": FIRST}, "bad_arguments"),
        ({"query_ids": [f"{FIRST[:-2]}{n}" for n in range(10, 31)]}, "bad_arguments"),
    ],
)
def test_what_is_refused_never_reaches_athena(
    stub: Stubber, bucket: Any, context: Any, change: dict[str, Any], code: str
) -> None:
    assert handler({**CALL, **change}, context)["error"]["code"] == code
    assert stored(bucket) == {}


def test_a_title_without_latin_letters_still_makes_a_key(stub: Stubber, bucket: Any, context: Any) -> None:
    known(stub, FIRST)
    answer = handler({**CALL, "title": "Выручка", "body": "So [q1].", "query_ids": [FIRST]}, context)
    assert "/2026-11-24-report-" in answer["report_id"]
