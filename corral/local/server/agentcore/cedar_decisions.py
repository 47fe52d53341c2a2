"""A gateway's policy engine: which tools a caller sees, and whether a call may go through.

Cedar's own engine (cedarpy) decides. A policy with enforcement mode LOG_ONLY is left out; a request Cedar
cannot decide (arguments that do not fit the schema) is a denial. tools/list shows a tool if some arguments
could allow it: partial evaluation with the context unknown, as AWS's PartiallyAuthorizeActions does.

Speed: policies are sorted by action beforehand, each tool gets a parsed policy set of its own, and schema and
entities are parsed once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import cedarpy

from corral.local.server.agentcore.cedar_schema import (
    CedarError,
    action_groups,
    cedar_schema,
    entity,
    gateway_entities,
    principal_entities,
    request_context,
)
from corral.local.server.agentcore.tools import GatewayTool

NO_POLICY = "No policy applies to the request (denied by default)."
_MAX_PRINCIPALS = 1000  # sessions whose entities and tool lists are kept


@dataclass(frozen=True)
class Verdict:
    """A decision and its reason; `policies` are the ids of the policies that determined it."""

    allowed: bool
    reason: str
    policies: tuple[str, ...] = ()


@dataclass
class _Principal:
    entities: cedarpy.Entities
    visible: frozenset[str] | None = None


class DecisionEngine:
    """Decides for one gateway, given its tools and its engine's policies. Safe to share between threads."""

    def __init__(
        self, gateway_arn: str, tools: Mapping[str, GatewayTool], policies: Iterable[Mapping[str, Any]]
    ) -> None:
        """Take `policies` as AWS::BedrockAgentCore::Policy properties. CedarError when they do not parse."""
        self._gateway = entity("Gateway", gateway_arn)
        self._tools = dict(tools)
        schema = cedar_schema({name: tool.input_schema for name, tool in tools.items()})
        self._schema = cedarpy.Schema.from_json_str(json.dumps(schema))
        self._entities = cedarpy.Entities.from_json_str(gateway_entities(gateway_arn), self._schema)
        parsed = _parse(policies)
        self._policies = {name: _policy_set(parsed, name) for name in tools}
        self._principals: dict[str, _Principal] = {}
        self._lock = threading.Lock()

    def decide(self, principal_arn: str, tool: str, arguments: dict[str, Any], now: datetime) -> Verdict:
        """Decide one call of a known tool."""
        try:
            context = request_context(self._tools[tool].input_schema, arguments, now)
        except CedarError as error:
            return Verdict(False, f"The request does not fit the policy schema: {error}.")
        result = cedarpy.is_authorized(
            self._request(principal_arn, tool) | {"context": context},
            self._policies[tool],
            self._principal(principal_arn).entities,
            self._schema,
        )
        determining = tuple(sorted({_policy_id(reason) for reason in result.diagnostics.reasons}))
        if result.allowed:
            return Verdict(True, f"Allowed by {', '.join(determining)}", determining)
        if determining:
            return Verdict(False, f"Policy evaluation denied due to {', '.join(determining)}", determining)
        return Verdict(False, NO_POLICY)

    def visible(self, principal_arn: str) -> frozenset[str]:
        """The names of the tools that some arguments could make callable."""
        principal = self._principal(principal_arn)
        if principal.visible is None:
            principal.visible = frozenset(
                tool for tool in self._tools if self._could_allow(principal_arn, principal, tool)
            )
        return principal.visible

    def _could_allow(self, principal_arn: str, principal: _Principal, tool: str) -> bool:
        result = cedarpy.is_authorized_partial(
            {key: _text(value) for key, value in self._request(principal_arn, tool).items()},
            self._policies[tool],
            principal.entities,
            self._schema,
        )
        # NoDecision without residuals is an input error, not an open question.
        return result.allowed or (result.decision == cedarpy.Decision.NoDecision and bool(result.residuals))

    def _request(self, principal_arn: str, tool: str) -> dict[str, Any]:
        return {
            "principal": entity("IamEntity", principal_arn),
            "action": entity("Action", tool),
            "resource": self._gateway,
        }

    def _principal(self, arn: str) -> _Principal:
        with self._lock:
            known = self._principals.get(arn)
            if known is None:
                if len(self._principals) >= _MAX_PRINCIPALS:
                    self._principals.clear()
                known = _Principal(self._entities.with_added_json_str(principal_entities(arn), self._schema))
                self._principals[arn] = known
            return known


def _text(reference: Mapping[str, str]) -> str:
    """An entity reference as Cedar text, the only form partial evaluation takes."""
    return f"{reference['type']}::{json.dumps(reference['id'], ensure_ascii=False)}"


def _parse(policies: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every Cedar policy in Cedar's JSON form, under the id of its resource and a number."""
    parsed: dict[str, dict[str, Any]] = {}
    for policy in policies:
        if policy.get("EnforcementMode", "ACTIVE") != "ACTIVE":
            continue
        definition = policy["Definition"]
        statement = (definition.get("Cedar") or definition["Policy"])["Statement"]
        try:
            documents = json.loads(cedarpy.policies_to_json_str(statement))["staticPolicies"]
        except ValueError as error:
            raise CedarError(f"policy {policy['PolicyId']} does not parse: {error}") from error
        for number, document in enumerate(documents.values()):
            parsed[f"{policy['PolicyId']}#{number}"] = document
    return parsed


def _policy_id(cedar_id: str) -> str:
    return cedar_id.rpartition("#")[0]


def _policy_set(parsed: Mapping[str, Mapping[str, Any]], tool: str) -> cedarpy.PolicySet:
    groups = action_groups(tool)
    chosen = {key: document for key, document in parsed.items() if _concerns(document["action"], groups)}
    whole = {"staticPolicies": chosen, "templates": {}, "templateLinks": []}
    return cedarpy.PolicySet.from_json_str(json.dumps(whole))


def _concerns(scope: Mapping[str, Any], groups: Iterable[str]) -> bool:
    if scope["op"] == "All":
        return True
    named = scope.get("entities") or [scope["entity"]]
    return any(action["id"] in groups for action in named)
