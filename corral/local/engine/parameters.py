"""Checks a call's parameters against botocore's model of the operation, patterns and enums included.

boto3 itself checks types, required members and minimum lengths only, so a name AWS would refuse would pass.
Patterns are Java's: they match the whole value, `\\w` and `\\d` are ASCII, and pairs of surrogates stand for
characters beyond the first plane.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import regex
from botocore.model import Shape

from corral.local.engine.model import SECRET

_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
_BEYOND_FIRST_PLANE = r"\U00010000-\U0010FFFF"
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "structure": (dict,),
    "map": (dict,),
    "list": (list, tuple),
    "blob": (bytes, bytearray, str),
}
_SHOWN = 80


@cache
def compiled(pattern: str) -> regex.Pattern[str]:
    """Compile one of AWS's patterns. `\\p{...}` needs Unicode, everything else ASCII classes."""
    flags = regex.UNICODE if r"\p{" in pattern else regex.ASCII
    return regex.compile(pattern.replace(_SURROGATES, _BEYOND_FIRST_PLANE), flags)


def problems(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Yield what AWS would refuse in `value`, each as `path: what is wrong`."""
    expected = _TYPES.get(shape.type_name)
    wrong_bool = isinstance(value, bool) and shape.type_name not in ("boolean", "timestamp")
    if expected and (wrong_bool or not isinstance(value, expected)):
        yield f"{path}: expected a {shape.type_name}, got {type(value).__name__} {_show(shape, value)}"
        return
    match shape.type_name:
        case "structure":
            yield from _structure(shape, value, path)
        case "list":
            yield from _length(shape, len(value), "items", path)
            for index, element in enumerate(value):
                yield from problems(shape.member, element, f"{path}[{index}]")
        case "map":
            yield from _length(shape, len(value), "entries", path)
            for key, element in value.items():
                yield from problems(shape.key, key, f"{path}.{key} (key)")
                yield from problems(shape.value, element, f"{path}.{key}")
        case "string":
            yield from _string(shape, value, path)
        case "blob":
            yield from _length(shape, len(value), "bytes", path)
        case "integer" | "long" | "float" | "double":
            yield from _range(shape, value, path)


def _structure(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if name not in value:
            yield f"{prefix}{name}: is required"
    for name, element in value.items():
        if name not in shape.members:
            yield f"{prefix}{name}: no such parameter; there are {', '.join(sorted(shape.members))}"
        else:
            yield from problems(shape.members[name], element, f"{prefix}{name}")
    if shape.metadata.get("union") and len(value) != 1:
        yield f"{path}: exactly one of {', '.join(sorted(shape.members))} must be set"


def _string(shape: Shape, value: str, path: str) -> Iterator[str]:
    yield from _length(shape, len(value), "characters", path)
    if shape.enum and value not in shape.enum:
        yield f"{path}: {_show(shape, value)} is not one of {', '.join(shape.enum)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield f"{path}: {_show(shape, value)} does not match {pattern}"


def _length(shape: Shape, length: int, unit: str, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        yield f"{path}: has {length} {unit}, at least {low} are needed"
    if high is not None and length > high:
        yield f"{path}: has {length} {unit}, at most {high} are allowed"


def _range(shape: Shape, value: float, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield f"{path}: {value} is less than {low}"
    if high is not None and value > high:
        yield f"{path}: {value} is more than {high}"


def _show(shape: Shape, value: Any) -> str:
    if shape.metadata.get("sensitive"):
        return SECRET
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
