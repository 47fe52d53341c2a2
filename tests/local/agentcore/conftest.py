"""A local AWS with real HTTP, signatures, IAM and AgentCore, over a store and functions filled by hand."""

import copy
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from corral.local.server import authorize, identity
from corral.local.server.app import App
from corral.local.server.core import AwsError, Call, Credentials, Instead, Invocation, LocalAws

ACCOUNT = "111122223333"
REGION = "us-east-1"
GATEWAY_ID = "corral-dev-abcdefghij"
GATEWAY_ARN = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:gateway/{GATEWAY_ID}"
ENGINE_ID = "corral_dev-abcdefghij"
ENGINE_ARN = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:policy-engine/{ENGINE_ID}"
HARNESS_ID = "dev_support_helpdesk-abcdefghij"
HARNESS_ARN = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:harness/{HARNESS_ID}"
MEMORY_ID = "support-abcdefghij"
MEMORY_ARN = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:memory/{MEMORY_ID}"
PROFILE_ARN = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/abc123def456"
MODEL_ARN = f"arn:aws:bedrock:{REGION}::foundation-model/amazon.nova-lite-v1:0"


class TableStore:
    """Resources as the tests put them there."""

    def __init__(self) -> None:
        self.resources: dict[str, list[dict[str, Any]]] = {}
        self.versions: dict[tuple[str, str], dict[str, Any]] = {}

    def put(self, type_name: str, properties: dict[str, Any]) -> None:
        self.resources.setdefault(type_name, []).append(properties)

    def list(self, type_name: str) -> list[dict[str, Any]]:
        return copy.deepcopy(self.resources.get(type_name, []))

    def find(self, type_name: str, **equal: Any) -> dict[str, Any] | None:
        for properties in self.list(type_name):
            if all(properties.get(name) == value for name, value in equal.items()):
                return properties
        return None

    def get(self, type_name: str, identifier: str) -> dict[str, Any]:
        for properties in self.list(type_name):
            if identifier in (properties.get("GatewayIdentifier"), properties.get("Arn")):
                return properties
        raise AwsError("ResourceNotFoundException", f"{type_name} {identifier} not found", 404)

    def harness_version(self, harness_arn: str, version: str) -> dict[str, Any]:
        return self.versions[harness_arn, version]


