"""Deployers at work: IAM's rules decide on every call of a deployment, and on what deployers must not do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.bootstrap.conftest import ACCOUNT, REGION, Bootstrapped

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
ANYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
BOUNDARIES = f"arn:aws:iam::{ACCOUNT}:policy/corral/dev/platform/corral-dev"


def refused(call: Callable[..., Any], action: str, **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert f"not authorized to perform: {action} " in str(error.value)


@pytest.fixture(scope="session")
def teams(bootstrapped: Bootstrapped) -> Bootstrapped:
    """Support's stack by support's deployer, sales' by sales'."""
    for role, stack in (("DeployerSupport", "dev.support"), ("DeployerSales", "dev.sales")):
        done = bootstrapped.deploy(role, stack)
        assert done["errors"] == [], stack
        assert done["made"] > 25
    return bootstrapped


def test_each_team_deploys_its_own_stack(teams: Bootstrapped) -> None:
    roles = teams.session.client("iam").list_roles(PathPrefix="/corral/dev/support/")["Roles"]
    assert len(roles) >= 4


@pytest.mark.control("change-alerts")
def test_what_deployers_deploy_raises_no_alert_and_what_they_may_not_does(teams: Bootstrapped) -> None:
    """The first deployment of the platform and its teams, and one of roles, agents and items again."""
    topic = teams.outputs["alerts_topic_arn"]
    assert teams.session.notifications(topic) == []
    iam = teams.client("DeployerSupport", "iam")
    role = "corral-dev-front-door-support"
    iam.update_role_description(RoleName=role, Description="By its deployer.")
    assert teams.session.notifications(topic) == []
    refused(iam.delete_policy, "iam:DeletePolicy", PolicyArn=f"{BOUNDARIES}-boundary")
    teams.session.client("iam").update_role_description(RoleName=role, Description="By somebody else.")
    boundary, other = teams.session.notifications(topic)
    assert "DeletePolicy" in boundary
    assert "corral-dev-deployer-support/pipeline" in boundary
    assert "UpdateRoleDescription" in other
    assert ":user/administrator" in other


def test_the_environments_deployer_deploys_a_team_too(teams: Bootstrapped) -> None:
    assert teams.deploy("Deployer", "dev.legal")["errors"] == []


@pytest.mark.control("team-isolation")
def test_no_team_deploys_another_teams_stack(teams: Bootstrapped) -> None:
    done = teams.deploy("DeployerSupport", "dev.finance")
    denied = [error for error in done["errors"] if "not authorized to perform" in error]
    for action in ("kms:CreateKey", "bedrock:CreateInferenceProfile", "iam:CreateRole", "bedrock-agentcore:"):
        assert any(action in error for error in denied), (action, denied)
    assert teams.session.client("iam").list_roles(PathPrefix="/corral/dev/finance/")["Roles"] == []


@pytest.mark.control("team-isolation")
def test_functions_of_evaluators_are_their_teams(teams: Bootstrapped) -> None:
    """Also of a team whose name begins with that of another. No other function may be invoked by who deploys."""
    client = teams.client("DeployerSupport", "lambda")
    for operation, action in (
        (client.delete_function, "DeleteFunction"),
        (client.get_function, "GetFunction"),
    ):
        with pytest.raises(ClientError, match="Function not found"):
            operation(FunctionName="corral-dev-eval-support_sums_abcdef")
        for other in ("corral-dev-eval-support-eu_sums_abcdef", "corral-dev-eval-sales_sums_abcdef"):
            refused(operation, f"lambda:{action}", FunctionName=other)
    refused(
        client.invoke, "lambda:InvokeFunction", FunctionName="corral-dev-front-door-support", Qualifier="live"
    )


def test_no_team_deploys_the_platform(teams: Bootstrapped) -> None:
    for service, operation, parameters, action in (
        ("s3", "create_bucket", {"Bucket": f"corral-dev-audit-{ACCOUNT}-{REGION}"}, "s3:CreateBucket"),
        (
            "s3",
            "delete_bucket_policy",
            {"Bucket": f"corral-dev-audit-{ACCOUNT}-{REGION}"},
            "s3:DeleteBucketPolicy",
        ),
        ("cloudtrail", "delete_trail", {"Name": "corral-dev-trail"}, "cloudtrail:DeleteTrail"),
        ("lambda", "delete_function", {"FunctionName": "corral-dev-supervisor"}, "lambda:DeleteFunction"),
        ("dynamodb", "delete_table", {"TableName": "corral-dev-agents"}, "dynamodb:DeleteTable"),
        ("dynamodb", "scan", {"TableName": "corral-dev-approvals"}, "dynamodb:Scan"),
    ):
        refused(getattr(teams.client("DeployerSupport", service), operation), action, **parameters)


@pytest.mark.control("role-limits")
@pytest.mark.parametrize("role", ["Deployer", "DeployerSupport"])
def test_boundaries_are_out_of_reach(teams: Bootstrapped, role: str) -> None:
    iam = teams.client(role, "iam")
    for boundary in ("boundary", "team-boundary"):
        arn = f"{BOUNDARIES}-{boundary}"
        refused(
            iam.create_policy_version, "iam:CreatePolicyVersion",
            PolicyArn=arn, PolicyDocument=ANYTHING, SetAsDefault=True,
        )  # fmt: skip
        refused(iam.delete_policy, "iam:DeletePolicy", PolicyArn=arn)
    own = "corral-dev-team-support-operator"
    refused(iam.delete_role_permissions_boundary, "iam:DeleteRolePermissionsBoundary", RoleName=own)
    refused(
        iam.put_role_permissions_boundary, "iam:PutRolePermissionsBoundary",
        RoleName=own, PermissionsBoundary=f"{BOUNDARIES}-boundary",
    )  # fmt: skip
    refused(
        iam.create_policy,
        "iam:CreatePolicy",
        PolicyName="x",
        Path="/corral/dev/support/",
        PolicyDocument=ANYTHING,
    )
    refused(
        iam.attach_role_policy, "iam:AttachRolePolicy",
        RoleName=own, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess",
    )  # fmt: skip


@pytest.mark.control("role-limits")
@pytest.mark.parametrize(
    ("role", "path", "boundary"),
    [
        ("Deployer", "/corral/dev/support/", None),
        ("Deployer", "/corral/dev/support/", "arn:aws:iam::aws:policy/AdministratorAccess"),
        ("Deployer", "/corral/prod/support/", f"{BOUNDARIES}-boundary"),
        ("Deployer", "/", f"{BOUNDARIES}-boundary"),
        ("Deployer", "/corral-bootstrap/dev/", f"{BOUNDARIES}-boundary"),
        ("DeployerSupport", "/corral/dev/support/", None),
        ("DeployerSupport", "/corral/dev/support/", f"{BOUNDARIES}-boundary"),  # the platform's
        ("DeployerSupport", "/corral/dev/sales/", f"{BOUNDARIES}-team-boundary"),
        ("DeployerSupport", "/corral/dev/platform/", f"{BOUNDARIES}-team-boundary"),
    ],
)
def test_roles_have_a_boundary_and_a_place(
    teams: Bootstrapped, role: str, path: str, boundary: str | None
) -> None:
    given = {} if boundary is None else {"PermissionsBoundary": boundary}
    refused(
        teams.client(role, "iam").create_role, "iam:CreateRole",
        RoleName="another", Path=path, AssumeRolePolicyDocument=TRUST, **given,
    )  # fmt: skip


def test_a_role_of_ones_own_is_made_and_given_to_a_service(teams: Bootstrapped) -> None:
    iam = teams.client("DeployerSupport", "iam")
    iam.create_role(
        RoleName="corral-dev-more", Path="/corral/dev/support/", AssumeRolePolicyDocument=TRUST,
        PermissionsBoundary=f"{BOUNDARIES}-team-boundary",
    )  # fmt: skip
    iam.put_role_policy(RoleName="corral-dev-more", PolicyName="p", PolicyDocument=ANYTHING)
    iam.delete_role_policy(RoleName="corral-dev-more", PolicyName="p")
    iam.delete_role(RoleName="corral-dev-more")


@pytest.mark.control("role-limits")
def test_roles_are_passed_to_the_services_that_use_them_and_only_ones_own(teams: Bootstrapped) -> None:
    functions = teams.client("DeployerSupport", "lambda")
    for role in ("sales/corral-dev-front-door-sales", "platform/corral-dev-supervisor"):
        refused(
            functions.update_function_configuration, "iam:PassRole",
            FunctionName="corral-dev-front-door-support", Role=f"arn:aws:iam::{ACCOUNT}:role/corral/dev/{role}",
        )  # fmt: skip
    refused(
        teams.client("DeployerSupport", "cloudtrail").create_trail, "cloudtrail:CreateTrail",
        Name="x", S3BucketName="x",
    )  # fmt: skip


def test_deployers_and_their_policies_are_out_of_their_own_reach(teams: Bootstrapped) -> None:
    for role in ("Deployer", "DeployerSupport"):
        iam, own = teams.client(role, "iam"), teams.roles[role].rpartition("/")[2]
        refused(iam.tag_role, "iam:TagRole", RoleName=own, Tags=[{"Key": "corral-team", "Value": "sales"}])
        refused(
            iam.put_role_policy, "iam:PutRolePolicy", RoleName=own, PolicyName="p", PolicyDocument=ANYTHING
        )
        refused(
            iam.update_assume_role_policy, "iam:UpdateAssumeRolePolicy", RoleName=own, PolicyDocument=TRUST
        )


@pytest.mark.control("team-isolation")
def test_a_team_touches_its_own_agents_entries_only(teams: Bootstrapped) -> None:
    table = teams.client("DeployerSupport", "dynamodb")
    harnesses = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:harness"
    for name in ("dev_sales_pipeline_analyst-abc", "dev_supports_x-abc"):
        key = {"agent": {"S": f"{harnesses}/{name}"}, "item": {"S": "config"}}
        refused(table.put_item, "dynamodb:PutItem", TableName="corral-dev-agents", Item=key)
        refused(table.delete_item, "dynamodb:DeleteItem", TableName="corral-dev-agents", Key=key)
    own = {"agent": {"S": f"{harnesses}/dev_support_helpdesk-none"}, "item": {"S": "config"}}
    table.get_item(TableName="corral-dev-agents", Key=own)


@pytest.mark.control("suspension", "approvals")
@pytest.mark.parametrize("role", ["Deployer", "DeployerSupport"])
def test_who_deploys_neither_lifts_a_suspension_nor_approves(teams: Bootstrapped, role: str) -> None:
    table = teams.client(role, "dynamodb")
    for name, key in (("overrides", {"scope": {"S": "*"}}), ("approvals", {"id": {"S": "x"}})):
        refused(table.put_item, "dynamodb:PutItem", TableName=f"corral-dev-{name}", Item=key)
        refused(table.delete_item, "dynamodb:DeleteItem", TableName=f"corral-dev-{name}", Key=key)


@pytest.mark.control("team-isolation")
def test_a_team_changes_no_harness_key_or_policy_of_another(teams: Bootstrapped) -> None:
    control = teams.client("DeployerSupport", "cloudcontrol")
    for kind, mark, action in (
        ("AWS::BedrockAgentCore::Harness", "dev_sales_", "bedrock-agentcore:"),
        ("AWS::BedrockAgentCore::Policy", "dev_sales_", "bedrock-agentcore:"),
        ("AWS::BedrockAgentCore::Memory", "dev_sales", "bedrock-agentcore:"),
        ("AWS::BedrockAgentCore::Gateway", "corral-dev", "bedrock-agentcore:"),
        ("AWS::BedrockAgentCore::PolicyEngine", "corral_dev", "bedrock-agentcore:"),
        ("AWS::Bedrock::Guardrail", "", "bedrock:"),
        ("AWS::AgentRegistry::Registry", "", "agent-registry:"),
    ):
        found = teams.session.client("cloudcontrol").list_resources(
            TypeName=kind,
            ResourceModel=json.dumps({"PolicyEngineId": teams.outputs["policy_engine_id"]}),
        )["ResourceDescriptions"]
        theirs = [each["Identifier"] for each in found if mark in each["Properties"]]
        assert theirs, kind
        with pytest.raises(ClientError, match=f"not authorized to perform: {action}"):
            control.delete_resource(TypeName=kind, Identifier=theirs[0])
    keys = teams.client("DeployerSupport", "kms")
    for alias in ("alias/corral-dev-team-sales", "alias/corral-dev-platform", "alias/corral-dev-audit"):
        key = teams.session.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
        refused(keys.schedule_key_deletion, "kms:ScheduleKeyDeletion", KeyId=key)
        refused(keys.put_key_policy, "kms:PutKeyPolicy", KeyId=key, PolicyName="default", Policy=ANYTHING)
        tag = [{"TagKey": "corral:team", "TagValue": "support"}]
        refused(keys.tag_resource, "kms:TagResource", KeyId=key, Tags=tag)


@pytest.mark.control("function-hardening")
def test_a_front_doors_url_takes_signed_requests_only(teams: Bootstrapped) -> None:
    refused(
        teams.client("DeployerSupport", "lambda").update_function_url_config, "lambda:UpdateFunctionUrlConfig",
        FunctionName="corral-dev-front-door-support", Qualifier="live", AuthType="NONE",
    )  # fmt: skip


def test_of_the_state_a_team_reads_what_the_platform_tells(template: Any, teams: Bootstrapped) -> None:
    [bucket] = template.of_type("AWS::S3::Bucket").values()
    name, admin = bucket["BucketName"], teams.session.client("s3")
    admin.create_bucket(Bucket=name)
    files = (
        *(".pulumi/meta.yaml", ".pulumi/stacks/corral/dev.json", ".pulumi/stacks/corral/dev.support.json"),
        *(".pulumi/stacks/corral/dev.sales.json", ".pulumi/stacks/corral/dev.support-two.json"),
    )
    for key in files:
        admin.put_object(Bucket=name, Key=key, Body=b"{}")
    state = teams.client("DeployerSupport", "s3")
    state.list_objects_v2(Bucket=name, Prefix=".pulumi/stacks/corral/")
    for key in files[:3]:
        state.get_object(Bucket=name, Key=key)
    for key in files[3:]:
        refused(state.get_object, "s3:GetObject", Bucket=name, Key=key)
    for key in (*files[:2], *files[3:]):
        refused(state.put_object, "s3:PutObject", Bucket=name, Key=key, Body=b"")
    for key in (
        files[2],
        ".pulumi/locks/organization/corral/dev.support/1.json",
        ".pulumi/history/corral/dev.support/1.json",
        ".pulumi/backups/corral/dev.support/1.json",
    ):
        state.put_object(Bucket=name, Key=key, Body=b"{}")
        state.delete_object(Bucket=name, Key=key)
    refused(state.delete_bucket, "s3:DeleteBucket", Bucket=name)
    refused(teams.client("Deployer", "s3").delete_bucket, "s3:DeleteBucket", Bucket=name)


def test_a_previewer_reads_the_state_and_changes_nothing(template: Any, teams: Bootstrapped) -> None:
    [bucket] = template.of_type("AWS::S3::Bucket").values()
    name, admin = f"{bucket['BucketName']}", teams.session.client("s3")
    if name not in {each["Name"] for each in admin.list_buckets()["Buckets"]}:
        admin.create_bucket(Bucket=name)
    key = ".pulumi/stacks/corral/dev.preview.json"
    admin.put_object(Bucket=name, Key=key, Body=b"{}")
    state = teams.client("Previewer", "s3")
    state.list_objects_v2(Bucket=name)
    state.get_object(Bucket=name, Key=key)
    refused(state.put_object, "s3:PutObject", Bucket=name, Key=key, Body=b"")
    refused(state.delete_object, "s3:DeleteObject", Bucket=name, Key=key)
    refused(
        teams.client("Previewer", "cloudcontrol").get_resource, "cloudformation:GetResource",
        TypeName="AWS::BedrockAgentCore::Gateway", Identifier="x",
    )  # fmt: skip
    refused(
        teams.client("Previewer", "iam").create_role, "iam:CreateRole",
        RoleName="x", Path="/corral/dev/support/", AssumeRolePolicyDocument=TRUST,
        PermissionsBoundary=f"{BOUNDARIES}-team-boundary",
    )  # fmt: skip
