"""The gateway as the official MCP client and plain HTTP see it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Keys
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

REGION = "us-east-1"


class SigV4(httpx2.Auth):
    """Signs each request for AgentCore."""

    requires_request_body = True

    def __init__(self, credentials: Any) -> None:
        self._keys = Keys(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        signed = AWSRequest(request.method, str(request.url), data=request.content)
        SigV4Auth(self._keys, "bedrock-agentcore", REGION).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        yield request


def with_client(
    world: Any, credentials: Any, work: Callable[[Client], Awaitable[Any]], mode: str = "legacy"
) -> Any:
    """Run `work` with the official client connected as these credentials."""

    async def run() -> Any:
        async with httpx2.AsyncClient(auth=SigV4(credentials)) as http:
            transport = streamable_http_client(world.gateway_url, http_client=http)
            async with Client(transport, mode=mode) as client:
                return await work(client)

    return asyncio.run(run())


def post(world: Any, credentials: Any, body: Any, method: str = "POST", **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with httpx2.Client(auth=SigV4(credentials)) as http:
        return http.request(method, world.gateway_url, content=content, headers=headers)


def rpc(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return rpc("tools/call", name=name, arguments=arguments)


@pytest.fixture
def catalogue(world: Any) -> Any:
    """Two tools; helpdesk is granted refunds below 50 and nothing else."""
    world.add_gateway()
    world.add_tool(
        "refund-issue", lambda event, _: {"refunded": event["cents"]}, {"cents": "integer"}, ("cents",)
    )
    world.add_tool("ticket-create", lambda event, _: {"id": "T1"}, {"title": "string"}, ("title",))
    world.grant("helpdesk", "refund-issue", "context.input.cents < 50")
    return world


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
def test_the_official_client_lists_exactly_what_is_granted(catalogue: Any, mode: str) -> None:
    async def work(client: Client) -> tuple[list[str], Any]:
        return [tool.name for tool in (await client.list_tools()).tools], client.protocol_version

    names, version = with_client(catalogue, catalogue.agent("helpdesk"), work, mode)
    assert names == ["refund-issue___refund-issue"]
    assert version == ("2025-11-25" if mode == "legacy" else "2026-07-28")


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_official_client_calls_and_is_refused(catalogue: Any, mode: str) -> None:
    agent = catalogue.agent("helpdesk")

    async def refund(client: Client) -> Any:
        allowed = await client.call_tool("refund-issue___refund-issue", {"cents": 49})
        with pytest.raises(MCPError, match="No policy applies to the request"):
            await client.call_tool("refund-issue___refund-issue", {"cents": 50})
        return allowed

    result = with_client(catalogue, agent, refund, mode)
    assert not result.is_error
    assert json.loads(result.content[0].text) == {"refunded": 49}


@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"])
def test_initialize_takes_each_version_it_knows(catalogue: Any, version: str) -> None:
    agent = catalogue.agent("helpdesk")
    answer = post(catalogue, agent, rpc("initialize", protocolVersion=version, capabilities={})).json()
    assert answer["result"]["protocolVersion"] == version
    assert answer["result"]["serverInfo"]["name"] == "corral-dev"


def test_initialize_offers_its_latest_handshake_version_to_others(catalogue: Any) -> None:
    answer = post(catalogue, catalogue.agent("helpdesk"), rpc("initialize", protocolVersion="1999-01-01"))
    assert answer.json()["result"]["protocolVersion"] == "2025-11-25"


def test_a_denial_is_http_200_with_the_recorded_text(catalogue: Any) -> None:
    agent = catalogue.agent("helpdesk")
    refused = post(catalogue, agent, call("refund-issue___refund-issue", cents=50))
    assert refused.status_code == 200
    assert refused.json() == {
        "jsonrpc": "2.0",
        "id": 7,
        "error": {
            "code": -32002,
            "message": "Tool Execution Denied: Tool call not allowed due to policy enforcement "
            "[No policy applies to the request (denied by default).]",
        },
    }
    assert catalogue.functions.calls == []
    catalogue.add_policy("stop_all-abcdefghij", "forbid(principal, action, resource) when { true };")
    refused = post(catalogue, agent, call("refund-issue___refund-issue", cents=1))
    assert refused.json()["error"]["message"].endswith(
        "[Policy evaluation denied due to stop_all-abcdefghij]"
    )


def test_a_tool_of_another_agent_is_neither_listed_nor_callable(catalogue: Any) -> None:
    other = catalogue.agent("analyst")
    assert post(catalogue, other, rpc("tools/list")).json()["result"]["tools"] == []
    refused = post(catalogue, other, call("refund-issue___refund-issue", cents=1)).json()
    assert refused["error"]["code"] == -32002


def test_log_only_policies_and_engines_deny_nothing(world: Any) -> None:
    world.add_tool("echo", lambda event, _: event, {"text": "string"})
    world.add_policy(
        "shadow-abcdefghij", permit_nothing := "forbid(principal, action, resource);", "LOG_ONLY"
    )
    world.add_gateway(mode="LOG_ONLY")
    agent = world.agent("helpdesk")
    assert post(world, agent, call("echo___echo", text="hi")).json()["result"]["isError"] is False
    assert len(post(world, agent, rpc("tools/list")).json()["result"]["tools"]) == 1
    gateway = world.store.resources["AWS::BedrockAgentCore::Gateway"][0]
    gateway["PolicyEngineConfiguration"]["Mode"] = "ENFORCE"
    world.grant("helpdesk", "echo")
    assert "result" in post(world, agent, call("echo___echo", text="hi")).json()
    world.add_policy("real-abcdefghij", permit_nothing)
    assert post(world, agent, call("echo___echo", text="hi")).json()["error"]["code"] == -32002


def test_iam_decides_before_everything_else(catalogue: Any) -> None:
    stranger = catalogue.session(catalogue.role("stranger"))
    refused = post(catalogue, stranger, call("refund-issue___refund-issue", cents=1))
    assert refused.status_code == 403
    assert "bedrock-agentcore:InvokeGateway" in refused.json()["error"]["message"]
    assert catalogue.trail.named("InvokeGateway")[-1].trail["errorCode"] == "AccessDeniedException"


def test_without_rights_on_the_engine_the_gateway_denies_all(world: Any) -> None:
    world.add_gateway(gateway_role=world.role("gateway-poor", ("lambda:InvokeFunction", "*")))
    world.add_tool("echo", lambda event, _: event, {})
    world.grant("helpdesk", "echo")
    refused = post(world, world.agent("helpdesk"), call("echo___echo")).json()
    assert refused["error"]["code"] == -32002
    assert "bedrock-agentcore:AuthorizeAction" in refused["error"]["message"]


def test_the_function_gets_flat_arguments_and_the_gateways_context(catalogue: Any) -> None:
    post(catalogue, catalogue.agent("helpdesk"), call("refund-issue___refund-issue", cents=5))
    ((_, event, context),) = catalogue.functions.calls
    assert event == {"cents": 5}
    custom = context["custom"]
    assert custom.pop("bedrockAgentCoreAwsRequestId")
    assert custom == {
        "bedrockAgentCoreToolName": "refund-issue___refund-issue",
        "bedrockAgentCoreMessageVersion": "1.0",
        "bedrockAgentCoreMcpMessageId": "7",
        "bedrockAgentCoreGatewayId": "corral-dev-abcdefghij",
        "bedrockAgentCoreTargetId": "TARGETREFUND-ISSUE",
    }


def raising(event: Any, context: Any) -> Any:
    raise ValueError("the shop is closed")


@pytest.mark.parametrize(
    ("handler", "text"),
    [
        (raising, "The tool's function failed: ValueError: the shop is closed"),
        (lambda event, context: b"<html>", "The tool's function did not answer JSON."),
        (lambda event, context: "x" * (6 * 1024 * 1024), "allowed are 6291456."),
    ],
)
def test_a_failing_function_is_an_error_result_without_its_trace(world: Any, handler: Any, text: str) -> None:
    world.add_gateway(mode=None)
    world.add_tool("broken", handler, {})
    answer = post(world, world.agent("helpdesk"), call("broken___broken"))
    result = answer.json()["result"]
    assert result["isError"] is True
    assert text in result["content"][0]["text"]
    assert "secret.py" not in answer.text


def test_a_gateway_role_that_may_not_invoke_gives_an_error_result(world: Any) -> None:
    world.add_gateway(mode=None, gateway_role=world.role("gateway-poor"))
    world.add_tool("echo", lambda event, _: event, {})
    result = post(world, world.agent("helpdesk"), call("echo___echo")).json()["result"]
    assert result["isError"] is True
    assert "lambda:InvokeFunction" in result["content"][0]["text"]
    assert world.functions.calls == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{not json", -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": NaN}}', -32700),
        ([], -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, -32600),
        ({"jsonrpc": "2.0", "id": True, "method": "ping"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": 5}, -32600),
        (rpc("resources/list"), -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}, -32602),
        (rpc("tools/call", name="nothing___nothing"), -32602),
        (rpc("tools/call", name=5), -32602),
        (rpc("tools/call", name="refund-issue___refund-issue", arguments=[]), -32602),
        (call("refund-issue___refund-issue"), -32602),
        (call("refund-issue___refund-issue", cents="much"), -32602),
        (call("refund-issue___refund-issue", cents=1, to="me"), -32602),
        (rpc("tools/list", cursor="???"), -32602),
        (rpc("tools/list", cursor=5), -32602),
        (rpc("initialize"), -32602),
    ],
)
def test_wrong_messages_get_json_rpc_errors(catalogue: Any, body: Any, code: int) -> None:
    answer = post(catalogue, catalogue.agent("helpdesk"), body).json()
    assert answer["error"]["code"] == code
    assert catalogue.functions.calls == []


def test_an_argument_error_says_which_argument_but_not_its_value(catalogue: Any) -> None:
    answer = post(
        catalogue, catalogue.agent("helpdesk"), call("refund-issue___refund-issue", cents="hunter2")
    )
    message = answer.json()["error"]["message"]
    assert "argument cents must be of type integer" in message
    assert "hunter2" not in message


def test_the_newest_version_has_statuses_for_errors(catalogue: Any) -> None:
    headers = {"MCP-Protocol-Version": "2026-07-28"}
    agent = catalogue.agent("helpdesk")
    assert post(catalogue, agent, rpc("resources/list"), **headers).status_code == 404
    assert post(catalogue, agent, call("no___no"), **headers).status_code == 400
    unknown = post(catalogue, agent, rpc("ping"), **{"MCP-Protocol-Version": "2030-01-01"})
    assert unknown.status_code == 400
    assert unknown.json()["error"]["code"] == -32022


def test_notifications_are_accepted_and_other_methods_are_not_allowed(catalogue: Any) -> None:
    agent = catalogue.agent("helpdesk")
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert post(catalogue, agent, note).status_code == 202
    assert post(catalogue, agent, {"jsonrpc": "2.0", "id": 1, "result": {}}).status_code == 202
    for method in ("GET", "DELETE"):
        refused = post(catalogue, agent, b"", method)
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert post(catalogue, agent, rpc("ping")).json()["result"] == {}


def test_a_long_catalogue_comes_in_pages(world: Any) -> None:
    world.add_gateway(mode=None)
    for number in range(120):
        world.add_tool(f"tool{number}", lambda event, _: event, {})
    agent = world.agent("helpdesk")
    first = post(world, agent, rpc("tools/list")).json()["result"]
    second = post(world, agent, rpc("tools/list", cursor=first["nextCursor"])).json()["result"]
    assert (len(first["tools"]), len(second["tools"])) == (100, 20)
    assert "nextCursor" not in second


def test_the_trail_names_tool_and_target_but_no_argument(catalogue: Any) -> None:
    agent = catalogue.agent("helpdesk")
    post(catalogue, agent, call("refund-issue___refund-issue", cents=1234))
    post(catalogue, agent, call("refund-issue___refund-issue", cents=5))
    post(catalogue, agent, rpc("unheard/of", secret=1234))
    denied, allowed, unknown = (call.trail for call in catalogue.trail.named("InvokeGateway"))
    assert denied["eventName"] == "InvokeGateway"
    assert denied["requestParameters"]["body"] == {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "tools/call",
        "params": {"name": "refund-issue___refund-issue", "arguments": "REDACTED"},
    }
    assert denied["additionalEventData"] == {"targetId": "TARGETREFUND-ISSUE"}
    assert denied["resources"][0]["type"] == "AWS::BedrockAgentCore::Gateway"
    assert denied["errorCode"] == "AccessDeniedException"
    assert "errorCode" not in allowed
    assert unknown["requestParameters"]["body"]["params"] == {}
    assert "1234" not in json.dumps([denied, allowed, unknown])
    assert allowed["responseElements"]["body"]["result"] == "REDACTED"


@pytest.mark.control("cascade-limits")
def test_a_rate_limit_answers_429_and_other_agents_are_not_affected(catalogue: Any) -> None:
    principal = "$.context.iam.principal"
    catalogue.store.put(
        "AWS::BedrockAgentCore::GatewayRateLimit",
        {
            "GatewayIdentifier": "corral-dev-abcdefghij",
            "RateLimitId": "refunds",
            "DimensionKeys": ["toolName", principal],
            "Entries": [
                {
                    "Dimensions": {"toolName": "refund-issue___refund-issue", principal: "*"},
                    "Requests": [{"Period": "minute", "Rate": 2}],
                }
            ],
        },
    )
    agent, other = catalogue.agent("helpdesk"), catalogue.agent("analyst")
    message = call("refund-issue___refund-issue", cents=1)
    statuses = [post(catalogue, agent, message).status_code for _ in range(5)]
    assert statuses.count(429) >= 1  # 3, or fewer should a minute have ended in between
    refused = post(catalogue, agent, message)
    if refused.status_code == 429:
        assert int(refused.headers["retry-after"]) in range(1, 61)
        assert refused.json()["error"]["message"].startswith("Rate limit exceeded")
        assert catalogue.trail.named("InvokeGateway")[-1].trail["errorCode"] == "ThrottlingException"
    assert post(catalogue, other, message).status_code == 200
    assert "result" in post(catalogue, agent, rpc("tools/list")).json()


def test_an_unknown_gateway_is_not_found(world: Any) -> None:
    answer = post(world, world.agent("helpdesk"), rpc("ping"))
    assert answer.status_code == 404
    assert "ResourceNotFoundException" in answer.text
