"""What the supervisor answers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """Allow or deny, and why. `approval_id` and `approved_by` are those of a call a person decides on.

    `tools_usd`: at the end of a task, what its tools cost.
    """

    allowed: bool
    reason: str | None = None
    approval_id: str | None = None
    approved_by: str | None = None
    tools_usd: float = 0.0


ALLOW = Decision(True)


def deny(reason: str, approval_id: str | None = None) -> Decision:
    """Return a denial."""
    return Decision(False, reason, approval_id)
