"""What a trail's selector or an alert's rule selects, as one digest: of the one deployed, and of AWS's own."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any


def digest(fields: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest of a selector's fields, each as CloudTrail's API has it; order and empty lists do not count."""
    plain = [
        {name: value if isinstance(value, str) else sorted(value) for name, value in field.items() if value}
        for field in fields
    ]
    text = json.dumps(sorted(plain, key=lambda field: json.dumps(field, sort_keys=True)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def pattern_digest(pattern: str) -> str:
    """Return the digest of an event pattern, however its JSON is written."""
    return hashlib.sha256(json.dumps(json.loads(pattern), sort_keys=True).encode()).hexdigest()
