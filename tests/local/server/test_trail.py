"""CloudTrail: what a trail selects is delivered in AWS's format and layout; the rest is not."""

import gzip
import json
import re
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.server.conftest import ACCOUNT, REGION, Server, code_of


def bucket_policy(bucket: str) -> str:
    service = {"Service": "cloudtrail.amazonaws.com"}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:GetBucketAcl",
                    "Resource": f"arn:aws:s3:::{bucket}",
                },
                {
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:PutObject",
                    "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/*",
                    "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
                },
            ],
        }
    )


@pytest.fixture
def audit(server: Server, name: str) -> str:
    """An audit bucket with a default retention, and a trail named like it with no selectors yet."""
    s3 = server.client("s3")
    bucket = f"audit-{name}"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 5}},
        },
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket))
    return bucket


@pytest.fixture
def trail(server: Server, audit: str) -> Any:
    """trail(selectors) starts a trail with these advanced selectors."""
    client = server.client("cloudtrail")
    made = []

    def start(selectors: list[dict]) -> str:
        client.create_trail(Name=audit, S3BucketName=audit, IsMultiRegionTrail=True)
        client.put_event_selectors(TrailName=audit, AdvancedEventSelectors=selectors)
        client.start_logging(Name=audit)
        made.append(audit)
        return audit

    yield start
    for name in made:
        client.delete_trail(Name=name)


def data_selector(kind: str, **more: list[str]) -> dict:
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": [kind]},
        *({"Field": field.replace("_", "."), "StartsWith": values} for field, values in more.items()),
    ]
    return {"Name": kind, "FieldSelectors": fields}


MANAGEMENT = {
    "Name": "Management events selector",
    "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
}


def delivered(server: Server, bucket: str) -> list[dict]:
    server.admin("POST", "flush", {})
    s3 = server.client("s3")
    records = []
    for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        records += json.loads(gzip.decompress(body))["Records"]
    return records


def test_a_selected_call_is_delivered_in_awss_layout_and_locked(server: Server, trail: Any) -> None:
    bucket = trail([data_selector("AWS::DynamoDB::Table")])
    before = time.time()
    role = server.role([{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}])
    with pytest.raises(ClientError):
        server.as_role(role)("dynamodb").get_item(TableName="nothing", Key={"id": {"S": "secret"}})
    (record,) = delivered(server, bucket)
    (item,) = server.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    day = time.strftime("%Y/%m/%d", time.gmtime(before))
    assert re.fullmatch(
        rf"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{day}/{ACCOUNT}_CloudTrail_{REGION}_\d{{8}}T\d{{4}}Z_\w{{16}}\.json\.gz",
        item["Key"],
    )
    head = server.client("s3").head_object(Bucket=bucket, Key=item["Key"])
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert head["ObjectLockRetainUntilDate"].timestamp() > before + 4 * 86400
    session = record["userIdentity"]
    assert (record["eventName"], record["eventSource"]) == ("GetItem", "dynamodb.amazonaws.com")
    assert (record["eventVersion"], record["eventCategory"], record["managementEvent"]) == (
        "1.11",
        "Data",
        False,
    )
    assert record["errorCode"] == "ResourceNotFoundException"
    assert record["readOnly"] is True
    assert record["requestParameters"]["tableName"] == "nothing"
    assert record["resources"] == [
        {
            "accountId": ACCOUNT,
            "type": "AWS::DynamoDB::Table",
            "ARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/nothing",
        }
    ]
    assert session["type"] == "AssumedRole"
    assert session["sessionContext"]["sessionIssuer"]["arn"] == role
    assert session["principalId"].endswith(":test")
    assert record["recipientAccountId"] == ACCOUNT


def test_refused_calls_are_recorded_with_their_error(server: Server, trail: Any) -> None:
    bucket = trail([data_selector("AWS::DynamoDB::Table")])
    with pytest.raises(ClientError):
        server.as_role(server.role([]))("dynamodb").delete_item(TableName="t", Key={"id": {"S": "x"}})
    (record,) = delivered(server, bucket)
    assert record["errorCode"] == "AccessDeniedException"
    assert "not authorized to perform: dynamodb:DeleteItem" in record["errorMessage"]
    assert record["readOnly"] is False


def test_only_what_selectors_name_is_recorded(server: Server, trail: Any, name: str) -> None:
    s3 = server.client("s3")
    for bucket in (f"in-{name}", f"out-{name}"):
        s3.create_bucket(Bucket=bucket)
    audit = trail([data_selector("AWS::S3::Object", resources_ARN=[f"arn:aws:s3:::in-{name}/"])])
    for bucket in (f"in-{name}", f"out-{name}"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"private")
    server.client("iam").list_users()
    (record,) = [each for each in delivered(server, audit) if "audit" not in json.dumps(each["resources"])]
    assert record["requestParameters"]["bucketName"] == f"in-{name}"
    assert "private" not in json.dumps(record)
    assert {each["type"] for each in record["resources"]} == {"AWS::S3::Object", "AWS::S3::Bucket"}


def test_management_events_hide_secrets(server: Server, trail: Any, name: str) -> None:
    audit = trail([MANAGEMENT])
    server.client("secretsmanager").create_secret(Name=name, SecretString="hush-hush")
    listed = server.client("lambda").list_functions()
    records = delivered(server, audit)
    created = next(each for each in records if each["eventName"] == "CreateSecret")
    assert created["requestParameters"]["name"] == name
    assert "hush-hush" not in json.dumps(records)
    assert created["userIdentity"]["type"] == "IAMUser"
    assert created["managementEvent"] is True
    assert listed["ResponseMetadata"]["RequestId"] in [each["requestID"] for each in records]
    assert {each["eventCategory"] for each in records} == {"Management"}


def test_read_only_selector(server: Server, trail: Any) -> None:
    selector = {
        "Name": "w",
        "FieldSelectors": [*MANAGEMENT["FieldSelectors"], {"Field": "readOnly", "Equals": ["false"]}],
    }
    audit = trail([selector])
    server.client("iam").list_users()
    server.client("sns").create_topic(Name="made")
    names = {each["eventName"] for each in delivered(server, audit)}
    assert "CreateTopic" in names
    assert "ListUsers" not in names


def test_delivered_without_being_asked(server: Server, trail: Any) -> None:
    audit = trail([MANAGEMENT])
    server.client("iam").list_users()
    deadline = time.time() + 5
    while time.time() < deadline and not server.client("s3").list_objects_v2(Bucket=audit).get("Contents"):
        time.sleep(0.1)
    assert server.client("s3").list_objects_v2(Bucket=audit)["KeyCount"] >= 1


def test_admin_shows_records_since_a_time(server: Server, trail: Any) -> None:
    trail([MANAGEMENT])
    server.client("iam").list_users()
    since = time.time()
    server.client("iam").list_groups()
    names = [each["eventName"] for each in server.admin("GET", f"trail?since={since}")]
    assert names == ["ListGroups"]


def test_a_stopped_trail_records_nothing(server: Server, trail: Any) -> None:
    audit = trail([MANAGEMENT])
    server.client("cloudtrail").stop_logging(Name=audit)
    since = time.time()
    server.client("iam").list_users()
    assert server.admin("GET", f"trail?since={since}") == []


def test_a_bucket_whose_policy_shuts_cloudtrail_out_is_refused(server: Server, name: str) -> None:
    server.client("s3").create_bucket(Bucket=name)
    with pytest.raises(ClientError) as error:
        server.client("cloudtrail").create_trail(Name=name, S3BucketName=name)
    assert code_of(error) == "InsufficientS3BucketPolicyException"
