"""What is locked is locked for long enough."""

from collections.abc import Iterator

from corral.spec.platform import MIN_RETENTION_DAYS
from policies.rule import SECURITY_HUB, Properties, Rule


def check(lock: Properties) -> Iterator[str]:
    """Require a mode, and at least MIN_RETENTION_DAYS."""
    default = (lock.get("rule") or {}).get("defaultRetention") or {}
    if default.get("mode") not in ("GOVERNANCE", "COMPLIANCE"):
        yield f"defaultRetention.mode is {default.get('mode')}; GOVERNANCE, or COMPLIANCE in production"
    days = default.get("days") or 365 * (default.get("years") or 0)
    if days < MIN_RETENTION_DAYS:
        yield f"defaultRetention keeps {days} days; at least {MIN_RETENTION_DAYS}"


RULE = Rule(
    id="bucket-lock",
    severity="high",
    enforcement="mandatory",
    why="A record that can be deleted tomorrow proves nothing the day after.",
    link=f"{SECURITY_HUB}s3-controls.html#s3-15",
    types=frozenset({"aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"}),
    check=check,
)
