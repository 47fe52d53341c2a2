"""Physical names for resources that were given none: the logical name and a suffix that never changes."""

import hashlib

_SUFFIX = 7


def automatic_name(name: str, urn: str, limit: int | None = None, prefix: str | None = None) -> str:
    """Name a resource as Pulumi would, but the same on every run.

    `limit` is the longest name allowed; the logical name is cut, never the suffix. A `prefix` (namePrefix)
    takes the place of the logical name.
    """
    suffix = hashlib.sha256(urn.encode()).hexdigest()[:_SUFFIX]
    stem = f"{name}-" if prefix is None else prefix
    if limit is not None:
        stem = stem[: limit - _SUFFIX]
    return f"{stem}{suffix}"
