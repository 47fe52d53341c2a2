"""The gateway's MCP endpoint: streamable HTTP, stateless, `POST /gateways/<gateway id>/mcp`.

What a call passes, in this order: IAM (bedrock-agentcore:InvokeGateway), rate limits, the target's inline
schema, the policy engine, the target. Where AWS's documents leave room, this is what was chosen:

- a call the policy engine denies is HTTP 200 with JSON-RPC error -32002, as recorded from real gateways
  (AWS's documentation shows a result with isError);
- a rate limit is HTTP 429 with Retry-After and a JSON-RPC error in the body (AWS's wording is not known);
- wrong arguments are -32602, MCP's invalid params; unknown ones are wrong, because Cedar's records are
  closed;
- IAM's refusal is HTTP 403 with JSON-RPC error -32002;
- results carry text, no structuredContent, so outputSchema is not listed.

Only AWS_IAM gateways with Lambda targets are served; interceptors and semantic search are not.
"""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

from corral.local.server import service_metrics
from corral.local.server.agentcore.cedar_schema import CedarError
from corral.local.server.agentcore.compiled import CompiledGateway, compile_gateway
from corral.local.server.agentcore.jsonrpc import (
    DENIED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    THROTTLED,
    UNSUPPORTED_VERSION,
    Message,
    RpcError,
    parse,
)
from corral.local.server.agentcore.lambda_target import call_function
from corral.local.server.agentcore.mcp_client import TOOL_USE_ID
from corral.local.server.agentcore.state import state_of
from corral.local.server.agentcore.tools import GatewayTool
from corral.local.server.core import AwsError, Call, Caller, RawResponse, not_implemented

VERSIONS = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
MODERN_VERSION = "2026-07-28"  # no handshake: server/discover, and every request stands alone
TYPE_NAME = "AWS::BedrockAgentCore::Gateway"
_PAGE = 100  # tools in one tools/list answer
_DENIAL = "Tool Execution Denied: Tool call not allowed due to policy enforcement [{}]"
_REDACTED = "REDACTED"
_RECORDED = ("name", "cursor", "protocolVersion", "clientInfo", "capabilities")  # parameters CloudTrail shows
_CALLER_DIMENSION = "$.context.iam.principal"


def handle_raw(call: Call) -> RawResponse:
    """Answer one HTTP request to a gateway."""
    if call.http.method != "POST":
        return 405, {"Allow": "POST"}, b""
    gateway = call.aws.store.get(TYPE_NAME, call.params["gatewayIdentifier"])
    if gateway["AuthorizerType"] != "AWS_IAM":
        raise not_implemented("bedrock-agentcore", f"a gateway with authorizer {gateway['AuthorizerType']}")
    message: Message | None = None
    headers = {"Content-Type": "application/json"}
    call.trail |= {
        "eventName": "InvokeGateway",
        "resources": [
            {"accountId": call.aws.account, "type": TYPE_NAME, "ARN": gateway["GatewayArn"]},
        ],
    }
    modern = call.http.headers.get("mcp-protocol-version") == MODERN_VERSION
    began, failed = time.monotonic(), None
    try:
        message = parse(call.http.body)
        if message is not None:
            call.trail["requestParameters"] = {"body": _redacted_request(message)}
        _check_caller(call, gateway)
        _check_version(call, gateway)
        if message is None or message.id is None:
            return 202, {}, b""
        result = _Request(call, gateway, message).answer()
        if modern:
            result = {"resultType": "complete"} | result
        status, body = 200, {"jsonrpc": "2.0", "id": message.id, "result": result}
    except RpcError as error:
        failed = error.code
        status, body = error.http_status(modern), error.body(message.id if message else None)
        call.trail |= {"errorCode": error.aws_code, "errorMessage": error.message}
        if status >= 400:
            headers["x-amzn-ErrorType"] = error.aws_code
        if error.code == THROTTLED:
            headers["Retry-After"] = str(error.data["retryAfterSeconds"])
    if message is not None:
        _measure(call, gateway, message, failed, (time.monotonic() - began) * 1000)
    recorded = body if "error" in body else {"jsonrpc": "2.0", "id": body["id"], "result": _REDACTED}
    call.trail["responseElements"] = {
        "body": recorded,
        "contentType": headers["Content-Type"],
        "statusCode": status,
    }
    return status, headers, json.dumps(body).encode()


