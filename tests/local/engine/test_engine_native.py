"""aws-native: spelling both ways, and creation through Cloud Control."""

import importlib
import inspect
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pulumi_aws_native
import pytest
from pulumi import _types

from corral.local.engine import native, schemas
from corral.local.engine.calls import Calls
from corral.local.engine.model import Credentials, EngineError
from corral.local.engine.schemas import sdk_name

HARNESS = "aws-native:bedrockagentcore:Harness"
TARGET = "aws-native:bedrockagentcore:GatewayTarget"
MODULES = ("agentregistry", "bedrock", "bedrockagentcore")


def inward(token: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return native.to_cloudformation(schemas.find(token, "us-east-1")[1], inputs)


def outward(token: str, properties: dict[str, Any]) -> dict[str, Any]:
    return native.to_sdk(schemas.find(token, "us-east-1")[1], properties)


HARNESS_SDK = {
    "harnessName": "helpdesk",
    "executionRoleArn": "arn:aws:iam::123456789012:role/r",
    "model": {
        "bedrockModelConfig": {"modelId": "m", "additionalParams": {"top_k": 5, "camelCase": {"a": 1}}}
    },
    "environmentVariables": {"snake_name": "x", "UPPER": "y"},
    "hooks": [{"beforeToolCall": {"name": "h", "target": {"lambda": {"arn": "a", "failureMode": "deny"}}}}],
    "tools": [
        {
            "name": "tools",
            "config": {"agentCoreGateway": {"gatewayArn": "g", "outboundAuth": {"awsIam": {}}}},
        },
        {"name": "f", "config": {"inlineFunction": {"description": "d", "inputSchema": {"my_key": 1}}}},
    ],
    "memory": {"agentCoreMemoryConfiguration": {"arn": "m", "retrievalConfig": {"/a_b": {"topK": 3}}}},
    "authorizerConfiguration": {"customJwtAuthorizer": {"discoveryUrl": "https://x"}},
    "tags": [{"key": "k", "value": "v"}],
}
HARNESS_CFN = {
    "HarnessName": "helpdesk",
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r",
    "Model": {
        "BedrockModelConfig": {"ModelId": "m", "AdditionalParams": {"top_k": 5, "camelCase": {"a": 1}}}
    },
    "EnvironmentVariables": {"snake_name": "x", "UPPER": "y"},
    "Hooks": [{"BeforeToolCall": {"Name": "h", "Target": {"Lambda": {"Arn": "a", "FailureMode": "deny"}}}}],
    "Tools": [
        {
            "Name": "tools",
            "Config": {"AgentCoreGateway": {"GatewayArn": "g", "OutboundAuth": {"AwsIam": {}}}},
        },
        {"Name": "f", "Config": {"InlineFunction": {"Description": "d", "InputSchema": {"my_key": 1}}}},
    ],
    "Memory": {"AgentCoreMemoryConfiguration": {"Arn": "m", "RetrievalConfig": {"/a_b": {"TopK": 3}}}},
    "AuthorizerConfiguration": {"CustomJWTAuthorizer": {"DiscoveryUrl": "https://x"}},
    "Tags": [{"Key": "k", "Value": "v"}],
}


def test_spelling_follows_the_schema_both_ways_and_leaves_free_form_objects_alone():
    assert inward(HARNESS, HARNESS_SDK) == HARNESS_CFN
    assert outward(HARNESS, HARNESS_CFN) == HARNESS_SDK


def test_alternatives_of_a_union_are_all_known():
    function = {
        "lambdaArn": "a",
        "toolSchema": {"inlinePayload": [{"name": "t", "inputSchema": {"type": "object"}}]},
    }
    converted = inward(TARGET, {"name": "t", "targetConfiguration": {"mcp": {"lambda": function}}})
    assert converted["TargetConfiguration"]["Mcp"]["Lambda"]["ToolSchema"]["InlinePayload"][0]["Name"] == "t"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (
            {"harness_name": "x"},
            "harness_name (the SDK's name is harnessName; a plain dict is not translated)",
        ),
        ({"HarnessName": "x"}, "HarnessName (the SDK's name is harnessName"),
        ({"nonsense": 1}, "nonsense (there are allowedTools, arn, "),
        ({"hooks": [{}, {"beforeToolCal": {}}]}, "hooks[1].beforeToolCal (there are afterInvocation, "),
        (
            {"model": {"bedrockModelConfig": {"model_id": "x"}}},
            "model.bedrockModelConfig.model_id (the SDK's name",
        ),
        (
            {"tools": [{"config": {"agentCoreGateway": {"outboundAuth": {"awsIam": {"x": 1}}}}}]},
            "tools[0].config.agentCoreGateway.outboundAuth.awsIam.x (there are none)",
        ),
        ({"authorizerConfiguration": {"customJWTAuthorizer": {}}}, "the SDK's name is customJwtAuthorizer"),
    ],
)
def test_unknown_keys_are_refused_by_name(inputs, expected):
    with pytest.raises(EngineError) as caught:
        inward(HARNESS, inputs)
    assert expected in str(caught.value)


