"""The resource types the local AWS has, and how each gets its id, ARN and first status.

Ids follow the patterns of AWS's schemas: a name and ten random characters for most, random ones for the rest.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass

from corral.local.server.core import Properties

_LOWER = string.ascii_lowercase + string.digits
_MIXED = string.ascii_letters + string.digits


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _named(name: str) -> Callable[[Properties], str]:
    return lambda properties: f"{properties[name]}-{_random(_LOWER, 10)}"


def _any(alphabet: str, length: int) -> Callable[[Properties], str]:
    return lambda _: _random(alphabet, length)


@dataclass(frozen=True)
class Kind:
    """One resource type.

    `id_property` holds the id `make_id` makes; `arn` is formatted with the id as `{id}` and the properties.
    `unique` are the properties no two resources may share all of; `statics` are read-only values set at
    creation.
    """

    service: str
    id_property: str
    make_id: Callable[[Properties], str]
    arn_property: str | None
    arn: str
    unique: tuple[str, ...]
    status: str | None = "READY"
    statics: tuple[tuple[str, object], ...] = ()
    dated: bool = True


_CORE = "bedrock-agentcore"

KINDS: dict[str, Kind] = {
    "AWS::BedrockAgentCore::Gateway": Kind(
        _CORE,
        "GatewayIdentifier",
        lambda p: f"{p['Name'].lower()}-{_random(_LOWER, 10)}",
        "GatewayArn",
        "gateway/{id}",
        ("Name",),
        statics=(("ProtocolType", "MCP"),),
    ),
    "AWS::BedrockAgentCore::GatewayTarget": Kind(
        _CORE, "TargetId", lambda _: _random(_MIXED, 10).upper(), None, "", ("GatewayIdentifier", "Name")
    ),
    "AWS::BedrockAgentCore::GatewayRateLimit": Kind(
        _CORE,
        "RateLimitId",
        lambda p: str(p.get("RateLimitId") or f"ratelimit-{_random(_LOWER, 10)}"),
        None,
        "",
        ("GatewayIdentifier", "RateLimitId"),
        "ACTIVE",
    ),
    "AWS::BedrockAgentCore::PolicyEngine": Kind(
        _CORE, "PolicyEngineId", _named("Name"), "PolicyEngineArn", "policy-engine/{id}", ("Name",), "ACTIVE"
    ),
    "AWS::BedrockAgentCore::Policy": Kind(
        _CORE,
        "PolicyId",
        _named("Name"),
        "PolicyArn",
        "policy-engine/{PolicyEngineId}/policy/{id}",
        ("PolicyEngineId", "Name"),
        "ACTIVE",
    ),
    "AWS::BedrockAgentCore::Harness": Kind(
        _CORE,
        "HarnessId",
        _named("HarnessName"),
        "Arn",
        "harness/{id}",
        ("HarnessName",),
        statics=(("Version", "1"),),
    ),
    "AWS::BedrockAgentCore::HarnessEndpoint": Kind(
        _CORE,
        "EndpointName",
        lambda p: str(p["EndpointName"]),
        "Arn",
        "harness/{HarnessId}/harness-endpoint/{id}",
        ("HarnessId", "EndpointName"),
    ),
    "AWS::BedrockAgentCore::Memory": Kind(
        _CORE, "MemoryId", _named("Name"), "MemoryArn", "memory/{id}", ("Name",), "ACTIVE"
    ),
    "AWS::BedrockAgentCore::Evaluator": Kind(
        _CORE,
        "EvaluatorId",
        _named("EvaluatorName"),
        "EvaluatorArn",
        "evaluator/{id}",
        ("EvaluatorName",),
        "ACTIVE",
        statics=(("EvaluatorType", "Custom"), ("Provider", "Custom")),
    ),
    "AWS::BedrockAgentCore::OnlineEvaluationConfig": Kind(
        _CORE,
        "OnlineEvaluationConfigId",
        _named("OnlineEvaluationConfigName"),
        "OnlineEvaluationConfigArn",
        "online-evaluation-config/{id}",
        ("OnlineEvaluationConfigName",),
        "ACTIVE",
    ),
    "AWS::Bedrock::Guardrail": Kind(
        "bedrock",
        "GuardrailId",
        _any(_LOWER, 12),
        "GuardrailArn",
        "guardrail/{id}",
        ("Name",),
        statics=(("Version", "DRAFT"),),
    ),
    "AWS::Bedrock::GuardrailVersion": Kind(
        "bedrock",
        "Version",
        lambda p: str(p["Version"]),
        None,
        "",
        ("GuardrailId", "Version"),
        None,
        dated=False,
    ),
    "AWS::Bedrock::ApplicationInferenceProfile": Kind(
        "bedrock",
        "InferenceProfileId",
        _any(_LOWER, 12),
        "InferenceProfileArn",
        "application-inference-profile/{id}",
        ("InferenceProfileName",),
        "ACTIVE",
        statics=(("Type", "APPLICATION"),),
    ),
    "AWS::AgentRegistry::Registry": Kind(
        "agent-registry", "RegistryId", _any(_MIXED, 16), "RegistryArn", "registry/{id}", ("Name",)
    ),
    "AWS::AgentRegistry::RegistryRecord": Kind(
        "agent-registry",
        "RecordId",
        _any(_MIXED, 12),
        "RecordArn",
        "registry/{RegistryId}/record/{id}",
        ("RegistryId", "Name"),
        "DRAFT",
    ),
}
