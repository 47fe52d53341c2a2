"""AWS's published resource schemas: what a resource may say, what only AWS fills in, what never changes.

The schemas are those cfn-lint ships, a list of types per region included. They are read as files: importing
cfn-lint costs a second.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import regex
from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from corral.local.server.core import AwsError, Properties

Pointer = tuple[str, ...]


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("cfn-lint, whose resource schemas the local AWS reads, is not installed")
    return Path(spec.submodule_search_locations[0]) / "data" / "schemas"


@cache
def _types(region: str) -> dict[str, str]:
    file = _folder() / "providers" / f"{region}.json"
    content: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    return content


def schema_of(type_name: str, region: str) -> ResourceSchema:
    """Return a type's schema; AwsError TypeNotFoundException when the region has no such type."""
    name = _types(region).get(type_name)
    if name is None:
        raise AwsError("TypeNotFoundException", f"The type '{type_name}' cannot be found in {region}", 404)
    return _load(name)


@cache
def _load(name: str) -> ResourceSchema:
    return ResourceSchema(json.loads((_folder() / "resources" / f"{name}.json").read_text()))


@cache
def _compiled(pattern: str) -> Any:
    try:
        return regex.compile(pattern)
    except regex.error:
        # AWS's schemas are written for Java; the few patterns no Python engine takes are not enforced.
        return None


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    compiled = _compiled(pattern)
    if isinstance(instance, str) and compiled is not None and not compiled.search(instance):
        yield ValidationError(f"string [{instance}] does not match pattern {pattern}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        compiled = _compiled(pattern)
        for name, value in instance.items():
            if compiled is not None and compiled.search(name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional(
    validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict) or allowed is True:
        return
    patterns = [_compiled(pattern) for pattern in schema.get("patternProperties", {})]
    for name, value in instance.items():
        if name in schema.get("properties", {}) or any(p is None or p.search(name) for p in patterns):
            continue
        if allowed is False:
            yield ValidationError(f"extraneous key [{name}] is not permitted")
        else:
            yield from validator.descend(value, allowed, path=name)


def _required(_: Any, names: list[str], instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError(f"required key [{name}] not found")


_Validator = extend(  # type: ignore[no-untyped-call]
    Draft7Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional,
        "required": _required,
    },
)


@dataclass(frozen=True, eq=False)
class ResourceSchema:
    """One resource type. Pointers are property paths with `*` for any item of a list."""

    document: Mapping[str, Any]

    @property
    def type_name(self) -> str:
        """The type, `AWS::Service::Resource`."""
        return str(self.document["typeName"])

    def _pointers(self, kind: str) -> tuple[Pointer, ...]:
        listed = self.document.get(kind) or ()
        return tuple(tuple(pointer.removeprefix("/properties/").split("/")) for pointer in listed)

    @property
    def primary(self) -> tuple[str, ...]:
        """The properties whose values, joined by `|`, identify a resource."""
        return tuple(pointer[0] for pointer in self._pointers("primaryIdentifier"))

    @property
    def additional(self) -> tuple[tuple[str, ...], ...]:
        """Other sets of properties that identify one."""
        return tuple(
            tuple(pointer.removeprefix("/properties/") for pointer in pointers)
            for pointers in self.document.get("additionalIdentifiers") or ()
        )

    @property
    def list_required(self) -> tuple[str, ...]:
        """The properties a list of these resources must be given."""
        handler = (self.document.get("handlers") or {}).get("list") or {}
        return tuple(handler.get("handlerSchema", {}).get("required", ()))

    def validate(self, properties: Properties) -> None:
        """Check properties against the schema; AwsError ValidationException with the first thing wrong."""
        error = best_match(_Validator(self.document).iter_errors(properties))
        if error is not None:
            path = "#" + "".join(f"/{part}" for part in error.absolute_path)
            raise AwsError("ValidationException", f"Model validation failed ({path}: {error.message})")

    def refuse_read_only(self, properties: Properties) -> None:
        """Refuse properties that only AWS fills in, nested ones too."""
        for pointer in self._pointers("readOnlyProperties"):
            if any(True for _ in _values(properties, pointer)):
                shown = "/".join(("#", "properties", *pointer))
                raise AwsError("ValidationException", f"Encountered unsupported read-only property [{shown}]")

    def refuse_changes(self, before: Properties, after: Properties) -> None:
        """Refuse an update that changes what only creation sets, or what only AWS fills in."""
        for pointer in self._pointers("createOnlyProperties"):
            if list(_values(before, pointer)) != list(_values(after, pointer)):
                shown = "/".join(("", "properties", *pointer))
                message = f"Invalid patch update: createOnlyProperties [{shown}] cannot be updated"
                raise AwsError("NotUpdatableException", message)
        for pointer in self._pointers("readOnlyProperties"):
            given = list(_values(after, pointer))
            if given and given != list(_values(before, pointer)):
                shown = "/".join(("", "properties", *pointer))
                message = f"Invalid patch update: readOnlyProperties [{shown}] cannot be updated"
                raise AwsError("NotUpdatableException", message)

    def readable(self, properties: Properties) -> Properties:
        """Return a copy without the write-only properties."""
        copy: Properties = json.loads(json.dumps(properties))
        for pointer in self._pointers("writeOnlyProperties"):
            _remove(copy, pointer)
        return copy

    def without_read_only(self, properties: Properties) -> Properties:
        """Return a copy of what a person could have written."""
        copy: Properties = json.loads(json.dumps(properties))
        for pointer in self._pointers("readOnlyProperties"):
            _remove(copy, pointer)
        return copy


def _values(node: Any, pointer: Pointer) -> Iterator[Any]:
    if not pointer:
        yield node
    elif pointer[0] == "*" and isinstance(node, list):
        for item in node:
            yield from _values(item, pointer[1:])
    elif isinstance(node, dict) and pointer[0] in node:
        yield from _values(node[pointer[0]], pointer[1:])


def _remove(node: Any, pointer: Pointer) -> None:
    if pointer[0] == "*" and isinstance(node, list):
        for item in node:
            _remove(item, pointer[1:])
    elif isinstance(node, dict) and pointer[0] in node:
        if len(pointer) == 1:
            del node[pointer[0]]
        else:
            _remove(node[pointer[0]], pointer[1:])
