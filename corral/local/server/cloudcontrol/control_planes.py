"""The control planes of AgentCore, Bedrock and the agent registry: reads of what Cloud Control made, and the
few operations people use on it (an endpoint's version, a record's approval, the registry's search).

Everything is created, changed and deleted through Cloud Control; those operations of the services answer 501.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.core.utils import get_service_model

from corral.local.server.cloudcontrol import registry
from corral.local.server.cloudcontrol.projection import project
from corral.local.server.cloudcontrol.store import ResourceStore
from corral.local.server.core import Call, Properties, not_implemented

_CORE = "AWS::BedrockAgentCore::"
_CONTROL = "bedrock-agentcore-control"
_PAGE = 100


@dataclass(frozen=True)
class _Get:
    """Read one resource: its identifier's parameters, and the member it is answered in ("": the output)."""

    type_name: str
    identifier: tuple[str, ...]
    member: str = ""
    renames: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _List:
    """List resources: the output member, and the property a parameter selects by."""

    type_name: str
    member: str
    parent: tuple[str, str] | None = None
    renames: dict[str, str] = field(default_factory=dict)


_GATEWAY_NAMES = {"gatewayId": "GatewayIdentifier"}
_HARNESS_NAMES = {"harnessVersion": "Version"}
_MEMORY_NAMES = {"id": "MemoryId", "arn": "MemoryArn", "strategies": "MemoryStrategies"}
_GUARDRAIL_NAMES = {"id": "GuardrailId", "arn": "GuardrailArn"}
_IN_GATEWAY = ("gatewayIdentifier", "GatewayIdentifier")

_GETS: dict[tuple[str, str], _Get] = {
    (_CONTROL, "GetGateway"): _Get(f"{_CORE}Gateway", ("gatewayIdentifier",), "", _GATEWAY_NAMES),
    (_CONTROL, "GetGatewayTarget"): _Get(f"{_CORE}GatewayTarget", ("gatewayIdentifier", "targetId")),
    (_CONTROL, "GetGatewayRateLimit"): _Get(f"{_CORE}GatewayRateLimit", ("gatewayIdentifier", "rateLimitId")),
    (_CONTROL, "GetHarnessEndpoint"): _Get(
        f"{_CORE}HarnessEndpoint", ("harnessId", "endpointName"), "endpoint"
    ),
    (_CONTROL, "GetPolicyEngine"): _Get(f"{_CORE}PolicyEngine", ("policyEngineId",)),
    (_CONTROL, "GetPolicy"): _Get(f"{_CORE}Policy", ("policyEngineId", "policyId")),
    (_CONTROL, "GetMemory"): _Get(f"{_CORE}Memory", ("memoryId",), "memory", _MEMORY_NAMES),
    (_CONTROL, "GetEvaluator"): _Get(f"{_CORE}Evaluator", ("evaluatorId",)),
    (_CONTROL, "GetOnlineEvaluationConfig"): _Get(
        f"{_CORE}OnlineEvaluationConfig", ("onlineEvaluationConfigId",)
    ),
    ("bedrock", "GetInferenceProfile"): _Get(
        "AWS::Bedrock::ApplicationInferenceProfile", ("inferenceProfileIdentifier",)
    ),
    ("agent-registry-control", "GetRegistry"): _Get("AWS::AgentRegistry::Registry", ("registryId",)),
}

_LISTS: dict[tuple[str, str], _List] = {
    (_CONTROL, "ListGateways"): _List(f"{_CORE}Gateway", "items", None, _GATEWAY_NAMES),
    (_CONTROL, "ListGatewayTargets"): _List(f"{_CORE}GatewayTarget", "items", _IN_GATEWAY),
    (_CONTROL, "ListGatewayRateLimits"): _List(f"{_CORE}GatewayRateLimit", "rateLimits", _IN_GATEWAY),
    (_CONTROL, "ListHarnesses"): _List(f"{_CORE}Harness", "harnesses", None, _HARNESS_NAMES),
    (_CONTROL, "ListHarnessEndpoints"): _List(
        f"{_CORE}HarnessEndpoint", "endpoints", ("harnessId", "HarnessId")
    ),
    (_CONTROL, "ListPolicyEngines"): _List(f"{_CORE}PolicyEngine", "policyEngines"),
    (_CONTROL, "ListPolicies"): _List(f"{_CORE}Policy", "policies", ("policyEngineId", "PolicyEngineId")),
    (_CONTROL, "ListMemories"): _List(f"{_CORE}Memory", "memories", None, _MEMORY_NAMES),
    (_CONTROL, "ListEvaluators"): _List(f"{_CORE}Evaluator", "evaluators"),
    (_CONTROL, "ListOnlineEvaluationConfigs"): _List(
        f"{_CORE}OnlineEvaluationConfig", "onlineEvaluationConfigs"
    ),
    ("bedrock", "ListInferenceProfiles"): _List(
        "AWS::Bedrock::ApplicationInferenceProfile", "inferenceProfileSummaries"
    ),
    ("agent-registry-control", "ListRegistries"): _List("AWS::AgentRegistry::Registry", "registries"),
}