def test_all_unknown_keys_are_named_at_once():
    with pytest.raises(EngineError, match=r"one .*; two "):
        inward(HARNESS, {"one": 1, "two": 2})


@pytest.mark.parametrize(
    ("cloudformation", "sdk"),
    [
        ("KMSKeyId", "kmsKeyId"),
        ("CustomJWTAuthorizer", "customJwtAuthorizer"),
        ("IdleSessionTTLInSeconds", "idleSessionTtlInSeconds"),
        ("VPCs", "vpcs"),
        ("RoleARNs", "roleArns"),
        ("MultiAZ", "multiAz"),
        ("S3", "s3"),
        ("URL", "url"),
        ("Id", "id"),
    ],
)
def test_names(cloudformation, sdk):
    assert sdk_name(cloudformation) == sdk
    assert sdk_name("Id", top=True) == "awsId"


@pytest.mark.parametrize("module", MODULES)
def test_names_are_those_of_the_sdk(module):
    """Every property of every resource, and every nested one, against what Pulumi's own SDK calls it."""
    package = importlib.import_module(f"pulumi_aws_native.{module}")
    nested_names: set[str] = set()
    for file in Path(pulumi_aws_native.__file__).parent.joinpath(module).glob("[a-z]*.py"):
        if file.stem.startswith("get_") or file.stem == "outputs":
            continue
        for resource in vars(importlib.import_module(f"{package.__name__}.{file.stem}")).values():
            if not (inspect.isclass(resource) and resource.__module__ == f"{package.__name__}.{file.stem}"):
                continue
            token = getattr(resource, "pulumi_type", None)
            if token is None:
                continue
            schema = schemas.find(token, "us-east-1")[1]
            ours = {sdk_name(name, top=True) for name in schema["properties"]}
            assert ours <= set(_types.resource_types(resource)), token
            nested_names |= {sdk_name(name) for name in _all_properties(schema)}
    inputs = importlib.import_module(f"{package.__name__}._inputs")
    declared: set[str] = set()
    for block in vars(inputs).values():
        if inspect.isclass(block) and _types.is_input_type(block):
            declared |= set(_types.input_type_types(block))
    assert declared
    assert declared - nested_names == set()


