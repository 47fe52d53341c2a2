"""CloudFormation's spelling of a resource turned into the shape a service's own API answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_EMPTY: dict[str, Any] = {"list": [], "map": {}, "structure": {}}


def project(shape: Any, properties: Mapping[str, Any], renames: Mapping[str, str]) -> dict[str, Any]:
    """Return `properties` as the botocore structure `shape`.

    Names match without regard to case, with or without CloudFormation's suffix `Config`; `renames` (of the
    top level: member to property) says the rest. Members the resource lacks are left out, required lists,
    maps and structures are empty.
    """
    by_name = {name.lower(): value for name, value in properties.items()}
    result: dict[str, Any] = {}
    for member, inner in shape.members.items():
        value = _value(by_name, renames.get(member, member).lower())
        if value is not None:
            result[member] = _converted(inner, value)
        elif member in shape.required_members and inner.type_name in _EMPTY and not _is_union(inner):
            # A union with nothing set is one that no SDK can read.
            result[member] = _EMPTY[inner.type_name].copy()
    return result


def _is_union(shape: Any) -> bool:
    return shape.type_name == "structure" and bool(shape.is_tagged_union)


def _value(by_name: Mapping[str, Any], name: str) -> Any:
    if name in by_name:
        return by_name[name]
    if name == "tier":
        # Each guardrail policy names its tier after itself.
        return next((value for key, value in by_name.items() if key.endswith("tierconfig")), None)
    return by_name.get(f"{name}config")


def _converted(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        if shape.is_document_type:
            return value
        return project(shape, value, {})
    if shape.type_name == "list" and isinstance(value, list):
        return [_converted(shape.member, _unwrapped(shape.member, each)) for each in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {key: _converted(shape.value, each) for key, each in value.items()}
    if shape.type_name == "integer" and isinstance(value, float):
        return int(value)
    return value


def _unwrapped(shape: Any, value: Any) -> Any:
    """A memory strategy is a union in CloudFormation and plain in the API."""
    if shape.name == "MemoryStrategy" and isinstance(value, Mapping) and len(value) == 1:
        return next(iter(value.values()))
    return value
