"""What the platform promises of every role, function, table, bucket, log group and key."""

import fnmatch
import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.actions import MODEL, PLATFORM_ACTIONS, TEAM_ACTIONS, TEAM_TABLE_ACTIONS
from components.permissions import WILDCARDS
from components.policy_documents import WITHOUT_DEPUTY_CONDITIONS
from components.site import LOG_RETENTIONS
from corral.spec.platform import MIN_RETENTION_DAYS
from tests.components.aws_outputs import ACCOUNT
from tests.components.recorder import Program, Recorded

pytestmark = pytest.mark.xdist_group("components")

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/corral/dev/platform/corral-dev"
MAX_INLINE = 10_240  # characters of a role's inline policies together, white space aside (IAM)
MAX_MANAGED = 6_144
TEAM = TEAM_ACTIONS | set(TEAM_TABLE_ACTIONS)


def _of(everything: list[Recorded], kind: str) -> list[Recorded]:
    found = [r for r in everything if r.type == kind]
    assert found, kind
    return found


def _statements(text: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = json.loads(text)["Statement"]
    return statements


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def _grants(everything: list[Recorded]) -> Iterator[dict[str, Any]]:
    for kind in ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"):
        for resource in _of(everything, kind):
            yield from _statements(resource.inputs["policy"])


@pytest.mark.control("role-limits")
def test_every_role_has_its_sides_boundary(stacks: dict[str, Program]) -> None:
    for stack, program in stacks.items():
        boundary = f"{BOUNDARY}-boundary" if stack == "dev" else f"{BOUNDARY}-team-boundary"
        for role in _of(program.resources, "aws:iam/role:Role"):
            assert role.inputs["permissionsBoundary"] == boundary, role.name
            owner = stack.partition(".")[2] or "platform"
            assert role.inputs["path"] == f"/corral/dev/{owner}/", role.name


def test_the_teams_boundary_outlives_nothing_of_the_platform(programs: dict[str, Program]) -> None:
    """A destroy begins with it, and IAM refuses that while a team's role has it: nothing else is touched."""
    platform = programs["dev"]
    [boundary] = [r for r in platform.resources if r.name == "dev-team-boundary-policy"]
    others = {r.urn for r in platform.resources if r.custom} - {boundary.urn}
    assert others - set(boundary.dependencies) == set(), "not among what Platform._build_team_boundary names"
    assert not [r.urn for r in platform.resources if boundary.urn in r.dependencies]


@pytest.mark.control("role-limits")
def test_services_assume_roles_for_this_account_only(everything: list[Recorded]) -> None:
    services = set()
    for role in _of(everything, "aws:iam/role:Role"):
        trusts = _statements(role.inputs["assumeRolePolicy"])
        if "AWS" in trusts[0]["Principal"]:
            _check_people(role.name, trusts)
            continue
        [trust] = trusts
        principal = trust["Principal"]
        services.add(principal["Service"])
        if principal["Service"] in WITHOUT_DEPUTY_CONDITIONS:
            continue
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}, role.name
        if principal["Service"] != "lambda.amazonaws.com":
            assert f":{ACCOUNT}:" in trust["Condition"]["ArnLike"]["aws:SourceArn"], role.name
    assert services == {
        *("lambda.amazonaws.com", "bedrock-agentcore.amazonaws.com"),
        *("firehose.amazonaws.com", "cloudtrail.amazonaws.com", "scheduler.amazonaws.com"),
    }


def _check_people(role: str, trusts: list[dict[str, Any]]) -> None:
    """People of this account. Who decides has one session name, in the approver role as in the operator role."""
    for trust in trusts:
        named = trust["Principal"]["AWS"]
        if trust["Effect"] == "Deny":
            assert named == "*", role
            assert set(trust["Condition"]) == {"ArnEquals", "StringNotEquals"}, role
            continue
        assert all(f"::{ACCOUNT}:" in arn for arn in ([named] if isinstance(named, str) else named)), role
        name = trust.get("Condition", {}).get("StringEquals", {}).get("sts:RoleSessionName")
        assert (name is not None) is role.endswith("-approver-role"), role
        assert name is None or named.endswith(f"/{name}"), role


