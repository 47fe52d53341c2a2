"""The tools of one invocation: listed by the gateways at the start, narrowed by allowedTools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from corral.local.server.agentcore.harness_config import GATEWAY, INLINE, HarnessConfig
from corral.local.server.agentcore.mcp_client import GatewayClient, GatewayError
from corral.local.server.core import Credentials

UNKNOWN = "unknown"

ToolResult = dict[str, Any]


@dataclass(frozen=True)
class _Entry:
    kind: str
    spec: dict[str, Any]
    client: GatewayClient | None = None


class Toolbox:
    """What the model may call. Gateways are called as the execution role."""

    def __init__(
        self, config: HarnessConfig, gateway_urls: dict[str, str], region: str, role: Credentials
    ) -> None:
        self._config = config
        self._urls = gateway_urls
        self._region = region
        self._role = role
        self._entries: dict[str, _Entry] = {}

    def open(self) -> None:
        """List the tools. GatewayError when a gateway refuses."""
        for tool in self._config.tools:
            if tool.kind == INLINE and self._config.allows(None, tool.name):
                spec = _spec(tool.name, tool.description, tool.input_schema or {})
                self._entries.setdefault(tool.name, _Entry(INLINE, spec))
            elif tool.kind == GATEWAY:
                client = GatewayClient(
                    self._urls[tool.gateway_arn],
                    self._region,
                    self._role,
                    max(1, self._config.timeout_seconds),
                )
                for listed in client.tools():
                    if self._config.allows(tool.name, listed["name"]):
                        spec = _spec(listed["name"], listed["description"], listed["inputSchema"])
                        self._entries.setdefault(listed["name"], _Entry(GATEWAY, spec, client))

    def specs(self) -> list[dict[str, Any]]:
        """The tools as Converse takes them."""
        return [entry.spec for entry in self._entries.values()]

    def kind(self, name: str) -> str:
        """A tool's type, `unknown` for one that is not offered."""
        entry = self._entries.get(name)
        return entry.kind if entry else UNKNOWN

    def call(
        self, name: str, arguments: dict[str, Any], tool_use_id: str
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Call a gateway's tool; return the result's content and, when it failed, why."""
        entry = self._entries.get(name)
        if entry is None or entry.client is None:
            text = f"Unknown tool: {name}"
            return [{"text": text}], text
        try:
            result = entry.client.call(name, arguments, tool_use_id)
        except GatewayError as error:
            text = f"Tool execution failed: {error}"  # as recorded from real harnesses
            return [{"text": text}], text
        content = [{"text": block["text"]} for block in result["content"] if block.get("text")]
        return content or [{"text": "(no content)"}], content[0]["text"] if result.get("isError") else None


def _spec(name: str, description: str, input_schema: dict[str, Any]) -> dict[str, Any]:
    return {"toolSpec": {"name": name, "description": description, "inputSchema": {"json": input_schema}}}
