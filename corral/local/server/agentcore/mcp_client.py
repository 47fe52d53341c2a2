"""The harness's side of MCP: a gateway over real HTTP, requests signed as the execution role."""

from __future__ import annotations

import http.client
import itertools
import json
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SigningKeys

from corral.local.server.core import Credentials

_VERSION = "2025-11-25"
_MAX_PAGES = 100
TOOL_USE_ID = "corral/toolUseId"  # in a call's _meta: which of the model's calls it is


class GatewayError(Exception):
    """What a gateway refused, in its own words."""


class GatewayClient:
    """Talks to one gateway. Each request has a connection of its own."""

    def __init__(self, url: str, region: str, credentials: Credentials, timeout_seconds: float) -> None:
        self._url = url
        self._timeout = timeout_seconds
        keys = SigningKeys(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        )
        self._signer = SigV4Auth(keys, "bedrock-agentcore", region)
        self._ids = itertools.count()

    def tools(self) -> list[dict[str, Any]]:
        """Shake hands and list every tool the caller may see. GatewayError when refused."""
        about = {"name": "harness", "version": "1.0.0"}
        self._request("initialize", {"protocolVersion": _VERSION, "capabilities": {}, "clientInfo": about})
        self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        tools: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        for _ in range(_MAX_PAGES):
            page = self._request("tools/list", cursor)
            tools += page["tools"]
            if "nextCursor" not in page:
                break
            cursor = {"cursor": page["nextCursor"]}
        return tools

    def call(self, name: str, arguments: dict[str, Any], tool_use_id: str) -> dict[str, Any]:
        """Call a tool and return its MCP result. GatewayError when the gateway refused the call."""
        meta = {TOOL_USE_ID: tool_use_id}
        return self._request("tools/call", {"name": name, "arguments": arguments, "_meta": meta})

    def _request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        status, body = self._post(message)
        try:
            answer = json.loads(body)
            if "error" in answer:
                raise GatewayError(answer["error"]["message"])
            result: dict[str, Any] = answer["result"]
        except (ValueError, KeyError, TypeError) as error:
            raise GatewayError(f"the gateway answered HTTP {status}: {body[:200]!r}") from error
        return result

    def _post(self, message: dict[str, Any]) -> tuple[int, bytes]:
        body = json.dumps(message).encode()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": _VERSION,
        }
        request = AWSRequest("POST", self._url, headers, body)
        self._signer.add_auth(request)
        address = urlsplit(self._url)
        connection = http.client.HTTPConnection(address.netloc, timeout=self._timeout)
        try:
            connection.request("POST", address.path, body, dict(request.headers.items()))
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise GatewayError(f"the gateway did not answer: {error}") from error
        finally:
            connection.close()