def _all_properties(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from schema["properties"]
        for value in schema.values():
            yield from _all_properties(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _all_properties(value)


def test_a_type_or_region_cloudformation_does_not_have_is_named():
    with pytest.raises(
        EngineError, match="no CloudFormation type for aws-native:bedrockagentcore:Nope in us-east-1"
    ):
        schemas.find("aws-native:bedrockagentcore:Nope", "us-east-1")
    with pytest.raises(EngineError, match="no CloudFormation types for region mars-1"):
        schemas.find(HARNESS, "mars-1")


class CloudControl(BaseHTTPRequestHandler):
    """The least Cloud Control there can be: answers PENDING once, then SUCCESS; FAILED for the name `bad`."""

    made: dict[str, Any] = {}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = getattr(self, self.headers["X-Amz-Target"].rpartition(".")[2])(body)
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def CreateResource(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        desired = json.loads(body["DesiredState"])
        self.made.clear()
        self.made.update(type=body["TypeName"], desired=desired)
        return {"ProgressEvent": {"OperationStatus": "PENDING", "RequestToken": "t"}}

    def GetResourceRequestStatus(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if self.made["desired"]["HarnessName"] == "bad":
            failed = {"OperationStatus": "FAILED", "ErrorCode": "AlreadyExists", "StatusMessage": "taken"}
            return {"ProgressEvent": failed}
        return {"ProgressEvent": {"OperationStatus": "SUCCESS", "Identifier": "the-arn"}}

    def GetResource(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        properties = {**self.made["desired"], "Arn": body["Identifier"], "HarnessId": "h-1", "Version": "1"}
        return {"ResourceDescription": {"Properties": json.dumps(properties)}}

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def cloud_control() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), CloudControl)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def make(endpoint: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    calls = Calls(endpoint, Credentials("a", "b"), "us-east-1", "123456789012")
    return native.create(calls, HARNESS, "helpdesk", "urn:1", inputs)


def test_creation_waits_and_returns_read_only_properties(cloud_control):
    identifier, outputs = make(cloud_control, {"harnessName": "x", "maxIterations": 5})
    assert CloudControl.made["type"] == "AWS::BedrockAgentCore::Harness"
    assert CloudControl.made["desired"] == {"HarnessName": "x", "MaxIterations": 5}
    assert identifier == "the-arn"
    assert outputs == {
        "harnessName": "x",
        "maxIterations": 5,
        "arn": "the-arn",
        "harnessId": "h-1",
        "version": "1",
    }


def test_a_failed_request_says_why(cloud_control):
    with pytest.raises(EngineError, match="AlreadyExists: taken"):
        make(cloud_control, {"harnessName": "bad"})


def test_a_resource_without_a_name_gets_one_that_stays(cloud_control):
    names = [make(cloud_control, {"maxIterations": 5})[1]["harnessName"] for _ in range(2)]
    assert names[0] == names[1]
    assert names[0].startswith("helpdesk-")


def test_a_program_reads_what_cloud_control_answered(cloud_control, tmp_path, engine_host):
    from corral.local.engine import run_stacks

    (tmp_path / "Pulumi.yaml").write_text("name: corral\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        """
import pulumi, pulumi_aws_native as native
core = native.bedrockagentcore
hook = core.HarnessBeforeToolCallHookArgs(
    name="supervisor",
    target=core.HarnessHookTargetArgs(
        lambda_=core.HarnessHookLambdaTargetArgs(arn="arn", failure_mode="deny", timeout_seconds=5)
    ),
)
harness = core.Harness(
    "h",
    harness_name="x",
    execution_role_arn="arn",
    model=core.HarnessModelConfigurationArgs(
        bedrock_model_config=core.HarnessBedrockModelConfigArgs(model_id="m", temperature=0.5, max_tokens=100)
    ),
    allowed_tools=[],
    max_iterations=5,
    max_tokens=1000,
    timeout_seconds=60,
    hooks=[core.HarnessHookArgs(before_tool_call=hook)],
)
pulumi.export("arn", harness.arn)
pulumi.export("id", harness.id)
"""
    )
    result = run_stacks(
        "dev",
        tmp_path,
        ["dev"],
        cloud_control,
        Credentials("a", "b"),
        "us-east-1",
        "123456789012",
        lambda event: None,
        host=engine_host,
    )["dev"]
    assert result.errors == []
    assert result.outputs == {"arn": "the-arn", "id": "the-arn"}
    desired = CloudControl.made["desired"]
    assert desired["AllowedTools"] == []
    assert desired["Hooks"] == [
        {
            "BeforeToolCall": {
                "Name": "supervisor",
                "Target": {"Lambda": {"Arn": "arn", "FailureMode": "deny", "TimeoutSeconds": 5}},
            }
        }
    ]
    model = desired["Model"]["BedrockModelConfig"]
    assert (model["MaxTokens"], type(model["MaxTokens"]), model["Temperature"]) == (100, int, 0.5)
