"""The official MCP client against the served gateway: exactly the granted tools, and no others."""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import Any

import boto3
import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from corral.spec.names import mcp_tool_name


class SigV4(httpx2.Auth):
    """Signs each request as AWS_IAM gateways want it."""

    requires_request_body = True

    def __init__(self, agent: dict[str, Any], region: str) -> None:
        self.credentials = Credentials(
            agent["access_key_id"], agent["secret_access_key"], agent["session_token"]
        )
        self.region = region

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        signed = AWSRequest(
            method=request.method,
            url=str(request.url),
            data=request.content,
            headers={"Content-Type": request.headers.get("content-type", "application/json")},
        )
        SigV4Auth(self.credentials, "bedrock-agentcore", self.region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


@asynccontextmanager
async def client(served: dict[str, Any], agent: dict[str, Any]) -> AsyncIterator[ClientSession]:
    async with (
        httpx2.AsyncClient(auth=SigV4(agent, served["region"])) as http,
        streamable_http_client(served["gateway_url"], http_client=http) as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


def agent_named(served: dict[str, Any], team: str, name: str) -> dict[str, Any]:
    return next(agent for agent in served["agents"] if (agent["team"], agent["name"]) == (team, name))


@pytest.mark.control("granted-tools-only")
def test_every_agent_sees_exactly_the_tools_it_is_granted(served: dict[str, Any]) -> None:
    async def listed(agent: dict[str, Any]) -> set[str]:
        async with client(served, agent) as session:
            return {tool.name for tool in (await session.list_tools()).tools}

    assert len(served["agents"]) == 8
    for agent in served["agents"]:
        assert asyncio.run(listed(agent)) == {mcp_tool_name(tool) for tool in agent["tools"]}, agent["name"]


def test_a_tool_that_is_not_granted_is_refused_by_cedar(served: dict[str, Any]) -> None:
    async def call() -> None:
        async with client(served, agent_named(served, "support", "helpdesk")) as session:
            await session.call_tool(
                mcp_tool_name("warehouse-query"),
                {"team": "support", "domain": "sales-orders", "sql": "SELECT count(*) FROM orders"},
            )

    with pytest.raises((MCPError, ExceptionGroup)) as refused:
        asyncio.run(call())
    assert "Tool Execution Denied" in str(_innermost(refused.value))


def test_a_granted_tool_answers_but_not_for_another_teams_domain(served: dict[str, Any]) -> None:
    async def search(domain: str) -> str:
        async with client(served, agent_named(served, "support", "helpdesk")) as session:
            result = await session.call_tool(
                mcp_tool_name("knowledge-search"), {"query": "reset the router", "domain": domain}
            )
            return str(result.content)

    assert "passages" in asyncio.run(search("support-docs"))
    with pytest.raises((MCPError, ExceptionGroup)) as refused:
        asyncio.run(search("sales-orders"))
    assert "Tool Execution Denied" in str(_innermost(refused.value))


@pytest.mark.control("gateway-authorizer")
def test_a_wrong_signature_is_refused(served: dict[str, Any]) -> None:
    agent = agent_named(served, "support", "helpdesk")
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}

    def status(agent: dict[str, Any]) -> int:
        with httpx2.Client(auth=SigV4(agent, served["region"])) as http:
            return http.post(served["gateway_url"], json=listing).status_code

    assert status(agent) == 200
    assert status({**agent, "secret_access_key": "not-the-key"}) == 403


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def test_boto3_reads_what_was_deployed(admin: boto3.Session, outputs: dict[str, dict[str, Any]]) -> None:
    control = admin.client("bedrock-agentcore-control")
    gateway = control.get_gateway(gatewayIdentifier=outputs[""]["gateway_id"])
    assert gateway["authorizerType"] == "AWS_IAM"
    assert gateway["policyEngineConfiguration"]["mode"] == "ENFORCE"
