"""The Cedar schema of a gateway's tools, and the entities and context values that fit it.

The schema comes from the MCP tool list through Cedar's own generator, as on AWS
(https://github.com/cedar-policy). That generator refuses hyphens in tool names, so it sees neutral names
and the actions are renamed afterwards. Actions stand in groups: tool in target, target in CallTool,
CallTool in Mcp.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from cedar_mcp_schema_generator import generate_schema

from corral.local.server.agentcore.tools import SEPARATOR

NAMESPACE = "AgentCore"
CALL_TOOL = "CallTool"
MCP = "Mcp"

_STUB = """namespace AgentCore {
  @mcp_principal("IamEntity")
  entity IamEntity = { id: String };
  @mcp_principal("OAuthUser")
  entity OAuthUser = { id: String } tags String;
  @mcp_resource("Gateway")
  entity Gateway;
}"""
_CONFIG = {"objectsAsRecords": True, "numbersAsDecimal": True, "flattenNamespaces": True}
_SYSTEM = {
    "type": "Record",
    "attributes": {"now": {"type": "EntityOrCommon", "name": "datetime"}},
}
_DECIMAL_PLACES = 4  # of Cedar's decimal type
_MAX_DECIMAL = Decimal("922337203685477.5807")
_LONG = range(-(2**63), 2**63)


class CedarError(ValueError):
    """A schema or a request that Cedar cannot express; the message is fit for people."""


def cedar_schema(tools: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Make the schema, in Cedar's JSON form, of tools given as name -> JSON Schema of the input."""
    safe = {f"tool{index}": name for index, name in enumerate(tools)}
    listed = [{"name": key, "inputSchema": tools[name]} for key, name in safe.items()]
    generated = generate_schema(_STUB, listed, config=_CONFIG)
    if not generated["isOk"]:
        raise CedarError(f"Cedar has no schema for these tools: {generated['error']}")
    schema: dict[str, Any] = json.loads(generated["schemaJson"])
    namespace = schema[NAMESPACE]
    actions: dict[str, Any] = {MCP: {}, CALL_TOOL: {"memberOf": [{"id": MCP}]}}
    for key, name in safe.items():
        target = name.split(SEPARATOR)[0]
        actions.setdefault(target, {"memberOf": [{"id": CALL_TOOL}]})
        action = namespace["actions"][key]
        action["appliesTo"]["context"]["attributes"]["system"] = _SYSTEM
        action["memberOf"] = [{"id": target}]
        actions[name] = action
    namespace["actions"] = actions
    return schema


def entity(kind: str, identifier: str) -> dict[str, str]:
    """A reference to an entity of the AgentCore namespace."""
    return {"type": f"{NAMESPACE}::{kind}", "id": identifier}


def gateway_entities(gateway_arn: str) -> str:
    """The entities of every request to a gateway, as Cedar JSON; a schema adds the actions."""
    return json.dumps([{"uid": entity("Gateway", gateway_arn), "attrs": {}, "parents": []}])


def principal_entities(principal_arn: str) -> str:
    """The entity of an IAM caller, to be added to a gateway's."""
    uid = entity("IamEntity", principal_arn)
    return json.dumps([{"uid": uid, "attrs": {"id": principal_arn}, "parents": []}])


def request_context(
    input_schema: Mapping[str, Any], arguments: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The context of a tools/call: `input` and `system.now`. CedarError for a value Cedar cannot hold."""
    return {
        "input": _cedar_value(input_schema, arguments, "input"),
        "system": {"now": {"__extn": {"fn": "datetime", "arg": now.strftime("%Y-%m-%dT%H:%M:%SZ")}}},
    }


def _cedar_value(schema: Mapping[str, Any], value: Any, where: str) -> Any:
    kind = schema.get("type")
    if kind == "object":
        # An object without declared properties is an empty record in the schema.
        known: Mapping[str, Any] = schema.get("properties", {})
        return {
            name: _cedar_value(known[name], item, f"{where}.{name}")
            for name, item in value.items()
            if name in known
        }
    if kind == "array":
        items: Mapping[str, Any] | None = schema.get("items")
        if items is None:
            return []
        return [_cedar_value(items, item, where) for item in value]
    if kind == "number":
        return {"__extn": {"fn": "decimal", "arg": _decimal(value, where)}}
    if kind == "integer":
        if int(value) not in _LONG:
            raise CedarError(f"{where} does not fit in 64 bits")
        return int(value)
    return value


def _decimal(value: float, where: str) -> str:
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) > _MAX_DECIMAL:
        raise CedarError(f"{where} is beyond Cedar's decimals")
    if number != round(number, _DECIMAL_PLACES):
        raise CedarError(f"{where} has more than {_DECIMAL_PLACES} decimals")
    return f"{number:.{_DECIMAL_PLACES}f}"


def action_groups(tool: str) -> Sequence[str]:
    """The actions that include a tool's: itself, its target, and the two groups of all tools."""
    return (tool, tool.split(SEPARATOR)[0], CALL_TOOL, MCP)
