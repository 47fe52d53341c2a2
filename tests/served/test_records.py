"""What a call leaves behind: a decision record and trail records in the audit bucket, which nobody can take away."""

import gzip
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from corral.front_door import FrontDoorError, ToolCall, send
from corral.spec.load import load_environment

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def helpdesk_scenario() -> str:
    """A message of support/helpdesk whose scenario calls a tool that is allowed."""
    agent = load_environment(ROOT / "stacks" / "dev").agents["support"]["helpdesk"]
    return next(s.user for s in agent.scenarios if [c.decision for c in s.expect.calls] == ["allowed"])


def operator(served: dict[str, Any], outputs: dict[str, dict[str, Any]], team: str) -> Credentials:
    return role(served, outputs[team]["operator_role_arn"])


def role(served: dict[str, Any], arn: str) -> Credentials:
    body = json.dumps({"role_arn": arn, "session_name": "test"})
    said = urllib3.request("POST", f"{served['endpoint']}/_corral/credentials", body=body.encode()).json()
    return Credentials(said["access_key_id"], said["secret_access_key"], said["session_token"])


def lines(admin: boto3.Session, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    s3 = admin.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            text = gzip.decompress(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()).decode()
            if prefix.startswith("AWSLogs"):
                yield from json.loads(text)["Records"]
            else:
                yield from map(json.loads, text.splitlines())


@pytest.mark.control("decision-records", "trail-coverage", "complete-records")
def test_every_tool_call_leaves_a_decision_record_and_a_trail_record(
    served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session, helpdesk_scenario: str
) -> None:
    credentials = operator(served, outputs, "support")
    bucket = outputs[""]["audit_bucket"]
    calls = 5

    def counted() -> tuple[int, int]:
        urllib3.request("POST", f"{served['endpoint']}/_corral/flush", body=b"{}")
        decisions = Counter(
            (record["event"], record.get("tool")) for record in lines(admin, bucket, "decisions/")
        )
        trail = Counter(
            (record["requestParameters"]["body"]["params"]["name"])
            for record in lines(admin, bucket, "AWSLogs/")
            if record["eventName"] == "InvokeGateway"
            and record["requestParameters"]["body"].get("method") == "tools/call"
        )
        return decisions["beforeToolCall", "knowledge-search"], trail["knowledge-search___knowledge-search"]

    before = counted()
    for _ in range(calls):
        answer = send(
            outputs["support"]["front_door_url"], credentials, served["region"], "helpdesk", helpdesk_scenario
        )
        assert answer.tool_calls == (ToolCall("knowledge-search", "allowed"),)
    after = counted()
    assert (after[0] - before[0], after[1] - before[1]) == (calls, calls)


@pytest.mark.control("audit-immutability")
def test_the_audit_bucket_refuses_deletion_and_keeps_what_is_overwritten(
    outputs: dict[str, dict[str, Any]], admin: boto3.Session
) -> None:
    s3, bucket = admin.client("s3"), outputs[""]["audit_bucket"]
    version = s3.list_object_versions(Bucket=bucket, Prefix="AWSLogs/")["Versions"][0]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    original = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
    assert gzip.decompress(original)


@pytest.mark.control("team-isolation")
def test_one_team_cannot_use_anothers_front_door(
    served: dict[str, Any], outputs: dict[str, dict[str, Any]]
) -> None:
    sales = operator(served, outputs, "sales")
    with pytest.raises(FrontDoorError) as refused:
        send(outputs["support"]["front_door_url"], sales, served["region"], "helpdesk", "hello")
    assert refused.value.status == 403


def test_an_operator_cannot_go_around_the_front_door(
    served: dict[str, Any], outputs: dict[str, dict[str, Any]]
) -> None:
    keys = operator(served, outputs, "support")
    client = boto3.client(
        "bedrock-agentcore",
        region_name=served["region"],
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token,
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        client.invoke_harness(
            harnessArn=outputs["support"]["agents"]["helpdesk"]["harness_arn"],
            runtimeSessionId=uuid.uuid4().hex + uuid.uuid4().hex,
            messages=[{"role": "user", "content": [{"text": "hello"}]}],
        )


@pytest.mark.control("audit-immutability")
def test_an_auditor_reads_the_records_and_nothing_else(
    served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session
) -> None:
    platform = outputs[""]
    keys = role(served, platform["auditor_role_arn"])
    auditor = boto3.Session(keys.access_key, keys.secret_key, keys.token, region_name=served["region"])
    s3 = auditor.client("s3")
    listed = s3.list_objects_v2(Bucket=platform["audit_bucket"], Prefix="AWSLogs/")["Contents"]
    assert gzip.decompress(
        s3.get_object(Bucket=platform["audit_bucket"], Key=listed[0]["Key"])["Body"].read()
    )
    document = admin.client("s3").list_objects_v2(Bucket=platform["documents_bucket"])["Contents"][0]["Key"]
    for refused in (
        lambda: s3.get_object(Bucket=platform["documents_bucket"], Key=document),
        lambda: s3.put_object(Bucket=platform["audit_bucket"], Key="AWSLogs/mine", Body=b""),
        lambda: s3.delete_object(Bucket=platform["audit_bucket"], Key=listed[0]["Key"]),
        lambda: auditor.client("dynamodb").scan(TableName=platform["agents_table"]),
        lambda: auditor.client("lambda").invoke(FunctionName=platform["supervisor_arn"], Payload=b"{}"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
