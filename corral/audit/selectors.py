"""What a trail's selector selects, as one digest: of the selector deployed, and of the one CloudTrail has now."""

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