@pytest.mark.control("role-limits")
def test_no_action_holds_a_wildcard(everything: list[Recorded]) -> None:
    for kind, key in (
        ("aws:iam/rolePolicy:RolePolicy", "policy"),
        ("aws:iam/policy:Policy", "policy"),
        ("aws:kms/key:Key", "policy"),
        ("aws:s3/bucketPolicy:BucketPolicy", "policy"),
        ("aws:sns/topicPolicy:TopicPolicy", "policy"),
    ):
        for resource in _of(everything, kind):
            for statement in _statements(resource.inputs[key]):
                if statement["Effect"] == "Allow":
                    assert "NotAction" not in statement
                    assert not [a for a in _listed(statement["Action"]) if "*" in a], resource.name


@pytest.mark.control("role-limits")
def test_every_wildcard_resource_has_its_reason(everything: list[Recorded]) -> None:
    used = set()
    for grant in _grants(everything):
        if any("*" in resource for resource in _listed(grant["Resource"])):
            assert grant["Sid"] in WILDCARDS, grant
            used.add(grant["Sid"])
    # Of an organization's trail, see test_organization_trail.
    of_one = {"Organization", "OrganizationTrail"}
    assert used | of_one == set(WILDCARDS), "a reason for something that is no longer there"


@pytest.mark.control("role-limits")
def test_a_boundary_lets_through_what_is_granted_and_no_more(stacks: dict[str, Program]) -> None:
    platform, *teams = stacks.values()
    for side, allowed in ((platform.resources, PLATFORM_ACTIONS), (_all(teams), TEAM | set(MODEL))):
        granted = {
            action
            for policy in _of(side, "aws:iam/rolePolicy:RolePolicy")
            for statement in _statements(policy.inputs["policy"])
            for action in statement["Action"]
        }
        assert granted == allowed
        granted.discard("iam:GetRole")  # reads whose a role is, and changes nothing
        assert not [a for a in granted if a.startswith(("iam:", "kms:Put", "organizations:", "sts:Assume"))]
    boundaries = {
        policy.inputs["name"]: {a for s in _statements(policy.inputs["policy"]) for a in s["Action"]}
        for policy in platform.of("aws:iam/policy:Policy")
    }
    assert boundaries == {
        "corral-dev-boundary": PLATFORM_ACTIONS,
        "corral-dev-team-boundary": TEAM | set(MODEL),
    }


def _all(programs: list[Program]) -> list[Recorded]:
    return [resource for program in programs for resource in program.resources]


def test_policies_fit_iam(everything: list[Recorded]) -> None:
    totals: dict[str, int] = {}
    for policy in _of(everything, "aws:iam/rolePolicy:RolePolicy"):
        role = policy.inputs["role"]
        # Under another name the new policy stands beside the old one for a while.
        times = 1 if policy.inputs["name"] in ("permissions", "tools") else 2
        totals[role] = totals.get(role, 0) + times * len("".join(policy.inputs["policy"].split()))
    assert max(totals.values()) <= MAX_INLINE
    for boundary in _of(everything, "aws:iam/policy:Policy"):
        assert len("".join(boundary.inputs["policy"].split())) <= MAX_MANAGED


@pytest.mark.control("team-isolation")
def test_an_operator_can_call_its_own_front_door_and_nothing_else(stacks: dict[str, Program]) -> None:
    for stack, program in stacks.items():
        if stack == "dev":
            continue
        team = stack.partition(".")[2]
        [policy] = [
            p for p in program.of("aws:iam/rolePolicy:RolePolicy") if p.inputs["role"].endswith("-operator")
        ]
        door, override, reports = (
            (statements := _statements(policy.inputs["policy"]))[:2],
            statements[2:5],
            statements[5:],
        )
        _calls_by_url_alone(door, f"corral-dev-front-door-{team}")
        _calls_by_url_alone(override[:2], "corral-dev-override")
        assert override[2]["Action"] == ["lambda:GetFunctionUrlConfig"]
        assert [each["Sid"] for each in reports] == (
            ["ReportsList", "Reports", "ReportsKey"] if program.outputs["reports_uri"] else []
        ), "reports are read by the teams whose agents write them"
        for each in reports[:2]:
            shown = json.dumps(each)
            assert f"{team}/*" in shown, "a team's own reports alone"
            assert set(each["Action"]) <= {"s3:ListBucket", "s3:GetObject"}


