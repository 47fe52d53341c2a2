"""A client of the override function for baselines: an owner takes an agent as it is now."""

from collections.abc import Sequence
from typing import Any

from corral.override import Desk
from corral.signed import RefusedError, ask


class AcceptError(RefusedError):
    """The override function said no."""


def accept(desk: Desk, target: str, metrics: Sequence[str], reason: str) -> dict[str, Any]:
    """Have the monitor forget baselines of <team>/<agent>, all without `metrics`. Raises AcceptError.

    Returns `target`, `metrics`, `at`, `by` and `reason`, as they are on record.
    """
    body = {"target": target, "metrics": ",".join(metrics) or "*", "reason": reason}
    address = f"{desk.url.rstrip('/')}/v1/baselines"
    accepted: dict[str, Any] = ask("POST", address, desk.credentials, desk.region, body, AcceptError)[
        "accepted"
    ]
    return accepted