def _measure(
    call: Call, gateway: dict[str, Any], message: Message, failed: int | None, elapsed_ms: float
) -> None:
    tool = message.params.get("name") if message.method == "tools/call" else None
    values = {
        "Invocations": 1,
        "Throttles": float(failed == THROTTLED),
        "SystemErrors": float(failed == INTERNAL_ERROR),
        "UserErrors": float(failed not in (None, THROTTLED, INTERNAL_ERROR)),
        "Latency": elapsed_ms,
    }
    named = tool if isinstance(tool, str) else None
    service_metrics.of_gateway(call.aws, gateway["GatewayArn"], message.method, named, values)


def _redacted_request(message: Message) -> dict[str, Any]:
    """A message as CloudTrail shows it: a tool's name, never its arguments."""
    params = {name: value for name, value in message.params.items() if name in _RECORDED}
    if "arguments" in message.params:
        params["arguments"] = _REDACTED
    return {"jsonrpc": "2.0", "id": message.id, "method": message.method, "params": params}


def _check_caller(call: Call, gateway: dict[str, Any]) -> None:
    try:
        call.aws.authorize(call.caller, "bedrock-agentcore:InvokeGateway", gateway["GatewayArn"])
    except AwsError as error:
        text = f"Authorization error - Insufficient permissions: {error.message}"
        raise RpcError(DENIED, text, error.code, status=403) from error


def _supported(gateway: dict[str, Any]) -> tuple[str, ...]:
    chosen = gateway.get("ProtocolConfiguration", {}).get("Mcp", {}).get("SupportedVersions") or VERSIONS
    return tuple(version for version in VERSIONS if version in chosen)


def _check_version(call: Call, gateway: dict[str, Any]) -> None:
    requested = call.http.headers.get("mcp-protocol-version")
    if requested is not None and requested not in _supported(gateway):
        raise RpcError(
            UNSUPPORTED_VERSION,
            f"Unsupported protocol version {requested}",
            "ValidationException",
            data={"supported": list(_supported(gateway)), "requested": requested},
        )


