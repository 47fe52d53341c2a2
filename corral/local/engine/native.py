"""Creates `aws-native` resources through Cloud Control: one way for every type, driven by its schema.

Pulumi's camelCase is turned into CloudFormation's spelling by walking the schema, and what comes back the
other way. An object's keys must be the schema's own: the SDK sends a misspelt dict as it is, and silently.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

from corral.local.engine import schemas
from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.engine.names import automatic_name
from corral.local.engine.schemas import Schema, sdk_name

_FIRST_WAIT = 0.01
_LONGEST_WAIT = 1.0
_TIMEOUT = 300.0


def create(
    calls: Calls, token: str, name: str, urn: str, inputs: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Create one resource and wait for it; returns its identifier and properties in Pulumi's spelling.

    Raises EngineError for inputs the schema does not have and for whatever Cloud Control refuses.
    """
    type_name, schema = schemas.find(token, calls.region)
    desired = to_cloudformation(schema, inputs)
    if (property_name := _name_property(schema, type_name)) and property_name not in desired:
        limit = _resolve(schema, schema["properties"][property_name]).get("maxLength")
        desired[property_name] = automatic_name(name, urn, limit)
    progress = calls("cloudcontrol", "create_resource", TypeName=type_name, DesiredState=json.dumps(desired))[
        "ProgressEvent"
    ]
    identifier = _wait(calls, progress)
    answer = calls("cloudcontrol", "get_resource", TypeName=type_name, Identifier=identifier)
    properties = json.loads(answer["ResourceDescription"]["Properties"])
    return identifier, to_sdk(schema, properties)


def _wait(calls: Calls, progress: dict[str, Any]) -> str:
    """Poll a request until it ends; returns the resource's identifier."""
    pause, deadline = _FIRST_WAIT, time.monotonic() + _TIMEOUT
    while (status := progress["OperationStatus"]) in ("PENDING", "IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise EngineError(f"still {status} after {_TIMEOUT:.0f} s")
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_WAIT)
        progress = calls(
            "cloudcontrol", "get_resource_request_status", RequestToken=progress["RequestToken"]
        )["ProgressEvent"]
    if status != "SUCCESS":
        raise EngineError(f"{progress.get('ErrorCode', status)}: {progress.get('StatusMessage', '')}")
    identifier: str = progress["Identifier"]
    return identifier


def to_cloudformation(schema: Schema, inputs: dict[str, Any]) -> dict[str, Any]:
    """Turn a resource's inputs into CloudFormation's spelling; EngineError naming every unknown key."""
    unknown: list[str] = []
    converted = _inward(schema, schema, inputs, "", unknown)
    if unknown:
        raise EngineError(f"unknown properties: {'; '.join(unknown)}")
    result: dict[str, Any] = converted
    return result


def to_sdk(schema: Schema, properties: dict[str, Any]) -> dict[str, Any]:
    """Turn what Cloud Control answers into Pulumi's spelling."""
    result: dict[str, Any] = _outward(schema, schema, properties, top=True)
    return result


def _inward(root: Schema, schema: Schema, value: Any, path: str, unknown: list[str]) -> Any:
    if isinstance(value, list):
        items = _items(root, schema)
        return [
            element if items is None else _inward(root, items, element, f"{path}[{index}]", unknown)
            for index, element in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    known = _members(root, schema)
    if known is None:
        entries = _entries(root, schema)
        if entries is None:
            return value
        return {
            key: _inward(root, entries, element, f"{path}.{key}", unknown) for key, element in value.items()
        }
    result = {}
    spelling = {sdk_name(name, top=not path): name for name in known}
    for key, element in value.items():
        here = f"{path}.{key}" if path else key
        if key in spelling:
            result[spelling[key]] = _inward(root, known[spelling[key]], element, here, unknown)
        else:
            unknown.append(f"{here}{_suggestion(key, spelling)}")
    return result


def _suggestion(key: str, spelling: dict[str, str]) -> str:
    plain = key.replace("_", "").lower()
    for candidate in spelling:
        if candidate.lower() == plain:
            return f" (the SDK's name is {candidate}; a plain dict is not translated)"
    return f" (there are {', '.join(sorted(spelling)) or 'none'})"


def _outward(root: Schema, schema: Schema, value: Any, *, top: bool = False) -> Any:
    if isinstance(value, list):
        items = _items(root, schema)
        return value if items is None else [_outward(root, items, element) for element in value]
    if not isinstance(value, dict):
        return value
    known = _members(root, schema)
    if known is None:
        entries = _entries(root, schema)
        if entries is None:
            return value
        return {key: _outward(root, entries, element) for key, element in value.items()}
    return {
        sdk_name(key, top=top): _outward(root, known[key], element) if key in known else element
        for key, element in value.items()
    }


def _resolve(root: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _variants(root: Schema, schema: Schema) -> Iterator[Schema]:
    """Yield the schema itself and every alternative it offers, references resolved."""
    schema = _resolve(root, schema)
    yield schema
    for keyword in ("oneOf", "anyOf", "allOf"):
        for alternative in schema.get(keyword, ()):
            yield from _variants(root, alternative)


def _members(root: Schema, schema: Schema) -> dict[str, Schema] | None:
    """Return the properties of an object, of all alternatives together; None for a free-form one."""
    found: dict[str, Schema] = {}
    closed = False
    for variant in _variants(root, schema):
        found.update(variant.get("properties", {}))
        no_more = variant.get("additionalProperties") is False and "patternProperties" not in variant
        closed = closed or no_more
    return found if found or closed else None


def _entries(root: Schema, schema: Schema) -> Schema | None:
    """Return the schema of a map's values, if it says anything about them."""
    for variant in _variants(root, schema):
        for values in variant.get("patternProperties", {}).values():
            if isinstance(values, dict):
                return values
        if isinstance(others := variant.get("additionalProperties"), dict):
            return others
    return None


def _items(root: Schema, schema: Schema) -> Schema | None:
    for variant in _variants(root, schema):
        if isinstance(variant.get("items"), dict):
            items: Schema = variant["items"]
            return items
    return None


def _name_property(schema: Schema, type_name: str) -> str | None:
    """Return the property aws-native fills by itself when it is absent: Name, or <Type>Name."""
    read_only = set(schema.get("readOnlyProperties", ()))
    for candidate in ("Name", f"{type_name.rsplit('::', 1)[1]}Name"):
        if candidate in schema["properties"] and f"/properties/{candidate}" not in read_only:
            return candidate
    return None
