"""How many MCP calls a second the local gateway answers: listing, denied calls, calls that run a function.

Usage: python benchmarks/gateway.py [seconds of each measurement] [client processes]     (default: 5 4)

Everything is real: HTTP, signatures, IAM, Cedar over 20 tools and 6 agents' policies, and for an allowed
call a warm function. Clients are processes of their own and sign every request.
"""

import http.client
import io
import json
import multiprocessing
import statistics
import sys
import time
import zipfile
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from corral.local.server.run import Running, start

ACCOUNT, REGION = "111122223333", "us-east-1"
TOOLS, AGENTS = 20, 6
HANDLER = "def handler(event, context):\n    return {'echo': event}\n"

Keys = tuple[str, str, str | None]


def session(running: Running) -> boto3.Session:
    """Sign as the account's administrator."""
    return boto3.Session(running.access_key_id, running.secret_access_key, region_name=REGION)


class Platform:
    """A gateway with tools and agents, made as a deployment would."""

    def __init__(self, running: Running) -> None:
        self._aws = running.aws
        self._clients = {
            name: session(running).client(name, endpoint_url=running.endpoint)
            for name in ("cloudcontrol", "iam", "lambda")
        }
        function = self._function()
        engine = self._create("PolicyEngine", {"Name": "bench"})
        trust = "bedrock-agentcore.amazonaws.com"
        role = self._role("gateway", trust, ["bedrock-agentcore:*", "lambda:InvokeFunction"])
        gateway = self._create(
            "Gateway",
            {
                "Name": "bench",
                "AuthorizerType": "AWS_IAM",
                "ProtocolType": "MCP",
                "RoleArn": role,
                "PolicyEngineConfiguration": {"Arn": engine["PolicyEngineArn"], "Mode": "ENFORCE"},
            },
        )
        self.url: str = gateway["GatewayUrl"]
        for number in range(TOOLS):
            self._create("GatewayTarget", _target(gateway["GatewayIdentifier"], f"tool-{number}", function))
        agents = [
            self._role(f"agent-{number}", trust, ["bedrock-agentcore:InvokeGateway"])
            for number in range(AGENTS)
        ]
        for number in range(AGENTS):
            statement = "".join(
                _permit(f"agent-{number}", f"tool-{tool}", gateway["GatewayArn"])
                for tool in range(number, TOOLS, AGENTS)
            )
            definition = {"Cedar": {"Statement": statement}}
            policy = {"Name": f"agent_{number}", "PolicyEngineId": engine["PolicyEngineId"]}
            self._create("Policy", {**policy, "Definition": definition})
        keys = self._aws.assume_role(agents[0], "bench")
        self.keys: Keys = (keys.access_key_id, keys.secret_access_key, keys.session_token)

    def _create(self, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
        client = self._clients["cloudcontrol"]
        name = f"AWS::BedrockAgentCore::{kind}"
        event = client.create_resource(TypeName=name, DesiredState=json.dumps(properties))["ProgressEvent"]
        client.get_waiter("resource_request_success").wait(
            RequestToken=event["RequestToken"], WaiterConfig={"Delay": 0, "MaxAttempts": 100}
        )
        done = client.get_resource_request_status(RequestToken=event["RequestToken"])["ProgressEvent"]
        found = client.get_resource(TypeName=name, Identifier=done["Identifier"])
        return dict(json.loads(found["ResourceDescription"]["Properties"]))

    def _role(self, name: str, service: str, actions: list[str]) -> str:
        trusted = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        made = self._clients["iam"].create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trusted))
        self._clients["iam"].put_role_policy(
            RoleName=name, PolicyName="policy", PolicyDocument=_policy(allowed)
        )
        return str(made["Role"]["Arn"])

    def _function(self) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("main.py", HANDLER)
        made = self._clients["lambda"].create_function(
            FunctionName="bench",
            Runtime="python3.12",
            Handler="main.handler",
            Role=self._role("function", "lambda.amazonaws.com", ["logs:*"]),
            Code={"ZipFile": archive.getvalue()},
        )
        return str(made["FunctionArn"])


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _target(gateway: str, name: str, function: str) -> dict[str, Any]:
    schema = {"Type": "object", "Properties": {"cents": {"Type": "integer"}}, "Required": ["cents"]}
    tool = {"Name": name, "Description": f"About {name}.", "InputSchema": schema}
    lambda_target = {"LambdaArn": function, "ToolSchema": {"InlinePayload": [tool]}}
    return {
        "GatewayIdentifier": gateway,
        "Name": name,
        "TargetConfiguration": {"Mcp": {"Lambda": lambda_target}},
        "CredentialProviderConfigurations": [{"CredentialProviderType": "GATEWAY_IAM_ROLE"}],
    }


def _permit(role: str, tool: str, gateway_arn: str) -> str:
    return (
        "permit(principal is AgentCore::IamEntity, "
        f'action == AgentCore::Action::"{tool}___{tool}", resource == AgentCore::Gateway::"{gateway_arn}") '
        f'when {{ principal.id like "arn:aws:sts::{ACCOUNT}:assumed-role/{role}/*" && '
        "context.input.cents < 500 };\n"
    )


def client(url: str, keys: Keys, message: dict[str, Any], seconds: float, out: Any) -> None:
    """Send one message again and again; put the latency of each answer, in ms, into `out`."""
    signer = SigV4Auth(Credentials(*keys), "bedrock-agentcore", REGION)
    address, body = urlsplit(url), json.dumps(message).encode()
    latencies: list[float] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        request = AWSRequest("POST", url, {"Content-Type": "application/json"}, body)
        signer.add_auth(request)
        began = time.perf_counter()
        connection = http.client.HTTPConnection(address.netloc, timeout=30)
        connection.request("POST", address.path, body, dict(request.headers.items()))
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        latencies.append((time.perf_counter() - began) * 1000)
        assert response.status == 200, answer
    out.put(latencies)


def measure(platform: Platform, name: str, message: dict[str, Any], seconds: float, clients: int) -> None:
    """Print calls a second and latencies of one kind of call."""
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    arguments = (platform.url, platform.keys, message, seconds, out)
    processes = [context.Process(target=client, args=arguments) for _ in range(clients)]
    for process in processes:
        process.start()
    latencies = sorted(latency for _ in processes for latency in out.get())
    for process in processes:
        process.join()
    p99 = latencies[int(len(latencies) * 0.99)]
    rate = len(latencies) / seconds
    print(f"{name:<22}{rate:8.0f} calls/s   p50 {statistics.median(latencies):6.2f} ms   p99 {p99:6.2f} ms")


def main() -> None:
    """Measure the three kinds of call."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    clients = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    running = start(ACCOUNT, REGION)
    try:
        platform = Platform(running)
        request = {"jsonrpc": "2.0", "id": 1}
        call = {**request, "method": "tools/call"}
        granted, other = "tool-0___tool-0", "tool-1___tool-1"
        cases = {
            "tools/list": {**request, "method": "tools/list"},
            "denied by Cedar": {**call, "params": {"name": other, "arguments": {"cents": 1}}},
            "allowed, function runs": {**call, "params": {"name": granted, "arguments": {"cents": 1}}},
        }
        for name, message in cases.items():
            measure(platform, name, message, seconds, clients)
    finally:
        running.stop()


if __name__ == "__main__":
    main()
