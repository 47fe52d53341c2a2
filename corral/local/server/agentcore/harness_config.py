"""What one invocation of a harness runs with: the version an endpoint points at, and the request's overrides.

The harness trusts its caller, as on AWS: model, systemPrompt, tools, allowedTools and the caps of the
request replace the harness's own; hooks cannot be replaced. Without allowedTools every tool is allowed; the
built-in shell and file tools, which AWS would then offer too, do not exist here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from corral.local.server.core import not_implemented

MAX_ITERATIONS = 75
TIMEOUT_SECONDS = 3600
GATEWAY = "agentcore_gateway"
INLINE = "inline_function"


@dataclass(frozen=True)
class Tool:
    """One entry of a harness's tools: a gateway, by its ARN, or an inline function the caller runs."""

    kind: str
    name: str
    gateway_arn: str = ""
    description: str = ""
    input_schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class Memory:
    """The short-term memory that keeps a session's messages. `messages` is how many are read back."""

    arn: str
    actor_id: str | None
    messages: int | None


@dataclass(frozen=True)
class HarnessConfig:
    """The effective configuration. `max_tokens` caps the output tokens of the whole invocation."""

    arn: str
    role_arn: str
    model_id: str
    inference: dict[str, Any]
    system: tuple[str, ...]
    tools: tuple[Tool, ...]
    allowed_tools: tuple[str, ...] | None
    max_iterations: int
    max_tokens: int | None
    timeout_seconds: int
    hooks: tuple[dict[str, Any], ...]
    memory: Memory | None

    def allows(self, server: str | None, name: str) -> bool:
        """Whether allowedTools lets a tool be used; `server` is the gateway's name in the harness, if any."""
        if self.allowed_tools is None:
            return True
        full = f"@{server}/{name}" if server else name
        return any(
            fnmatchcase(full, entry) or (server is not None and entry == f"@{server}")
            for entry in self.allowed_tools
        )


def from_version(properties: dict[str, Any]) -> HarnessConfig:
    """Read a version of a harness, AWS::BedrockAgentCore::Harness properties."""
    memory = properties.get("Memory", {}).get("AgentCoreMemoryConfiguration")
    allowed = properties.get("AllowedTools")
    model = properties["Model"].get("BedrockModelConfig")
    if model is None:
        raise not_implemented("bedrock-agentcore", "a harness with a model that is not Bedrock's")
    return HarnessConfig(
        arn=properties["Arn"],
        role_arn=properties["ExecutionRoleArn"],
        model_id=model["ModelId"],
        inference=_inference(model.get("MaxTokens"), model.get("Temperature"), model.get("TopP")),
        system=tuple(block["Text"] for block in properties.get("SystemPrompt", ())),
        tools=tuple(_own_tool(index, tool) for index, tool in enumerate(properties.get("Tools", ()))),
        allowed_tools=None if allowed is None else tuple(allowed),
        max_iterations=properties.get("MaxIterations", MAX_ITERATIONS),
        max_tokens=properties.get("MaxTokens"),
        timeout_seconds=properties.get("TimeoutSeconds", TIMEOUT_SECONDS),
        hooks=tuple(properties.get("Hooks", ())),
        memory=Memory(memory["Arn"], memory.get("ActorId"), memory.get("MessagesCount")) if memory else None,
    )


def with_overrides(config: HarnessConfig, params: dict[str, Any]) -> HarnessConfig:
    """Apply what an InvokeHarness request overrides."""
    if "skills" in params:
        raise not_implemented("bedrock-agentcore", "InvokeHarness with skills")
    changes: dict[str, Any] = {}
    if "model" in params:
        model = params["model"].get("bedrockModelConfig")
        if model is None:
            raise not_implemented("bedrock-agentcore", "InvokeHarness with a model that is not Bedrock's")
        changes["model_id"] = model["modelId"]
        changes["inference"] = _inference(model.get("maxTokens"), model.get("temperature"), model.get("topP"))
    if "systemPrompt" in params:
        changes["system"] = tuple(block["text"] for block in params["systemPrompt"])
    if "tools" in params:
        changes["tools"] = tuple(_given_tool(index, tool) for index, tool in enumerate(params["tools"]))
    if "allowedTools" in params:
        changes["allowed_tools"] = tuple(params["allowedTools"])
    for theirs, ours in (
        ("maxIterations", "max_iterations"),
        ("maxTokens", "max_tokens"),
        ("timeoutSeconds", "timeout_seconds"),
    ):
        if theirs in params:
            changes[ours] = params[theirs]
    if "actorId" in params and config.memory is not None:
        changes["memory"] = replace(config.memory, actor_id=params["actorId"])
    return replace(config, **changes)


def _inference(max_tokens: int | None, temperature: float | None, top_p: float | None) -> dict[str, Any]:
    settings = {"maxTokens": max_tokens, "temperature": temperature, "topP": top_p}
    return {name: value for name, value in settings.items() if value is not None}


def _own_tool(index: int, tool: dict[str, Any]) -> Tool:
    config = tool.get("Config", {})
    gateway, inline = config.get("AgentCoreGateway", {}), config.get("InlineFunction", {})
    return _tool(
        index,
        tool["Type"],
        tool.get("Name"),
        gateway.get("GatewayArn"),
        gateway.get("OutboundAuth", {"AwsIam": {}}),
        inline.get("Description"),
        inline.get("InputSchema"),
    )


def _given_tool(index: int, tool: dict[str, Any]) -> Tool:
    config = tool.get("config", {})
    gateway, inline = config.get("agentCoreGateway", {}), config.get("inlineFunction", {})
    auth = {name[0].upper() + name[1:]: value for name, value in gateway.get("outboundAuth", {}).items()}
    return _tool(
        index,
        tool["type"],
        tool.get("name"),
        gateway.get("gatewayArn"),
        auth or {"AwsIam": {}},
        inline.get("description"),
        inline.get("inputSchema"),
    )


def _tool(
    index: int,
    kind: str,
    name: str | None,
    gateway_arn: str | None,
    auth: dict[str, Any],
    description: str | None,
    input_schema: dict[str, Any] | None,
) -> Tool:
    name = name or f"tool{index}"
    if kind == GATEWAY and gateway_arn is not None and "AwsIam" in auth:
        return Tool(kind, name, gateway_arn=gateway_arn)
    if kind == INLINE and description is not None and input_schema is not None:
        return Tool(kind, name, description=description, input_schema=input_schema)
    raise not_implemented("bedrock-agentcore", f"harness tool {name} of type {kind} with this configuration")
