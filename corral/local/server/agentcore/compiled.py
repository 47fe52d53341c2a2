"""A gateway made ready to serve: tools and policy engine, rebuilt only when their resources change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from corral.local.server.agentcore.cedar_decisions import DecisionEngine
from corral.local.server.agentcore.tools import GatewayTool, gateway_tools
from corral.local.server.core import Store

Properties = dict[str, Any]


@dataclass(frozen=True)
class CompiledGateway:
    """`engine` is None where no policy is enforced; `sources` is what all was made from."""

    sources: tuple[Properties, list[Properties], list[Properties]]
    tools: dict[str, GatewayTool]
    engine: DecisionEngine | None


def compile_gateway(store: Store, gateway: Properties, known: CompiledGateway | None) -> CompiledGateway:
    """Return `known` while nothing it was made from has changed, else compile anew (CedarError)."""
    identifier = gateway["GatewayIdentifier"]
    targets = [
        target
        for target in store.list("AWS::BedrockAgentCore::GatewayTarget")
        if target["GatewayIdentifier"] == identifier
    ]
    configuration = gateway.get("PolicyEngineConfiguration", {})
    enforced = configuration.get("Mode") == "ENFORCE"
    policies: list[Properties] = []
    if enforced:
        engine_id = configuration["Arn"].rpartition("/")[2]
        policies = [
            policy
            for policy in store.list("AWS::BedrockAgentCore::Policy")
            if policy["PolicyEngineId"] == engine_id
        ]
    sources = (gateway, targets, policies)
    if known is not None and known.sources == sources:
        return known
    tools = gateway_tools(targets)
    engine = DecisionEngine(gateway["GatewayArn"], tools, policies) if enforced else None
    return CompiledGateway(sources=sources, tools=tools, engine=engine)