def _calls_by_url_alone(statements: list[dict[str, Any]], function: str) -> None:
    url, invoke = statements
    assert (
        url["Resource"]
        == invoke["Resource"]
        == [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}:live"]
    )
    assert url["Action"] == ["lambda:InvokeFunctionUrl"]
    assert url["Condition"] == {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
    assert invoke["Action"] == ["lambda:InvokeFunction"]
    assert invoke["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


def test_the_platforms_operators_call_the_override_function_and_nothing_else(
    programs: dict[str, Program],
) -> None:
    [policy] = [
        p
        for p in programs["dev"].of("aws:iam/rolePolicy:RolePolicy")
        if p.inputs["role"] == "corral-dev-operator"
    ]
    *calls, address = _statements(policy.inputs["policy"])
    _calls_by_url_alone(calls, "corral-dev-override")
    assert (address["Action"], address["Resource"]) == (["lambda:GetFunctionUrlConfig"], calls[0]["Resource"])


@pytest.mark.control("team-isolation")
def test_nothing_of_one_team_is_granted_to_another(stacks: dict[str, Program]) -> None:
    teams = {stack.partition(".")[2]: program for stack, program in stacks.items() if stack != "dev"}
    for team, program in teams.items():
        others = [o for name, o in teams.items() if name != team]
        foreign = {o.outputs[key] for o in others for key in ("memory_arn", "team_key_arn")}
        foreign |= {a["harness_arn"] for o in others for a in o.outputs["agents"].values()}
        foreign |= {f"function:corral-dev-front-door-{name}:live" for name in teams if name != team}
        for policy in program.of("aws:iam/rolePolicy:RolePolicy"):
            for statement in _statements(policy.inputs["policy"]):
                for resource in _listed(statement["Resource"]):
                    if resource != "*":  # X-Ray, metrics, tokens: no resource of anybody's
                        assert not [arn for arn in foreign if fnmatch.fnmatch(arn, resource)], policy.name
                        assert not [arn for arn in foreign if resource.endswith(arn)], policy.name


@pytest.mark.control("audit-immutability")
def test_the_auditor_changes_nothing(programs: dict[str, Program]) -> None:
    [policy] = [
        p for p in programs["dev"].of("aws:iam/rolePolicy:RolePolicy") if "auditor" in p.inputs["role"]
    ]
    verbs = ("Get", "List", "Describe", "Lookup", "Search", "Decrypt", "BatchGet")
    own = {  # the queries it runs, and their results
        "AuditQueries": ("Start", "Stop"),
        "QueryResults": ("Put", "Abort"),
        "ResultsKey": ("GenerateDataKey",),
    }
    for statement in _statements(policy.inputs["policy"]):
        allowed = (*verbs, *own.get(statement["Sid"], ()))
        assert all(action.partition(":")[2].startswith(allowed) for action in statement["Action"]), statement
        if statement["Sid"] in own:
            [resource] = statement["Resource"]
            assert resource.endswith(
                (":workgroup/corral-dev-audit", ":::corral-dev-lake-results-111122223333-us-east-1/*")
            ) or (statement["Sid"] == "ResultsKey" and resource == programs["dev"].outputs["audit_key_arn"])


@pytest.mark.control("function-hardening", "cascade-limits")
def test_every_function_is_traced_bounded_logged_and_encrypted(everything: list[Recorded]) -> None:
    groups = {group.inputs["name"] for group in _of(everything, "aws:cloudwatch/logGroup:LogGroup")}
    aliases = {a.inputs["functionName"]: a.inputs for a in _of(everything, "aws:lambda/alias:Alias")}
    for function in _of(everything, "aws:lambda/function:Function"):
        given = function.inputs
        assert given["tracingConfig"] == {"mode": "Active"}, function.name
        assert given["reservedConcurrentExecutions"] >= 1, function.name
        assert given["kmsKeyArn"].startswith("arn:aws:kms:"), function.name
        assert given["loggingConfig"]["logGroup"] == f"/aws/lambda/{given['name']}" in groups, function.name
        assert given["runtime"] == "python3.13"
        assert given["architectures"] == ["arm64"]
        assert given["publish"] is True
        assert aliases[given["name"]]["name"] == "live"
        assert {"ENVIRONMENT", "LOG_LEVEL", "POWERTOOLS_SERVICE_NAME"} <= set(
            given["environment"]["variables"]
        )
        assert any("rolePolicy" in urn for urn in function.dependencies), function.name
        module = given["handler"].rpartition(".")[0].replace(".", "/") + ".py"
        assert {module, "functions/__init__.py", "functions/common/__init__.py"} <= set(
            given["code"]["assets"]
        )


@pytest.mark.control("log-retention", "data-encryption")
def test_log_groups_are_encrypted_and_kept(everything: list[Recorded]) -> None:
    for group in _of(everything, "aws:cloudwatch/logGroup:LogGroup"):
        assert group.inputs["retentionInDays"] == 400
        assert group.inputs["kmsKeyId"].startswith("arn:aws:kms:")
    assert 400 in LOG_RETENTIONS


@pytest.mark.control("data-encryption")
def test_keys_rotate_and_serve_their_account_only(everything: list[Recorded]) -> None:
    for key in _of(everything, "aws:kms/key:Key"):
        assert key.inputs["enableKeyRotation"] is True
        for statement in _statements(key.inputs["policy"]):
            principal = statement["Principal"]
            assert principal != "*"
            assert principal.get("AWS", f"arn:aws:iam::{ACCOUNT}:root") == f"arn:aws:iam::{ACCOUNT}:root"
            # CloudTrail looks at a key, and EventBridge uses one, without saying for whom.
            if "Service" in principal and statement["Sid"] not in ("TrailCheck", "Events"):
                assert ACCOUNT in json.dumps(statement["Condition"])


@pytest.mark.control("bucket-protection")
def test_buckets_refuse_plain_http_and_the_public(everything: list[Recorded]) -> None:
    for bucket in _of(everything, "aws:s3/bucket:Bucket"):
        beside = {r.type.rpartition(":")[2]: r.inputs for r in everything if r.parent == bucket.parent}
        deny = _statements(beside["BucketPolicy"]["policy"])[0]
        assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", ["s3:*"])
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert beside["BucketVersioning"]["versioningConfiguration"] == {"status": "Enabled"}
        block = dict(beside["BucketPublicAccessBlock"])
        block.pop("bucket")
        assert set(block.values()) == {True}
        assert len(block) == 4


@pytest.mark.control("audit-immutability", "log-retention")
def test_the_audit_bucket_is_locked(programs: dict[str, Program]) -> None:
    platform = programs["dev"]
    [bucket] = [b for b in platform.of("aws:s3/bucket:Bucket") if "audit" in b.inputs["bucket"]]
    assert bucket.inputs["objectLockEnabled"] is True
    [lock] = platform.of("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 400}}
    [life] = [
        r
        for r in platform.of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
        if r.parent == bucket.parent
    ]
    expiries = [rule["expiration"]["days"] for rule in life.inputs["rules"] if "expiration" in rule]
    assert expiries == [401], "records must not expire while they are locked"
    archived = {
        transition["storageClass"]: transition["days"]
        for rule in life.inputs["rules"]
        if rule["status"] == "Enabled" and not rule["filter"]["prefix"]
        for transition in rule.get("transitions", ())
    }
    # Athena passes over what S3 has to restore first, and validate-logs cannot read it.
    assert archived == {"GLACIER_IR": 90}
    assert MIN_RETENTION_DAYS - archived["GLACIER_IR"] >= 90, "S3 charges 90 days of that class in any case"
    assert platform.outputs["audit_key_arn"] != platform.outputs["platform_key_arn"]


def test_decisions_are_partitioned_by_day_and_compressed(programs: dict[str, Program]) -> None:
    [stream] = programs["dev"].of("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream")
    s3 = stream.inputs["extendedS3Configuration"]
    assert s3["prefix"] == "decisions/dt=!{timestamp:yyyy-MM-dd}/"
    assert s3["errorOutputPrefix"].startswith("decisions-undelivered/!{firehose:error-output-type}/")
    assert s3["compressionFormat"] == "GZIP"
    assert s3["kmsKeyArn"] == programs["dev"].outputs["audit_key_arn"]
    assert stream.inputs["serverSideEncryption"]["keyType"] == "CUSTOMER_MANAGED_CMK"


@pytest.mark.control("data-encryption")
def test_tables_are_encrypted_with_a_customer_key(everything: list[Recorded]) -> None:
    for table in _of(everything, "aws:dynamodb/table:Table"):
        assert table.inputs["serverSideEncryption"]["kmsKeyArn"].startswith("arn:aws:kms:"), table.name
