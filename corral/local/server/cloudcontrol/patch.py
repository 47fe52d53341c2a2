"""RFC 6902 JSON Patch, which UpdateResource takes."""

from __future__ import annotations

import copy
from typing import Any

from corral.local.server.core import AwsError, Properties


def apply(document: Properties, operations: Any) -> Properties:
    """Apply all operations in order; AwsError InvalidRequestException if one fails."""
    if not isinstance(operations, list):
        raise _invalid("a patch document is a list of operations")
    result: Any = copy.deepcopy(document)
    for operation in operations:
        try:
            result = _apply_one(result, operation)
        except (KeyError, IndexError, TypeError, ValueError):
            raise _invalid(f"cannot apply {operation}") from None
    if not isinstance(result, dict):
        raise _invalid("the result is not an object")
    return result


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", f"Invalid patch document: {message}")


def _apply_one(document: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation["op"], _parts(operation["path"])
    if kind == "add":
        return _add(document, path, operation["value"])
    if kind == "remove":
        return _remove(document, path)
    if kind == "replace":
        _value(document, path)
        return operation["value"] if not path else _add(_remove(document, path), path, operation["value"])
    if kind == "move":
        source = _parts(operation["from"])
        value = _value(document, source)
        return _add(_remove(document, source), path, value)
    if kind == "copy":
        return _add(document, path, copy.deepcopy(_value(document, _parts(operation["from"]))))
    if kind == "test":
        if _value(document, path) != operation["value"]:
            raise ValueError
        return document
    raise ValueError


def _parts(pointer: str) -> list[str]:
    if pointer == "":
        return []
    if not pointer.startswith("/"):
        raise ValueError
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def _value(node: Any, path: list[str]) -> Any:
    for part in path:
        node = node[_index(part, len(node) - 1)] if isinstance(node, list) else node[part]
    return node


def _index(part: str, last: int) -> int:
    index = int(part)
    if not 0 <= index <= last:
        raise IndexError
    return index


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _value(document, path[:-1])
    if isinstance(parent, list):
        parent.insert(len(parent) if path[-1] == "-" else _index(path[-1], len(parent)), value)
    elif isinstance(parent, dict):
        parent[path[-1]] = value
    else:
        raise TypeError
    return document


def _remove(document: Any, path: list[str]) -> Any:
    parent = _value(document, path[:-1])
    if isinstance(parent, list):
        del parent[_index(path[-1], len(parent) - 1)]
    else:
        del parent[path[-1]]
    return document
