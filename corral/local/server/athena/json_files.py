"""JSON as Athena's readers see it: keys in whatever case, objects as JSON text where a column is a string.

Lines of objects, or, with CloudTrail's input format, files that hold their records in one object's `Records`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from corral.local.server.athena.values import split_types

CLOUDTRAIL = "com.amazon.emr.cloudtrail.CloudTrailInputFormat"
Fit = Callable[[Any], Any]


def fitted(
    content: bytes, columns: list[tuple[str, str]], input_format: str, partition: Mapping[str, str]
) -> bytes:
    """Return a file's records, one a line, with the keys of the columns and of the partition.

    Raises ValueError for what is no JSON or of another shape.
    """
    fit = _struct({name: _fit(kind) for name, kind in columns})
    lines = []
    for record in _records(content, input_format):
        if not isinstance(record, dict):
            raise ValueError("a row is not a JSON object")
        lines.append(json.dumps(fit(record) | dict(partition)))
    return "\n".join(lines).encode()


def _records(content: bytes, input_format: str) -> Iterator[Any]:
    if input_format == CLOUDTRAIL:
        yield from json.loads(content)["Records"]
        return
    for line in content.splitlines():
        if line.strip():
            yield json.loads(line)


def _fit(glue_type: str) -> Fit:
    """Return what makes a value fit a column's type."""
    kind = glue_type.strip().lower()
    outer, _, inner = kind.partition("<")
    if outer == "struct":
        fields = [part.partition(":") for part in split_types(inner[:-1])]
        return _struct({name.strip(): _fit(of) for name, _, of in fields})
    if outer == "array":
        each = _fit(inner[:-1])
        return lambda value: [each(one) for one in value] if isinstance(value, list) else None
    if outer == "map":
        each = _fit(split_types(inner[:-1])[1])
        return lambda value: {k: each(v) for k, v in value.items()} if isinstance(value, dict) else None
    return _text if kind == "string" or kind.startswith(("varchar", "char")) else lambda value: value


def _struct(fields: Mapping[str, Fit]) -> Fit:
    def fit(value: Any) -> Any:
        if not isinstance(value, dict):
            return None
        lowered = {key.lower(): each for key, each in value.items()}
        return {name: each(lowered[name]) for name, each in fields.items() if lowered.get(name) is not None}

    return fit


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
