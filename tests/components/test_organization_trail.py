"""The trail as one of an organization, and as the account's own: who owns it, who may write where, what is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.permissions import WILDCARDS
from tests.components.aws_outputs import ACCOUNT, REGION
from tests.components.recorder import Program, project, record, replaced

pytestmark = pytest.mark.xdist_group("components")

ORGANIZATION, MANAGEMENT = "o-a1b2c3d4e5", "999988887777"
DELEGATED = f'{{id: {ORGANIZATION}, management_account: "{MANAGEMENT}"}}'
BUCKET = f"arn:aws:s3:::corral-dev-audit-{ACCOUNT}-{REGION}"
POLICY = "aws:iam/rolePolicy:RolePolicy"


def trail_arn(owner: str) -> str:
    return f"arn:aws:cloudtrail:{REGION}:{owner}:trail/corral-dev-trail"


def platform(folder: Path, said: str) -> Program:
    stacks = project(folder)
    replaced(stacks / "dev/platform.yaml", "audit: {", f"audit: {{organization: {said}, ")
    program = record("dev", {}, stacks)
    assert not program.errors, program.errors
    return program


@pytest.fixture(scope="module")
def managed(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The account is the organization's management account."""
    return platform(tmp_path_factory.mktemp("managed"), f"{{id: {ORGANIZATION}}}")


@pytest.fixture(scope="module")
def delegated(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The account is a delegated administrator of CloudTrail; another one manages the organization."""
    return platform(tmp_path_factory.mktemp("delegated"), DELEGATED)


def one(program: Program, kind: str, **where: Any) -> dict[str, Any]:
    """The inputs of the one resource of a type with some inputs."""
    [found] = [r.inputs for r in program.of(kind) if where.items() <= r.inputs.items()]
    return found


def statements(text: str) -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in json.loads(text)["Statement"]}


def bucket_policy(program: Program) -> dict[str, dict[str, Any]]:
    return statements(
        one(program, "aws:s3/bucketPolicy:BucketPolicy", bucket=BUCKET.rpartition(":")[2])["policy"]
    )


@pytest.mark.control("audit-immutability", "trail-coverage")
def test_only_the_trail_that_is_asked_for_may_write_and_where_it_does(
    managed: Program, delegated: Program, programs: dict[str, Program]
) -> None:
    for program, owner in ((programs["dev"], ACCOUNT), (managed, ACCOUNT), (delegated, MANAGEMENT)):
        policy, of_one = bucket_policy(program), program is not programs["dev"]
        trail = one(program, "aws:cloudtrail/trail:Trail")
        assert trail["isOrganizationTrail"] is of_one
        assert trail["isMultiRegionTrail"] is True
        written = {
            "TrailWrite": f"{BUCKET}/AWSLogs/{owner}/*",
            **({"OrganizationTrailWrite": f"{BUCKET}/AWSLogs/{ORGANIZATION}/*"} if of_one else {}),
        }
        assert {name for name, each in policy.items() if each["Effect"] == "Allow"} == {
            *("TrailCheck", *written)
        }
        for name, resource in written.items():
            assert policy[name]["Resource"] == resource
            assert policy[name]["Action"] == "s3:PutObject"
            assert policy[name]["Condition"] == {
                "StringEquals": {
                    "aws:SourceArn": trail_arn(owner),
                    "s3:x-amz-acl": "bucket-owner-full-control",
                }
            }
        assert policy["TrailCheck"]["Condition"] == {"StringEquals": {"aws:SourceArn": trail_arn(owner)}}


def test_the_key_serves_the_owners_trail(managed: Program, delegated: Program) -> None:
    for program, owner in ((managed, ACCOUNT), (delegated, MANAGEMENT)):
        key = one(program, "aws:kms/key:Key", description="The audit trail of dev.")
        assert statements(key["policy"])["Trail"]["Condition"] == {
            "StringEquals": {"aws:SourceArn": trail_arn(owner)},
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trail_arn(owner)},
        }


def test_the_table_reads_this_accounts_records_where_they_then_are(
    managed: Program, delegated: Program, programs: dict[str, Program]
) -> None:
    for program in (programs["dev"], managed, delegated):
        organization = "" if program is programs["dev"] else f"{ORGANIZATION}/"
        start = f"s3://corral-dev-audit-{ACCOUNT}-{REGION}/AWSLogs/{organization}{ACCOUNT}/CloudTrail/"
        table = one(program, "aws:glue/catalogTable:CatalogTable", name="trail")
        assert table["storageDescriptor"]["location"] == start
        assert table["parameters"]["storage.location.template"] == f"{start}${{region}}/${{day}}"


@pytest.mark.control("role-limits")
def test_the_auditor_may_ask_which_organization_it_is_and_others_may_not(
    delegated: Program, programs: dict[str, Program]
) -> None:
    """`validate-logs` asks; the boundary lets that and the trail of another account through."""
    asks = "organizations:DescribeOrganization"
    who = {p.inputs["role"] for p in delegated.of(POLICY) if asks in p.inputs["policy"]}
    assert who == {"corral-dev-auditor"}
    auditor = statements(one(delegated, POLICY, role="corral-dev-auditor")["policy"])
    assert auditor["Organization"]["Action"] == [asks]
    assert auditor["Trail"]["Resource"] == [delegated.outputs["trail_arn"]]
    boundaries = {
        b.inputs["name"]: statements(b.inputs["policy"]) for b in delegated.of("aws:iam/policy:Policy")
    }
    assert boundaries["corral-dev-boundary"]["OrganizationTrail"]["Action"] == [
        *("cloudtrail:GetEventSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", asks)
    ]
    assert "OrganizationTrail" not in boundaries["corral-dev-team-boundary"]
    assert [
        auditor["Organization"]["Resource"],
        boundaries["corral-dev-boundary"]["OrganizationTrail"]["Resource"],
    ] == [["*"], ["*"]]
    assert {"Organization", "OrganizationTrail"} <= WILDCARDS.keys()
    assert not [r.name for r in programs["dev"].resources if "organizations:" in json.dumps(r.inputs)]


def test_the_outputs_say_so_and_alerts_know_the_trail(
    delegated: Program, programs: dict[str, Program]
) -> None:
    assert delegated.outputs["organization_id"] == ORGANIZATION
    assert programs["dev"].outputs.get("organization_id") is None
    rule = one(delegated, "aws:cloudwatch/eventRule:EventRule", name="corral-dev-alert-trail")
    named = [call["requestParameters"] for call in json.loads(rule["eventPattern"])["detail"]["$or"]]
    assert {"name": ["corral-dev-trail", trail_arn(MANAGEMENT)]} in named
