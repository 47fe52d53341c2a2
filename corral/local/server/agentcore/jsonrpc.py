"""JSON-RPC 2.0 as MCP's streamable HTTP transport uses it: one message a request, errors with a status."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
THROTTLED = -32000
DENIED = -32002
UNSUPPORTED_VERSION = -32022

# HTTP status of an error; from protocol version 2026-07-28 on, more errors have one of their own.
_STATUS = {PARSE_ERROR: 400, INVALID_REQUEST: 400, UNSUPPORTED_VERSION: 400, THROTTLED: 429}
_MODERN_STATUS = {METHOD_NOT_FOUND: 404, INVALID_PARAMS: 400}

RequestId = str | int


@dataclass(frozen=True)
class Message:
    """A request, or a notification when `id` is None."""

    id: RequestId | None
    method: str
    params: dict[str, Any]


class RpcError(Exception):
    """An error to answer. `aws_code` is what CloudTrail records; `status` overrides the usual HTTP status."""

    def __init__(
        self, code: int, message: str, aws_code: str, *, data: Any = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.aws_code = aws_code
        self.data = data
        self.status = status

    def http_status(self, modern: bool) -> int:
        """The HTTP status to answer with; `modern` for protocol version 2026-07-28."""
        usual = _STATUS | _MODERN_STATUS if modern else _STATUS
        return self.status or usual.get(self.code, 200)

    def body(self, request_id: RequestId | None) -> dict[str, Any]:
        """The JSON-RPC error object."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return {"jsonrpc": "2.0", "id": request_id, "error": error}


def parse(body: bytes) -> Message | None:
    """Read one message; None for a client's response, which is owed no answer. RpcError for anything else."""
    try:
        message = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, "Parse error: the body is not JSON", "ValidationException") from error
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise _invalid("the body must be a single JSON-RPC 2.0 message")
    if "method" not in message and ("result" in message or "error" in message):
        return None
    method, params = message.get("method"), message.get("params", {})
    if not isinstance(method, str):
        raise _invalid("method must be a string")
    if "id" in message and (isinstance(message["id"], bool) or not isinstance(message["id"], str | int)):
        raise _invalid("id must be a string or an integer")
    if not isinstance(params, dict):
        raise RpcError(INVALID_PARAMS, "Invalid params: params must be an object", "ValidationException")
    return Message(message.get("id"), method, params)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _invalid(what: str) -> RpcError:
    return RpcError(INVALID_REQUEST, f"Invalid Request: {what}", "ValidationException")