class _Request:
    """One request of an authorized caller."""

    def __init__(self, call: Call, gateway: dict[str, Any], message: Message) -> None:
        self.call = call
        self.gateway = gateway
        self.message = message
        self.state = state_of(call.aws)
        # The gateway acts as its own role towards the policy engine and the functions.
        role = gateway["RoleArn"]
        arn = f"arn:aws:sts::{call.aws.account}:assumed-role/{role.rpartition('/')[2]}/gateway"
        self.role = Caller(arn=arn, account=call.aws.account, access_key_id="", role_arn=role)

    def answer(self) -> dict[str, Any]:
        """The result of the request; RpcError when there is none."""
        methods = {
            "initialize": self._initialize,
            "server/discover": self._discover,
            "ping": dict,
            "tools/list": self._list_tools,
            "tools/call": self._call_tool,
        }
        method = methods.get(self.message.method)
        if method is None:
            text = f"Method not found: {self.message.method}"
            raise RpcError(METHOD_NOT_FOUND, text, "ValidationException")
        if method != self._call_tool:
            self._check_rate({})
        return method()

    def _initialize(self) -> dict[str, Any]:
        requested = self.message.params.get("protocolVersion")
        if not isinstance(requested, str):
            raise _invalid_params("protocolVersion must be a string")
        supported = _supported(self.gateway)
        handshake = [version for version in supported if version != MODERN_VERSION] or list(supported)
        version = requested if requested in supported else handshake[-1]
        return {"protocolVersion": version, "serverInfo": self._server_info()} | self._about()

    def _discover(self) -> dict[str, Any]:
        return {
            "supportedVersions": list(_supported(self.gateway)),
            "ttlMs": 0,
            "cacheScope": "private",
            "_meta": {"io.modelcontextprotocol/serverInfo": self._server_info()},
        } | self._about()

    def _server_info(self) -> dict[str, str]:
        return {"name": self.gateway["Name"], "version": "1.0.0"}

    def _about(self) -> dict[str, Any]:
        instructions = self.gateway.get("ProtocolConfiguration", {}).get("Mcp", {}).get("Instructions")
        about: dict[str, Any] = {"capabilities": {"tools": {"listChanged": False}}}
        return about | ({"instructions": instructions} if instructions else {})

    def _list_tools(self) -> dict[str, Any]:
        compiled = self._compiled()
        names = sorted(compiled.tools)
        if compiled.engine is not None:
            self._may_use_engine("bedrock-agentcore:PartiallyAuthorizeActions")
            visible = compiled.engine.visible(self.call.caller.arn)
            names = [name for name in names if name in visible]
        start = _position(self.message.params.get("cursor"), len(names))
        tools = [_listed(compiled.tools[name]) for name in names[start : start + _PAGE]]
        page: dict[str, Any] = {"tools": tools, "ttlMs": 0, "cacheScope": "private"}
        if start + _PAGE < len(names):
            page["nextCursor"] = base64.urlsafe_b64encode(str(start + _PAGE).encode()).decode()
        return page

    def _call_tool(self) -> dict[str, Any]:
        name, arguments = self.message.params.get("name"), self.message.params.get("arguments", {})
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise _invalid_params("name must be a string and arguments an object")
        compiled = self._compiled()
        tool = compiled.tools.get(name)
        if tool is None:
            raise _invalid_params(f"Unknown tool: {name}")
        self.call.trail["additionalEventData"] = {"targetId": tool.target_id}
        self._check_rate({"targetName": tool.target_name, "toolName": tool.name})
        wrong = tool.argument_error(arguments)
        if wrong is not None:
            raise _invalid_params(f"Invalid arguments for {name}: {wrong}")
        self._check_policy(compiled, tool, arguments)
        # Only what a scripted model had in mind for this very call of its own, after all that stands before it.
        meta = self.message.params.get("_meta")
        use = meta.get(TOOL_USE_ID) if isinstance(meta, dict) else None
        instead = self.call.aws.instead.pop(use, None) if isinstance(use, str) else None
        return call_function(
            self.call, self.gateway, self.role, tool, arguments, str(self.message.id), instead
        )

    def _compiled(self) -> CompiledGateway:
        arn = self.gateway["GatewayArn"]
        try:
            compiled = compile_gateway(self.call.aws.store, self.gateway, self.state.gateways.get(arn))
        except CedarError as error:
            raise RpcError(INTERNAL_ERROR, f"Policy engine: {error}", "InternalServerException") from error
        self.state.gateways[arn] = compiled
        return compiled

    def _check_policy(self, compiled: CompiledGateway, tool: GatewayTool, arguments: dict[str, Any]) -> None:
        if compiled.engine is None:
            return
        self._may_use_engine("bedrock-agentcore:AuthorizeAction")
        verdict = compiled.engine.decide(self.call.caller.arn, tool.name, arguments, datetime.now(UTC))
        engine = self.gateway["PolicyEngineConfiguration"]["Arn"].rpartition("/")[2]
        service_metrics.of_policy(self.call.aws, engine, tool.name, verdict.allowed)
        if not verdict.allowed:
            raise RpcError(DENIED, _DENIAL.format(verdict.reason), "AccessDeniedException")

    def _may_use_engine(self, action: str) -> None:
        """Without these permissions of the gateway's role AWS denies everything."""
        try:
            for resource in (self.gateway["PolicyEngineConfiguration"]["Arn"], self.gateway["GatewayArn"]):
                self.call.aws.authorize(self.role, action, resource)
        except AwsError as error:
            raise RpcError(DENIED, _DENIAL.format(error.message), error.code) from error

    def _check_rate(self, dimensions: dict[str, str]) -> None:
        caller = self.call.caller
        limits = [
            limit
            for limit in self.call.aws.store.list("AWS::BedrockAgentCore::GatewayRateLimit")
            if limit["GatewayIdentifier"] == self.gateway["GatewayIdentifier"]
        ]
        known = dimensions | {_CALLER_DIMENSION: caller.role_arn or caller.arn}
        wait = self.state.limiter.wait_seconds(limits, known, time.time())
        if wait is not None:
            text = f"Rate limit exceeded, try again in {wait} s"
            raise RpcError(THROTTLED, text, "ThrottlingException", data={"retryAfterSeconds": wait})


def _listed(tool: GatewayTool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}


def _invalid_params(text: str) -> RpcError:
    return RpcError(INVALID_PARAMS, text, "ValidationException")


def _position(cursor: Any, end: int) -> int:
    if cursor is None:
        return 0
    try:
        position = int(base64.urlsafe_b64decode(cursor))
    except (ValueError, TypeError) as error:
        raise _invalid_params("cursor is not one this gateway gave") from error
    if not 0 < position < end:
        raise _invalid_params("cursor is past the end of the list")
    return position