def handle(call: Call) -> dict[str, Any]:
    """Answer one operation of these control planes; 501 for those the local AWS does not have."""
    store = call.aws.store
    assert isinstance(store, ResourceStore)
    key = (call.service, call.operation)
    if key in _GETS:
        return _get(call, store, _GETS[key])
    if key in _LISTS:
        return _list(call, store, _LISTS[key])
    special = _SPECIAL.get(key) or registry.OPERATIONS.get(key)
    if special is None:
        raise not_implemented(call.service, call.operation)
    return special(call, store)


def _output(call: Call) -> Any:
    return get_service_model(call.service).operation_model(call.operation).output_shape


def _get(call: Call, store: ResourceStore, spec: _Get) -> dict[str, Any]:
    parts = [str(call.params[name]) for name in spec.identifier]
    properties = store.get(spec.type_name, "|".join([part.rpartition("/")[2] for part in parts]))
    return _one(call, properties, spec.member, spec.renames)


def _one(call: Call, properties: Properties, member: str, renames: dict[str, str]) -> dict[str, Any]:
    shape = _output(call)
    if not member:
        return project(shape, properties, renames)
    return {member: project(shape.members[member], properties, renames)}


def _list(call: Call, store: ResourceStore, spec: _List) -> dict[str, Any]:
    resources = store.list(spec.type_name)
    if spec.parent is not None:
        parameter, name = spec.parent
        wanted = str(call.params[parameter]).rpartition("/")[2]
        resources = [each for each in resources if each[name] == wanted]
    return page(call, resources, spec.member, spec.renames)


def page(call: Call, resources: list[Properties], member: str, renames: dict[str, str]) -> dict[str, Any]:
    """Return the page of resources a call asks for, shaped as its output."""
    start = int(call.params.get("nextToken") or 0)
    end = start + int(call.params.get("maxResults") or _PAGE)
    item = _output(call).members[member].member
    answer: dict[str, Any] = {member: [project(item, each, renames) for each in resources[start:end]]}
    return answer | ({"nextToken": str(end)} if end < len(resources) else {})


def _get_harness(call: Call, store: ResourceStore) -> dict[str, Any]:
    harness = store.get(f"{_CORE}Harness", call.params["harnessId"])
    if "harnessVersion" in call.params:
        harness = store.harness_version(harness["Arn"], call.params["harnessVersion"])
    return _one(call, harness, "harness", _HARNESS_NAMES)


def _list_harness_versions(call: Call, store: ResourceStore) -> dict[str, Any]:
    harness = store.get(f"{_CORE}Harness", call.params["harnessId"])
    return page(call, store.harness_versions(harness["Arn"]), "harnessVersions", _HARNESS_NAMES)


def _update_harness_endpoint(call: Call, store: ResourceStore) -> dict[str, Any]:
    """Move a named endpoint to another version of its harness: how an agent is rolled back."""
    type_name = f"{_CORE}HarnessEndpoint"
    identifier = f"{call.params['harnessId']}|{call.params['endpointName']}"
    changed = store.get(type_name, identifier)
    for parameter, name in (("targetVersion", "TargetVersion"), ("description", "Description")):
        if parameter in call.params:
            changed[name] = call.params[parameter]
    return _one(call, store.update(type_name, identifier, changed), "endpoint", {})


def _get_guardrail(call: Call, store: ResourceStore) -> dict[str, Any]:
    guardrail = store.get("AWS::Bedrock::Guardrail", call.params["guardrailIdentifier"])
    version = call.params.get("guardrailVersion", "DRAFT")
    return project(_output(call), store.guardrail_version(guardrail["GuardrailArn"], version), {})


def _list_guardrails(call: Call, store: ResourceStore) -> dict[str, Any]:
    """List drafts; with an identifier, that guardrail's draft and versions."""
    found = store.list("AWS::Bedrock::Guardrail")
    if "guardrailIdentifier" in call.params:
        draft = store.get("AWS::Bedrock::Guardrail", call.params["guardrailIdentifier"])
        versions = [
            store.guardrail_version(draft["GuardrailArn"], each["Version"])
            for each in store.list("AWS::Bedrock::GuardrailVersion")
            if each["GuardrailArn"] == draft["GuardrailArn"]
        ]
        found = [draft, *versions]
    return page(call, found, "guardrails", _GUARDRAIL_NAMES)


_SPECIAL: dict[tuple[str, str], Callable[[Call, ResourceStore], dict[str, Any]]] = {
    (_CONTROL, "GetHarness"): _get_harness,
    (_CONTROL, "ListHarnessVersions"): _list_harness_versions,
    (_CONTROL, "UpdateHarnessEndpoint"): _update_harness_endpoint,
    ("bedrock", "GetGuardrail"): _get_guardrail,
    ("bedrock", "ListGuardrails"): _list_guardrails,
}
