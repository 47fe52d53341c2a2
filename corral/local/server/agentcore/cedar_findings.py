"""What AWS would refuse about a Cedar statement when a Policy is created.

Beyond Cedar's own parser and validator: a policy that permits everything, an action without its gateway, and
`principal.id ==`, which passes the schema and still ends as CREATE_FAILED on AWS (use `like`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import cedarpy

from corral.local.server.agentcore.cedar_schema import CALL_TOOL, MCP, CedarError, cedar_schema

_MAX_STATEMENT = 10_000


def validate_statement(statement: str, tools: Iterable[Mapping[str, Any]], gateway_arn: str) -> list[str]:
    """List what is wrong with a statement; empty when AWS would take it.

    `tools` is the gateway's MCP tool list (`name`, `inputSchema`).
    """
    if len(statement) > _MAX_STATEMENT:
        return [f"the statement has {len(statement)} characters, allowed are {_MAX_STATEMENT}"]
    try:
        documents = json.loads(cedarpy.policies_to_json_str(statement))
    except ValueError as error:
        return [f"the statement does not parse: {error}"]
    if documents["templates"]:
        return ["policy templates (?principal, ?resource) are not supported"]
    listed = {tool["name"]: tool["inputSchema"] for tool in tools}
    try:
        schema = cedar_schema(listed)
    except CedarError as error:
        return [str(error)]
    findings: list[str] = []
    known = set(schema["AgentCore"]["actions"])
    for document in documents["staticPolicies"].values():
        findings += _findings(document, known, gateway_arn)
    if not findings:
        findings += [str(error) for error in cedarpy.validate_policies(statement, schema).errors]
    return findings


def _findings(document: Mapping[str, Any], known: set[str], gateway_arn: str) -> Iterator[str]:
    scope, resource = document["action"], document["resource"]
    named = [] if scope["op"] == "All" else [a["id"] for a in scope.get("entities") or [scope["entity"]]]
    for action in named:
        if action not in known:
            yield f"unrecognized action {action!r}; the gateway's targets offer {sorted(known)}"
    specific = [action for action in named if action not in (CALL_TOOL, MCP)]
    if resource["op"] == "==" and resource["entity"]["id"] != gateway_arn:
        yield f"the resource is gateway {resource['entity']['id']}, not {gateway_arn}"
    if specific and resource["op"] != "==":
        yield f"action {specific[0]!r} requires the gateway it belongs to: resource == the gateway's ARN"
    narrowed = document["principal"]["op"] in ("==", "in") or document["conditions"]
    if document["effect"] == "permit" and not specific and not narrowed:
        yield "overly permissive: it permits every principal every action; name actions or add conditions"
    for condition in document["conditions"]:
        if _compares_principal_id(condition["body"]):
            yield "principal.id is compared with ==; match it with like"


def _compares_principal_id(node: Any) -> bool:
    if isinstance(node, dict):
        pair = node.get("==")
        if isinstance(pair, dict) and _PRINCIPAL_ID in pair.values():
            return True
        return any(_compares_principal_id(value) for value in node.values())
    if isinstance(node, list):
        return any(_compares_principal_id(value) for value in node)
    return False


_PRINCIPAL_ID = {".": {"left": {"Var": "principal"}, "attr": "id"}}
