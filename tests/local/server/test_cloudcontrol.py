"""Cloud Control over AWS's published schemas: what is refused and filled in, and the asynchronous form."""

import json

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

CORE = "AWS::BedrockAgentCore::"
AGENTCORE = "bedrock-agentcore.amazonaws.com"
MODEL = f"arn:aws:bedrock:{REGION}::foundation-model/amazon.nova-lite-v1:0"


@pytest.fixture
def engine(server: Server, name: str) -> dict:
    return server.create(f"{CORE}PolicyEngine", Name=name)


def test_read_only_properties_are_filled_in(engine: dict) -> None:
    assert engine["PolicyEngineArn"] == (
        f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:policy-engine/{engine['PolicyEngineId']}"
    )
    assert engine["Status"] == "ACTIVE"
    assert engine["CreatedAt"] == engine["UpdatedAt"]


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"Name": "ok", "Colour": "red"}, "extraneous key [Colour] is not permitted"),
        ({}, "required key [Name] not found"),
        ({"Name": "no-hyphens"}, "does not match pattern"),
        (
            {"Name": "ok", "PolicyEngineId": "ok-0123456789"},
            "read-only property [#/properties/PolicyEngineId]",
        ),
        ({"Name": "ok", "Tags": [{"Key": "a", "Value": "b", "Extra": 1}]}, "extraneous key [Extra]"),
        ({"Name": 5}, "is not of type 'string'"),
    ],
)
def test_what_the_schema_forbids_is_refused(server: Server, properties: dict, said: str) -> None:
    with pytest.raises(ClientError) as error:
        server.create(f"{CORE}PolicyEngine", **properties)
    assert code_of(error) == "ValidationException"
    assert said in str(error.value)


def test_nested_read_only_properties_are_refused(server: Server, name: str) -> None:
    strategy = {"SemanticMemoryStrategy": {"Name": "facts", "StrategyId": "facts-0123456789"}}
    with pytest.raises(ClientError, match="StrategyId"):
        server.create(f"{CORE}Memory", Name=name, EventExpiryDuration=30, MemoryStrategies=[strategy])


def test_unknown_types_and_types_of_other_regions(server: Server) -> None:
    control = server.client("cloudcontrol")
    with pytest.raises(ClientError) as error:
        control.create_resource(TypeName="AWS::No::Such", DesiredState="{}")
    assert code_of(error) == "TypeNotFoundException"
    with pytest.raises(ClientError) as error:
        control.create_resource(TypeName="AWS::EC2::VPC", DesiredState='{"CidrBlock":"10.0.0.0/16"}')
    assert code_of(error) == "UnsupportedActionException"
    assert status_of(error) == 501


def test_malformed_desired_state(server: Server) -> None:
    control = server.client("cloudcontrol")
    for state in ("{", "[]"):
        with pytest.raises(ClientError) as error:
            control.create_resource(TypeName=f"{CORE}PolicyEngine", DesiredState=state)
        assert code_of(error) == "InvalidRequestException"


def test_update_patches_and_keeps_read_only(server: Server, engine: dict) -> None:
    control = server.client("cloudcontrol")
    patch = json.dumps([{"op": "add", "path": "/Description", "value": "new"}])
    event = control.update_resource(
        TypeName=f"{CORE}PolicyEngine", Identifier=engine["PolicyEngineArn"], PatchDocument=patch
    )["ProgressEvent"]
    model = json.loads(finished(control, event)["ResourceModel"])
    assert model["Description"] == "new"
    assert model["PolicyEngineId"] == engine["PolicyEngineId"]
    assert model["CreatedAt"] == engine["CreatedAt"]


@pytest.mark.parametrize("changed", ["Name", "Status"])
def test_update_refuses_create_only_and_read_only(server: Server, engine: dict, changed: str) -> None:
    patch = json.dumps([{"op": "replace", "path": f"/{changed}", "value": "DELETING"}])
    with pytest.raises(ClientError) as error:
        server.client("cloudcontrol").update_resource(
            TypeName=f"{CORE}PolicyEngine", Identifier=engine["PolicyEngineArn"], PatchDocument=patch
        )
    assert code_of(error) == "NotUpdatableException"


