"""A gateway's Lambda target: how a function is called, and how its answer becomes a tool result."""

from __future__ import annotations

import json
from typing import Any

from corral.local.server.agentcore.tools import GatewayTool
from corral.local.server.core import AwsError, Call, Caller, Instead
from corral.local.server.functions.service import invoke_as

MAX_RESULT_BYTES = 6 * 1024 * 1024  # Lambda's own limit for a synchronous answer
_MAX_ERROR_CHARS = 500


def call_function(
    call: Call,
    gateway: dict[str, Any],
    role: Caller,
    tool: GatewayTool,
    arguments: dict[str, Any],
    message_id: str,
    instead: Instead | None = None,
) -> dict[str, Any]:
    """Invoke the tool's function as the gateway's role; a failure is a result with isError.

    The function's event is the flat argument object; names and ids are in `context.client_context.custom`.
    With `instead` the function does that in place of its work.
    """
    context = {
        "bedrockAgentCoreToolName": tool.name,
        "bedrockAgentCoreMessageVersion": "1.0",
        "bedrockAgentCoreAwsRequestId": call.request_id,
        "bedrockAgentCoreMcpMessageId": message_id,
        "bedrockAgentCoreGatewayId": gateway["GatewayIdentifier"],
        "bedrockAgentCoreTargetId": tool.target_id,
    }
    try:
        payload = json.dumps(arguments).encode()
        done = invoke_as(call.aws, role, tool.function_arn, payload, {"custom": context}, instead)
    except AwsError as error:
        return _failure(f"The gateway could not invoke the tool's function: {error.code}: {error.message}")
    if done.error is not None:
        return _failure(f"The tool's function failed: {_error_text(done.payload)}")
    if len(done.payload) > MAX_RESULT_BYTES:
        return _failure(
            f"The tool's function answered {len(done.payload)} bytes, allowed are {MAX_RESULT_BYTES}."
        )
    try:
        json.loads(done.payload)
    except ValueError:
        return _failure("The tool's function did not answer JSON.")
    return {"content": [{"type": "text", "text": done.payload.decode()}], "isError": False}


def _failure(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": True}


def _error_text(payload: bytes) -> str:
    """Type and message of a Lambda error, without its stack trace."""
    try:
        error = json.loads(payload)
        text = ": ".join(str(error[key]) for key in ("errorType", "errorMessage") if error.get(key))
    except (ValueError, AttributeError):
        text = ""
    return text[:_MAX_ERROR_CHARS] or "no reason given"
