"""What AWS's resource handlers check and fill in, type by type, and how their control planes show it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.server.conftest import (
    ACCOUNT,
    REGION,
    RequestFailedError,
    Server,
    code_of,
    finished,
    status_of,
)
from tests.local.server.support import function, gateway_role, harness_role, trust

CORE = "AWS::BedrockAgentCore::"
TOOL = {
    "Name": "refund",
    "Description": "Refund an order.",
    "InputSchema": {"Type": "object", "Properties": {"cents": {"Type": "integer"}}, "Required": ["cents"]},
}


@pytest.fixture
def gateway(server: Server, name: str) -> dict:
    role = gateway_role(server, name)
    return server.create(
        f"{CORE}Gateway", Name=name, AuthorizerType="AWS_IAM", RoleArn=role, ProtocolType="MCP"
    )


def target(server: Server, gateway: dict, function_arn: str, **other: Any) -> dict:
    return server.create(
        f"{CORE}GatewayTarget",
        **{
            "GatewayIdentifier": gateway["GatewayIdentifier"],
            "Name": "refunds",
            "CredentialProviderConfigurations": [{"CredentialProviderType": "GATEWAY_IAM_ROLE"}],
            "TargetConfiguration": {
                "Mcp": {"Lambda": {"LambdaArn": function_arn, "ToolSchema": {"InlinePayload": [TOOL]}}}
            },
        }
        | other,
    )


def test_gateway_gets_its_url_and_reads_back(server: Server, gateway: dict) -> None:
    assert gateway["GatewayUrl"] == f"{server.endpoint}/gateways/{gateway['GatewayIdentifier']}/mcp"
    read = server.client("bedrock-agentcore-control").get_gateway(
        gatewayIdentifier=gateway["GatewayIdentifier"]
    )
    assert read["gatewayId"] == gateway["GatewayIdentifier"]
    assert read["gatewayUrl"] == gateway["GatewayUrl"]
    assert read["createdAt"].year >= 2026
    listed = server.client("bedrock-agentcore-control").list_gateways()["items"]
    assert gateway["GatewayIdentifier"] in [each["gatewayId"] for each in listed]


@pytest.mark.parametrize(
    "statement",
    [
        None,
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        trust("bedrock-agentcore.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "999999999999"}}),
        trust("bedrock-agentcore.amazonaws.com", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}),
    ],
)
def test_a_role_agentcore_may_not_assume_is_refused(
    server: Server, name: str, statement: dict | None
) -> None:
    if statement is not None:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
    with pytest.raises(RequestFailedError, match="Role validation failed"):
        server.create(
            f"{CORE}Gateway",
            Name=name,
            AuthorizerType="AWS_IAM",
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
        )


def test_target_needs_gateway_function_and_permission(server: Server, gateway: dict, name: str) -> None:
    arn = function(server, name)
    with pytest.raises(RequestFailedError, match=f"AccessDenied.*lambda:InvokeFunction on resource: {arn}"):
        target(server, gateway, arn)
    gateway_role(server, gateway["Name"], lambda_arn=arn)
    with pytest.raises(RequestFailedError, match=r"NotFound.*Function not found"):
        target(server, gateway, arn.replace(name, f"{name}-missing"))
    with pytest.raises(RequestFailedError, match="NotFound"):
        target(server, gateway | {"GatewayIdentifier": "none-0123456789"}, arn)
    with pytest.raises(RequestFailedError, match="GATEWAY_IAM_ROLE"):
        target(
            server,
            gateway,
            arn,
            CredentialProviderConfigurations=[{"CredentialProviderType": "JWT_PASSTHROUGH"}],
        )
    made = target(server, gateway, arn)
    assert made["GatewayArn"] == gateway["GatewayArn"]
    control = server.client("bedrock-agentcore-control")
    read = control.get_gateway_target(
        gatewayIdentifier=gateway["GatewayIdentifier"], targetId=made["TargetId"]
    )
    assert read["targetConfiguration"]["mcp"]["lambda"]["lambdaArn"] == arn
    shown = control.list_gateway_targets(gatewayIdentifier=gateway["GatewayIdentifier"])["items"]
    assert [each["targetId"] for each in shown] == [made["TargetId"]]
    with pytest.raises(RequestFailedError, match=r"ResourceConflict.*GatewayTarget"):
        delete(server, f"{CORE}Gateway", gateway["GatewayIdentifier"])


def delete(server: Server, type_name: str, identifier: str) -> None:
    control = server.client("cloudcontrol")
    finished(control, control.delete_resource(TypeName=type_name, Identifier=identifier)["ProgressEvent"])


def test_attaching_an_engine_needs_the_roles_permissions(server: Server, name: str) -> None:
    engine = server.create(f"{CORE}PolicyEngine", Name=name)
    wanted = {
        "Name": name,
        "AuthorizerType": "AWS_IAM",
        "RoleArn": gateway_role(server, name),
        "PolicyEngineConfiguration": {"Arn": engine["PolicyEngineArn"], "Mode": "ENFORCE"},
    }
    with pytest.raises(RequestFailedError, match=r"AccessDenied.*bedrock-agentcore:GetPolicyEngine"):
        server.create(f"{CORE}Gateway", **wanted)
    gateway_role(server, name, engine_arn=engine["PolicyEngineArn"])
    server.create(f"{CORE}Gateway", **wanted)
    with pytest.raises(RequestFailedError, match="attached to gateway"):
        delete(server, f"{CORE}PolicyEngine", engine["PolicyEngineArn"])


LIKE = 'principal.id like "arn:aws:sts::1:assumed-role/x/*"'


@pytest.mark.parametrize(
    ("action", "condition", "said"),
    [
        ("refunds___refund", LIKE, None),
        ("refunds___other", LIKE, "unrecognized action"),
        ("refunds___refund", 'principal.id == "arn:aws:sts::1:assumed-role/x/y"', "CREATE_FAILED.*like"),
        ("refunds___refund", "context.input.nothing == 1", "CREATE_FAILED"),
        ("refunds___refund", "((", "does not parse"),
    ],
)
def test_policies_are_checked_against_the_targets(
    server: Server, gateway: dict, name: str, action: str, condition: str, said: str | None
) -> None:
    arn = function(server, name)
    gateway_role(server, gateway["Name"], lambda_arn=arn)
    target(server, gateway, arn)
    engine = server.create(f"{CORE}PolicyEngine", Name=name)
    statement = (
        f'permit(principal is AgentCore::IamEntity, action == AgentCore::Action::"{action}", '
        f'resource == AgentCore::Gateway::"{gateway["GatewayArn"]}") when {{ {condition} }};'
    )
    wanted = {
        "Name": name,
        "PolicyEngineId": engine["PolicyEngineId"],
        "Definition": {"Cedar": {"Statement": statement}},
    }
    if said is not None:
        with pytest.raises(RequestFailedError, match=said):
            server.create(f"{CORE}Policy", **wanted)
        return
    policy = server.create(f"{CORE}Policy", **wanted)
    read = server.client("bedrock-agentcore-control").get_policy(
        policyEngineId=engine["PolicyEngineId"], policyId=policy["PolicyId"]
    )
    assert (read["status"], read["enforcementMode"]) == ("ACTIVE", "ACTIVE")
    assert read["definition"]["cedar"]["statement"] == statement


def test_a_policy_that_permits_everything_is_refused(server: Server, name: str) -> None:
    engine = server.create(f"{CORE}PolicyEngine", Name=name)
    with pytest.raises(RequestFailedError, match="overly permissive"):
        server.create(
            f"{CORE}Policy",
            Name=name,
            PolicyEngineId=engine["PolicyEngineId"],
            Definition={"Cedar": {"Statement": "permit(principal, action, resource);"}},
        )


@pytest.fixture
def harness(server: Server, name: str) -> dict:
    return server.create(
        f"{CORE}Harness",
        HarnessName=name,
        ExecutionRoleArn=harness_role(server, name),
        Model={"BedrockModelConfig": {"ModelId": "amazon.nova-lite-v1:0"}},
        SystemPrompt=[{"Text": "one"}],
        AllowedTools=[],
    )


def update(server: Server, type_name: str, identifier: str, **properties: Any) -> dict:
    control = server.client("cloudcontrol")
    patch = [{"op": "add", "path": f"/{name}", "value": value} for name, value in properties.items()]
    event = control.update_resource(
        TypeName=type_name, Identifier=identifier, PatchDocument=json.dumps(patch)
    )
    return json.loads(finished(control, event["ProgressEvent"])["ResourceModel"])


def test_harness_versions_are_immutable_and_endpoints_move(server: Server, harness: dict) -> None:
    control = server.client("bedrock-agentcore-control")
    endpoint = server.create(
        f"{CORE}HarnessEndpoint", HarnessId=harness["HarnessId"], EndpointName="live", TargetVersion="1"
    )
    assert endpoint["LiveVersion"] == "1"
    assert endpoint["Arn"] == f"{harness['Arn']}/harness-endpoint/live"
    assert update(server, f"{CORE}Harness", harness["Arn"], SystemPrompt=[{"Text": "two"}])["Version"] == "2"
    assert update(server, f"{CORE}Harness", harness["Arn"], SystemPrompt=[{"Text": "two"}])["Version"] == "2"

    def prompt(**version: str) -> str:
        return control.get_harness(harnessId=harness["HarnessId"], **version)["harness"]["systemPrompt"][0][
            "text"
        ]

    assert (prompt(harnessVersion="1"), prompt()) == ("one", "two")
    versions = control.list_harness_versions(harnessId=harness["HarnessId"])["harnessVersions"]
    assert [each["harnessVersion"] for each in versions] == ["1", "2"]
    where = {"harnessId": harness["HarnessId"], "endpointName": "live"}
    assert control.get_harness_endpoint(**where)["endpoint"]["liveVersion"] == "1"
    assert control.update_harness_endpoint(**where, targetVersion="2")["endpoint"]["liveVersion"] == "2"
    with pytest.raises(ClientError, match="No version 9"):
        control.update_harness_endpoint(**where, targetVersion="9")
    with pytest.raises(RequestFailedError, match="HarnessEndpoint"):
        delete(server, f"{CORE}Harness", harness["Arn"])


def test_memory_strategies_get_ids(server: Server, name: str) -> None:
    memory = server.create(
        f"{CORE}Memory",
        Name=name,
        EventExpiryDuration=30,
        MemoryStrategies=[{"SummaryMemoryStrategy": {"Name": "short"}}],
    )
    (strategy,) = server.client("bedrock-agentcore-control").get_memory(memoryId=memory["MemoryId"])[
        "memory"
    ]["strategies"]
    assert (strategy["type"], strategy["name"]) == ("SUMMARIZATION", "short")
    assert strategy["strategyId"].startswith("short-")


def test_guardrail_versions_keep_what_they_were(server: Server, name: str) -> None:
    bedrock = server.client("bedrock")
    guardrail = server.create(
        "AWS::Bedrock::Guardrail",
        Name=name,
        BlockedInputMessaging="no",
        BlockedOutputsMessaging="no",
        WordPolicyConfig={"WordsConfig": [{"Text": "fudge"}]},
    )
    version = server.create("AWS::Bedrock::GuardrailVersion", GuardrailIdentifier=guardrail["GuardrailArn"])
    assert version["Version"] == "1"
    update(server, "AWS::Bedrock::Guardrail", guardrail["GuardrailArn"], BlockedInputMessaging="changed")

    def said(version: str) -> str:
        identifier = guardrail["GuardrailId"]
        return bedrock.get_guardrail(guardrailIdentifier=identifier, guardrailVersion=version)[
            "blockedInputMessaging"
        ]

    assert (said("1"), said("DRAFT")) == ("no", "changed")
    read = bedrock.get_guardrail(guardrailIdentifier=guardrail["GuardrailArn"])
    assert read["wordPolicy"]["words"][0]["text"] == "fudge"
    second = server.create("AWS::Bedrock::GuardrailVersion", GuardrailIdentifier=guardrail["GuardrailId"])
    assert second["Version"] == "2"
    shown = bedrock.list_guardrails(guardrailIdentifier=guardrail["GuardrailId"])["guardrails"]
    assert [each["version"] for each in shown] == ["DRAFT", "1", "2"]

    delete(server, "AWS::Bedrock::Guardrail", guardrail["GuardrailArn"])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        said("1")  # a guardrail's versions go with it


def test_a_workgroup_is_updated_setting_by_setting(server: Server, name: str) -> None:
    athena = server.client("athena")
    place = {"OutputLocation": "s3://results/"}
    athena.create_work_group(
        Name=name, Configuration={"ResultConfiguration": place, "BytesScannedCutoffPerQuery": 10_000_000}
    )
    athena.update_work_group(
        WorkGroup=name,
        Description="changed",
        ConfigurationUpdates={
            "RemoveBytesScannedCutoffPerQuery": True,
            "EnforceWorkGroupConfiguration": True,
            "ResultConfigurationUpdates": {"ExpectedBucketOwner": "111122223333"},
        },
    )
    now = athena.get_work_group(WorkGroup=name)["WorkGroup"]
    assert now["Description"] == "changed"
    configuration = now["Configuration"]
    assert configuration["ResultConfiguration"] == place | {"ExpectedBucketOwner": "111122223333"}
    assert "BytesScannedCutoffPerQuery" not in configuration
    assert configuration["EnforceWorkGroupConfiguration"] is True


def test_inference_profiles(server: Server, name: str) -> None:
    model = f"arn:aws:bedrock:{REGION}::foundation-model/amazon.nova-lite-v1:0"
    made = server.create(
        "AWS::Bedrock::ApplicationInferenceProfile",
        InferenceProfileName=name,
        ModelSource={"CopyFrom": model},
    )
    read = server.client("bedrock").get_inference_profile(
        inferenceProfileIdentifier=made["InferenceProfileArn"]
    )
    assert read["models"] == [{"modelArn": model}]
    assert (read["status"], read["type"]) == ("ACTIVE", "APPLICATION")


def test_registry_records_are_found_once_approved(server: Server, name: str) -> None:
    registry = server.create("AWS::AgentRegistry::Registry", Name=name)
    made = server.create(
        "AWS::AgentRegistry::RegistryRecord",
        RegistryId=registry["RegistryId"],
        Name="helpdesk",
        Description="Answers questions about routers",
        RecordType="CUSTOM",
        Descriptors={"Custom": {"Data": "{}"}},
    )
    assert (made["Status"], made["RegistryArn"]) == ("DRAFT", registry["RegistryArn"])
    control, discovery = server.client("agent-registry-control"), server.client("agent-registry")
    where = {"registryId": registry["RegistryId"], "recordId": made["RecordId"]}

    def found() -> list[str]:
        query = {"searchQuery": "router questions", "registryIds": [registry["RegistryId"]]}
        answer = discovery.search_discoverable_registry_records(**query)
        return [each["name"] for each in answer["registryRecords"]]

    assert found() == []
    approve = {"status": "APPROVED", "statusReason": "fine"}
    with pytest.raises(ClientError) as error:
        control.update_registry_record_status(**where, **approve)
    assert (code_of(error), status_of(error)) == ("ConflictException", 409)
    assert control.submit_registry_record_for_approval(**where)["status"] == "PENDING_APPROVAL"
    assert control.update_registry_record_status(**where, **approve)["statusReason"] == "fine"
    assert found() == ["helpdesk"]
    assert control.get_registry_record(**where)["descriptors"]["custom"]["data"] == "{}"
    assert len(control.list_registry_records(registryId=registry["RegistryArn"])["registryRecords"]) == 1
    control.update_registry_record_status(**where, status="DEPRECATED", statusReason="old")
    assert found() == []
    cloud = server.client("cloudcontrol")
    which = {"TypeName": "AWS::AgentRegistry::RegistryRecord", "Identifier": made["RecordArn"]}
    edit = [{"op": "replace", "path": "/Description", "value": "Answers nothing"}]
    with pytest.raises(RequestFailedError, match="DEPRECATED cannot be edited"):
        finished(cloud, cloud.update_resource(**which, PatchDocument=json.dumps(edit))["ProgressEvent"])
    tag = [{"op": "add", "path": "/Tags", "value": [{"Key": "a", "Value": "b"}]}]
    finished(cloud, cloud.update_resource(**which, PatchDocument=json.dumps(tag))["ProgressEvent"])


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("bedrock", "list_foundation_models", {}),
        ("bedrock-agentcore-control", "list_browsers", {}),
        ("bedrock-agent", "list_agents", {}),
    ],
)
def test_other_operations_are_501(server: Server, service: str, operation: str, arguments: dict) -> None:
    with pytest.raises(ClientError, match="is not part of the local AWS") as error:
        getattr(server.client(service), operation)(**arguments)
    assert status_of(error) == 501


def test_unknown_resources_are_404(server: Server) -> None:
    with pytest.raises(ClientError) as error:
        server.client("bedrock-agentcore-control").get_gateway(gatewayIdentifier="none-0123456789")
    assert (code_of(error), status_of(error)) == ("ResourceNotFoundException", 404)