@pytest.mark.parametrize(
    "patch", ["{", "{}", '[{"op":"remove","path":"/Nothing"}]', '[{"op":"test","path":"/Name","value":"x"}]']
)
def test_bad_patches(server: Server, engine: dict, patch: str) -> None:
    with pytest.raises(ClientError) as error:
        server.client("cloudcontrol").update_resource(
            TypeName=f"{CORE}PolicyEngine", Identifier=engine["PolicyEngineArn"], PatchDocument=patch
        )
    assert code_of(error) in {"InvalidRequestException"}


def test_delete_then_get(server: Server, engine: dict) -> None:
    control = server.client("cloudcontrol")
    where = {"TypeName": f"{CORE}PolicyEngine", "Identifier": engine["PolicyEngineArn"]}
    finished(control, control.delete_resource(**where)["ProgressEvent"])
    with pytest.raises(ClientError) as error:
        control.get_resource(**where)
    assert code_of(error) == "ResourceNotFoundException"
    with pytest.raises(RequestFailedError, match="NotFound"):
        finished(control, control.delete_resource(**where)["ProgressEvent"])


def test_a_name_is_taken_once(server: Server, engine: dict) -> None:
    with pytest.raises(RequestFailedError, match="AlreadyExists"):
        server.create(f"{CORE}PolicyEngine", Name=engine["Name"])


def test_client_token_makes_one_resource(server: Server, name: str) -> None:
    control = server.client("cloudcontrol")
    request = {
        "TypeName": f"{CORE}PolicyEngine",
        "DesiredState": json.dumps({"Name": name}),
        "ClientToken": name,
    }
    first, again = (control.create_resource(**request)["ProgressEvent"] for _ in range(2))
    assert first["RequestToken"] == again["RequestToken"]
    with pytest.raises(ClientError) as error:
        control.create_resource(**request | {"DesiredState": json.dumps({"Name": f"{name}x"})})
    assert code_of(error) == "ClientTokenConflictException"


def test_boto3s_waiter(server: Server, name: str) -> None:
    control = server.client("cloudcontrol")
    event = control.create_resource(TypeName=f"{CORE}PolicyEngine", DesiredState=json.dumps({"Name": name}))
    token = event["ProgressEvent"]["RequestToken"]
    control.get_waiter("resource_request_success").wait(RequestToken=token, WaiterConfig={"Delay": 0})


def test_list_needs_its_parent_and_pages(server: Server, name: str) -> None:
    control = server.client("cloudcontrol")
    with pytest.raises(ClientError, match=r"Required property: \[GatewayIdentifier\]"):
        control.list_resources(TypeName=f"{CORE}GatewayTarget")
    for index in range(3):
        server.create(f"{CORE}PolicyEngine", Name=f"{name}_{index}")
    found = []
    for page in control.get_paginator("list_resources").paginate(
        TypeName=f"{CORE}PolicyEngine", PaginationConfig={"PageSize": 2}
    ):
        found += [json.loads(each["Properties"])["Name"] for each in page["ResourceDescriptions"]]
    assert {f"{name}_{index}" for index in range(3)} <= set(found)
    assert len(found) == len(set(found))


def test_write_only_properties_are_not_read_back(server: Server, name: str) -> None:
    profile = server.create(
        "AWS::Bedrock::ApplicationInferenceProfile",
        InferenceProfileName=name,
        ModelSource={
            "CopyFrom": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/us.amazon.nova-lite-v1:0"
        },
    )
    assert "ModelSource" not in profile
    assert len(profile["Models"]) == 3
    assert profile["InferenceProfileIdentifier"] == profile["InferenceProfileArn"]


def test_what_it_lacks_answers_501_with_its_name(server: Server) -> None:
    with pytest.raises(ClientError, match="cloudcontrol:ListResourceRequests is not part") as error:
        server.client("cloudcontrol").list_resource_requests()
    assert status_of(error) == 501


def test_the_real_providers_signing_name(server: Server) -> None:
    client = server.client("cloudcontrol")
    client._request_signer._signing_name = "cloudapiservice"
    assert "ResourceDescriptions" in client.list_resources(TypeName=f"{CORE}PolicyEngine")
