"""The tools of a gateway: read from its targets' inline schemas, and the arguments they take.

Lambda targets with an inline schema are served; a gateway's other targets are not listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator

SEPARATOR = "___"

_SCHEMA_KEYS = {"Type": "type", "Description": "description", "Required": "required"}


@dataclass(frozen=True)
class GatewayTool:
    """One tool as a gateway offers it. `name` is what agents call: `<target>___<tool>`."""

    name: str
    description: str
    input_schema: dict[str, Any]
    target_name: str
    target_id: str
    function_arn: str
    _validator: Draft202012Validator = field(repr=False, compare=False)

    def argument_error(self, arguments: dict[str, Any]) -> str | None:
        """Say what is wrong with the arguments, or None. No value is repeated: it may be private."""
        for error in sorted(self._validator.iter_errors(arguments), key=lambda e: list(map(str, e.path))):
            where = ".".join(str(part) for part in error.path)
            if error.validator == "required":
                missing = [name for name in error.validator_value if name not in error.instance]
                return f"missing argument {_join(where, missing[0])}"
            if error.validator == "additionalProperties":
                known = error.schema.get("properties", {})
                unknown = [name for name in error.instance if name not in known]
                return f"unknown argument {_join(where, unknown[0])}, allowed: {', '.join(sorted(known))}"
            return f"argument {where or '(all)'} must be of type {error.validator_value}"
        return None


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def json_schema(definition: dict[str, Any]) -> dict[str, Any]:
    """Turn a target's SchemaDefinition into the JSON Schema that tools/list shows."""
    schema = {ours: definition[theirs] for theirs, ours in _SCHEMA_KEYS.items() if theirs in definition}
    if "Properties" in definition:
        schema["properties"] = {name: json_schema(value) for name, value in definition["Properties"].items()}
    if "Items" in definition:
        schema["items"] = json_schema(definition["Items"])
    return schema


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema with unknown arguments refused: Cedar's records are closed too."""
    closed = dict(schema)
    if "properties" in schema:
        closed["properties"] = {name: _closed(value) for name, value in schema["properties"].items()}
        closed["additionalProperties"] = False
    if "items" in schema:
        closed["items"] = _closed(schema["items"])
    return closed


def gateway_tools(targets: Iterable[dict[str, Any]]) -> dict[str, GatewayTool]:
    """Every tool of these targets (AWS::BedrockAgentCore::GatewayTarget properties), by name."""
    tools: dict[str, GatewayTool] = {}
    for target in targets:
        function = target["TargetConfiguration"].get("Mcp", {}).get("Lambda")
        if function is None:
            continue
        for definition in function["ToolSchema"].get("InlinePayload", ()):
            name = f"{target['Name']}{SEPARATOR}{definition['Name']}"
            schema = json_schema(definition["InputSchema"])
            tools[name] = GatewayTool(
                name=name,
                description=definition["Description"],
                input_schema=schema,
                target_name=target["Name"],
                target_id=target["TargetId"],
                function_arn=function["LambdaArn"],
                _validator=Draft202012Validator(_closed(schema)),
            )
    return tools
