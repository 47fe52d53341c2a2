"""Attacks on the evidence: deleting and rewriting what is recorded, and switching off what records."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from tests.served.attack import Target, Watch, refusal

LAX = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture(scope="module")
def target(served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session) -> Target:
    return Target(served, outputs, admin)


@pytest.fixture
def record(target: Target) -> dict[str, str]:
    """One version of one delivered file of the trail, as S3's calls name it."""
    target.session.flush()
    bucket = target.platform["audit_bucket"]
    found = target.admin.client("s3").list_object_versions(Bucket=bucket, Prefix="AWSLogs/")["Versions"][0]
    return {"Bucket": bucket, "Key": found["Key"], "VersionId": found["VersionId"]}


def _attacks(s3: Any, record: dict[str, str]) -> dict[str, Callable[[], Any]]:
    """Each way to lose a record, by what CloudTrail calls it."""
    at = {"Bucket": record["Bucket"], "Key": record["Key"]}
    soon = datetime.now(UTC) + timedelta(seconds=1)
    lifted = {"Mode": "GOVERNANCE", "RetainUntilDate": soon}
    return {
        "delete": lambda: s3.delete_object(**record),
        "bypass": lambda: s3.delete_object(**record, BypassGovernanceRetention=True),
        "hide": lambda: s3.delete_object(**at),
        "several": lambda: s3.delete_objects(
            Bucket=record["Bucket"], Delete={"Objects": [{k: record[k] for k in ("Key", "VersionId")}]}
        ),
        "overwrite": lambda: s3.put_object(**at, Body=b"nothing happened"),
        "shorten": lambda: s3.put_object_retention(
            **record, Retention=lifted, BypassGovernanceRetention=True
        ),
    }


@pytest.mark.control("audit-immutability")
@pytest.mark.parametrize("attack", ["delete", "bypass", "hide", "several", "overwrite", "shorten"])
def test_no_role_of_the_kit_touches_a_record(target: Target, record: dict[str, str], attack: str) -> None:
    watch, tried = Watch(target), 0
    for role in target.roles():
        if attack == "overwrite" and role.endswith("-decisions"):
            continue  # Firehose's own, which no person can take; Object Lock keeps the version it writes over
        code = refusal(_attacks(target.role_client("s3", role), record)[attack])
        assert code == "AccessDenied", role
        tried += 1
    changed = [r for r in watch.trail(error="AccessDenied") if r["readOnly"] is False]
    assert len(changed) == tried > 20
    assert all(r["resources"][0]["ARN"].startswith(f"arn:aws:s3:::{record['Bucket']}/") for r in changed)


@pytest.mark.control("audit-immutability")
@pytest.mark.parametrize("attack", ["delete", "hide"])
def test_not_even_the_administrator_deletes_a_record(
    target: Target, record: dict[str, str], attack: str
) -> None:
    watch, s3 = Watch(target), target.admin.client("s3")
    assert refusal(_attacks(s3, record)[attack]) == "AccessDenied"
    [denied] = watch.trail("DeleteObject", "AccessDenied", ":user/administrator")
    assert denied["requestParameters"]["key"] == record["Key"]
    assert gzip.decompress(s3.get_object(**record)["Body"].read())


@pytest.mark.control("audit-immutability", "trail-coverage")
def test_what_is_written_over_a_record_is_a_version_beside_it_and_recorded(
    target: Target, record: dict[str, str]
) -> None:
    watch, s3 = Watch(target), target.admin.client("s3")
    mine = {"Bucket": record["Bucket"], "Key": "attacks/written-over"}
    first = s3.put_object(**mine, Body=b"what happened")["VersionId"]
    s3.put_object(**mine, Body=b"nothing happened")
    assert s3.get_object(**mine, VersionId=first)["Body"].read() == b"what happened"
    assert refusal(lambda: s3.delete_object(**mine, VersionId=first)) == "AccessDenied"
    assert len(watch.trail("PutObject", actor=":user/administrator")) == 2


@pytest.mark.control("audit-immutability")
def test_who_bypasses_governance_leaves_a_record_of_it(target: Target, record: dict[str, str]) -> None:
    """Outside production the account's administrator may, on AWS as here; in production the lock is COMPLIANCE."""
    assert target.platform["lock_mode"] == "GOVERNANCE"
    s3 = target.admin.client("s3")
    mine = {"Bucket": record["Bucket"], "Key": "attacks/bypassed"}
    version = s3.put_object(**mine, Body=b"x")["VersionId"]
    watch = Watch(target)
    s3.delete_object(**mine, VersionId=version, BypassGovernanceRetention=True)
    [done] = watch.trail("DeleteObject", actor=":user/administrator")
    assert done["requestParameters"]["key"] == "attacks/bypassed"
    assert "errorCode" not in done


def test_deliveries_are_not_recorded_into_what_they_deliver(target: Target) -> None:
    """A record of each delivery would be delivered itself, for ever."""
    watch = Watch(target)
    target.session.flush()
    target.session.flush()
    assert not watch.trail("PutObject")


def _switches(target: Target, role: str) -> list[Callable[[], Any]]:
    """Each way to blind or unbind the platform, as a role would try it."""
    platform, name = target.platform, role.rpartition("/")[2]
    agent = target.agent("support", "helpdesk")
    trail, s3 = target.role_client("cloudtrail", role), target.role_client("s3", role)
    control, iam = target.role_client("bedrock-agentcore-control", role), target.role_client("iam", role)
    functions, logs = target.role_client("lambda", role), target.role_client("logs", role)
    return [
        lambda: trail.stop_logging(Name=platform["trail_arn"]),
        lambda: trail.delete_trail(Name=platform["trail_arn"]),
        lambda: s3.delete_bucket_policy(Bucket=platform["audit_bucket"]),
        lambda: s3.put_bucket_policy(Bucket=platform["audit_bucket"], Policy=LAX),
        lambda: control.delete_policy(
            policyEngineId=platform["policy_engine_id"], policyId=agent["policy_id"]
        ),
        lambda: control.update_gateway(
            gatewayIdentifier=platform["gateway_id"],
            name="x",
            roleArn=role,
            protocolType="MCP",
            authorizerType="NONE",
        ),
        lambda: control.update_harness(harnessId=agent["harness_id"], hooks=[]),
        lambda: functions.update_function_code(FunctionName=platform["supervisor_function"], ZipFile=b"x"),
        lambda: iam.delete_role_permissions_boundary(RoleName=name),
        lambda: iam.put_role_policy(RoleName=name, PolicyName="mine", PolicyDocument=LAX),
        lambda: logs.delete_log_group(logGroupName="/corral/dev/trail"),
    ]


@pytest.mark.control("trail", "audit-immutability")
def test_no_role_of_the_kit_switches_anything_off(target: Target) -> None:
    watch, tried = Watch(target), 0
    for role in target.roles():
        for attack in _switches(target, role):
            assert refusal(attack).startswith("AccessDenied"), role
            tried += 1
    assert len(watch.trail(error="AccessDenied")) == tried
