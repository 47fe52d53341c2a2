"""A trail of an organization: owned by the management account, delivered under the organization's id, or refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.server.conftest import ACCOUNT, REGION, Server, code_of, running, start
from tests.local.server.support import stock
from tests.local.server.test_trail import MANAGEMENT, bucket_policy, delivered

ORGANIZATION, OWNER = "o-a1b2c3d4e5", "999988887777"


@pytest.fixture(scope="module")
def member() -> Iterator[Server]:
    """A local AWS whose account is a member of an organization."""
    yield from running("--organization", f"{ORGANIZATION}:{OWNER}")


def bucket(server: Server, name: str, *folders: str) -> str:
    """A bucket into which CloudTrail may write below some folders."""
    server.client("s3").create_bucket(Bucket=name)
    policy = json.loads(bucket_policy(name))
    policy["Statement"][1]["Resource"] = [f"arn:aws:s3:::{name}/AWSLogs/{folder}/*" for folder in folders]
    server.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    return name


def test_stock_gives_an_organizations_trail_to_whoever_makes_it() -> None:
    arn = stock(
        """
s3.create_bucket(Bucket="bkt")
trails = boto3.client("cloudtrail", region_name="us-east-1")
print(repr(trails.create_trail(Name="trail", S3BucketName="bkt", IsOrganizationTrail=True)["TrailARN"]))
"""
    )
    assert arn.split(":")[4] != OWNER


def test_files_lie_under_the_organizations_id_and_the_trail_is_its_owners(member: Server) -> None:
    trails, name = member.client("cloudtrail"), bucket(member, "records", ORGANIZATION)
    arn = trails.create_trail(Name=name, S3BucketName=name, IsOrganizationTrail=True)["TrailARN"]
    assert arn == f"arn:aws:cloudtrail:{REGION}:{OWNER}:trail/{name}"
    trails.put_event_selectors(TrailName=arn, AdvancedEventSelectors=[MANAGEMENT])
    trails.start_logging(Name=arn)
    assert trails.get_trail(Name=arn)["Trail"]["IsOrganizationTrail"] is True
    member.client("sqs").create_queue(QueueName="seen")
    assert "CreateQueue" in {record["eventName"] for record in delivered(member, name)}
    keys = [each["Key"] for each in member.client("s3").list_objects_v2(Bucket=name)["Contents"]]
    start_of = f"AWSLogs/{ORGANIZATION}/{ACCOUNT}/CloudTrail/{REGION}/"
    assert [key for key in keys if not key.startswith(start_of)] == []


def test_a_trail_of_the_account_alone_is_as_elsewhere(member: Server) -> None:
    trails, name = member.client("cloudtrail"), bucket(member, "alone", ACCOUNT)
    arn = trails.create_trail(Name=name, S3BucketName=name)["TrailARN"]
    assert arn == f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{name}"


def test_a_bucket_must_take_the_organizations_files(member: Server) -> None:
    name = bucket(member, "closed", ACCOUNT, OWNER)
    with pytest.raises(ClientError) as error:
        member.client("cloudtrail").create_trail(Name=name, S3BucketName=name, IsOrganizationTrail=True)
    assert code_of(error) == "InsufficientS3BucketPolicyException"


def test_without_an_organization_there_is_no_trail_of_one(server: Server) -> None:
    name = bucket(server, "nobodys", ACCOUNT, ORGANIZATION)
    with pytest.raises(ClientError) as error:
        server.client("cloudtrail").create_trail(Name=name, S3BucketName=name, IsOrganizationTrail=True)
    assert code_of(error) == "OrganizationsNotInUseException"
    assert ACCOUNT in str(error.value)


def test_the_organization_can_be_asked_for(member: Server) -> None:
    """`aws cloudtrail validate-logs` does."""
    told = member.client("organizations").describe_organization()["Organization"]
    assert (told["Id"], told["MasterAccountId"]) == (ORGANIZATION, OWNER)


def test_who_makes_such_a_trail_may_look_at_the_organization(member: Server) -> None:
    name = bucket(member, "deployers", ORGANIZATION)
    allowed: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"}]
    asked = {"Name": name, "S3BucketName": name, "IsOrganizationTrail": True}
    with pytest.raises(ClientError, match="not authorized to perform: organizations:DescribeOrganization"):
        member.as_role(member.role(allowed))("cloudtrail").create_trail(**asked)
    allowed.append({"Effect": "Allow", "Action": "organizations:*", "Resource": "*"})
    member.as_role(member.role(allowed))("cloudtrail").create_trail(**asked)


@pytest.mark.parametrize("said", ["o-a1b2c3d4e5", "o-short:999988887777", "o-a1b2c3d4e5:99998888777"])
def test_an_organization_has_its_form(said: str) -> None:
    process = start("--organization", said)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--organization must be an organization's id and twelve digits" in complaint