@dataclass
class PythonFunctions:
    """Functions by ARN: the handler's answer is the payload, an exception the function's error."""

    handlers: dict[str, Callable[[Any, dict[str, Any] | None], Any]] = field(default_factory=dict)
    calls: list[tuple[str, Any, dict[str, Any] | None]] = field(default_factory=list)
    instead: list[Instead | None] = field(default_factory=list)  # of each call

    def invoke(
        self,
        function: str,
        payload: bytes,
        client_context: dict[str, Any] | None = None,
        *,
        instead: Instead | None = None,
    ) -> Invocation:
        event = json.loads(payload)
        self.instead.append(instead)
        self.calls.append((function, event, client_context))
        if instead is not None:
            return Invocation(200, json.dumps(instead["returns"]).encode(), None, "", 1.0)
        if function not in self.handlers:
            raise AwsError("ResourceNotFoundException", f"Function not found: {function}", 404)
        try:
            answer = self.handlers[function](event, client_context)
        except Exception as error:
            trace = ["  File secret.py, line 1"]
            text = {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": trace}
            return Invocation(200, json.dumps(text).encode(), "Unhandled", "", 1.0)
        payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Invocation(200, payload, None, "", 1.0)

    def close(self) -> None:
        """Nothing to end."""


class ListTrail:
    """Finished calls, with their errors."""

    def __init__(self) -> None:
        self.calls: list[tuple[Call, AwsError | None]] = []

    def record(self, call: Call, error: AwsError | None = None) -> None:
        self.calls.append((call, error))

    def named(self, operation: str) -> list[Call]:
        return [call for call, _ in self.calls if call.operation == operation]


@dataclass
class World:
    """One local AWS and what the tests need to fill and call it."""

    aws: LocalAws
    store: TableStore
    functions: PythonFunctions
    trail: ListTrail
    admin: tuple[str, str]

    @property
    def gateway_url(self) -> str:
        return f"{self.aws.endpoint}/gateways/{GATEWAY_ID}/mcp"

    def role(self, name: str, *allowed: tuple[str, str]) -> str:
        """Create or replace a role that may do these (action, resource) pairs; return its ARN."""
        backend = iam_backends[ACCOUNT]["aws"]
        for role in list(backend.roles.values()):
            if role.name == name:
                for policy in list(role.policies):
                    role.delete_policy(policy)
                backend.delete_role(name)
        role = backend.create_role(name, "{}", "/corral/", None, "", [], "3600")
        statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in allowed]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            backend.put_role_policy(name, "policy", document)
        return str(role.arn)

    def agent(self, name: str) -> Credentials:
        """A session of an agent's role, which may do whatever agents do."""
        role = self.role(name, ("bedrock-agentcore:InvokeGateway", GATEWAY_ARN))
        return self.session(role)

    def session(self, role_arn: str, name: str = "session") -> Credentials:
        return self.aws.assume_role(role_arn, name)

    def client(self, service: str, credentials: Credentials) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.aws.endpoint,
            region_name=REGION,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def add_gateway(self, *, mode: str | None = "ENFORCE", gateway_role: str | None = None) -> None:
        engine_actions = ("bedrock-agentcore:AuthorizeAction", "bedrock-agentcore:PartiallyAuthorizeActions")
        role = gateway_role or self.role(
            "gateway",
            ("lambda:InvokeFunction", "*"),
            *((action, arn) for action in engine_actions for arn in (ENGINE_ARN, GATEWAY_ARN)),
        )
        gateway: dict[str, Any] = {
            "Name": "corral-dev",
            "GatewayIdentifier": GATEWAY_ID,
            "GatewayArn": GATEWAY_ARN,
            "GatewayUrl": self.gateway_url,
            "AuthorizerType": "AWS_IAM",
            "RoleArn": role,
        }
        if mode is not None:
            gateway["PolicyEngineConfiguration"] = {"Arn": ENGINE_ARN, "Mode": mode}
        self.store.put("AWS::BedrockAgentCore::Gateway", gateway)

    def add_tool(
        self,
        name: str,
        handler: Callable[[Any, dict[str, Any] | None], Any],
        properties: dict[str, str],
        required: tuple[str, ...] = (),
    ) -> None:
        """Add a target with one tool of the same name; `properties` are argument -> type."""
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:corral-dev-tool-{name}:live"
        self.functions.handlers[arn] = handler
        schema = {
            "Type": "object",
            "Properties": {argument: {"Type": kind} for argument, kind in properties.items()},
            "Required": list(required),
        }
        tool = {"Name": name, "Description": f"About {name}.", "InputSchema": schema}
        self.store.put(
            "AWS::BedrockAgentCore::GatewayTarget",
            {
                "Name": name,
                "TargetId": f"TARGET{name.upper()}",
                "GatewayIdentifier": GATEWAY_ID,
                "TargetConfiguration": {
                    "Mcp": {"Lambda": {"LambdaArn": arn, "ToolSchema": {"InlinePayload": [tool]}}}
                },
            },
        )

    def add_policy(self, policy_id: str, statement: str, mode: str = "ACTIVE") -> None:
        self.store.put(
            "AWS::BedrockAgentCore::Policy",
            {
                "PolicyId": policy_id,
                "PolicyEngineId": ENGINE_ID,
                "EnforcementMode": mode,
                "Definition": {"Cedar": {"Statement": statement}},
            },
        )

    def grant(self, role: str, tool: str, condition: str = "true") -> None:
        self.add_policy(f"{role}_{tool}-abcdefghij".replace("-", "_", 1), permit(role, tool, condition))


def permit(role: str, tool: str, condition: str = "true") -> str:
    """A statement in the form the platform writes."""
    return (
        "permit(principal is AgentCore::IamEntity, "
        f'action == AgentCore::Action::"{tool}___{tool}", resource == AgentCore::Gateway::"{GATEWAY_ARN}") '
        f'when {{ principal.id like "arn:aws:sts::{ACCOUNT}:assumed-role/{role}/*" && {condition} }};'
    )


@pytest.fixture(scope="session")
def administrator() -> tuple[str, str]:
    return identity.create_administrator(ACCOUNT, REGION)


@pytest.fixture(scope="session")
def moto_app() -> Any:
    return DomainDispatcherApplication(create_backend_app)


@pytest.fixture
def world(administrator: tuple[str, str], moto_app: Any) -> Iterator[World]:
    """A clean local AWS behind its own port."""
    later: Any = None
    aws = LocalAws(ACCOUNT, REGION, "", later, later, later, later, later, later)
    store, functions, trail = TableStore(), PythonFunctions(), ListTrail()
    aws.store, aws.functions, aws.trail = store, functions, trail  # type: ignore[assignment]
    aws.authorize = authorize.authorizer(aws)
    aws.assume_role = lambda arn, name: identity.assume_role(ACCOUNT, REGION, arn, name)
    server = make_server("127.0.0.1", 0, App(aws, moto_app), threaded=True)
    aws.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield World(aws, store, functions, trail, administrator)
    server.shutdown()
    thread.join()
    server.server_close()
