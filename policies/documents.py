"""IAM's policy documents as resources have them: JSON text, or read already."""

import json
from collections.abc import Iterator
from typing import Any


def statements(document: Any) -> list[dict[str, Any]]:
    """Return the statements of a document; none of one that is not there."""
    if not document:
        return []
    parsed = json.loads(document) if isinstance(document, str) else document
    return listed(parsed.get("Statement", ()))


def allowing(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the statements that allow something, each with its Sid."""
    for statement in statements(document):
        if statement.get("Effect") == "Allow":
            yield statement.get("Sid", "without a Sid"), statement


def listed(value: Any) -> list[Any]:
    """Return a value that may stand alone as a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]
