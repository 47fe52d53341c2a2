"""Logs are kept as long as the law asks."""

from collections.abc import Iterator

from corral.spec.platform import MIN_RETENTION_DAYS
from policies.rule import SECURITY_HUB, Properties, Rule


def check(group: Properties) -> Iterator[str]:
    """Require at least MIN_RETENTION_DAYS; 0 means for ever."""
    days = group.get("retentionInDays")
    if days is None:
        yield f"has no retentionInDays; at least {MIN_RETENTION_DAYS} days"
    elif 0 < days < MIN_RETENTION_DAYS:
        yield f"retentionInDays is {days}; at least {MIN_RETENTION_DAYS} days"


RULE = Rule(
    id="log-retention",
    severity="medium",
    enforcement="mandatory",
    why="EU AI Act, articles 19 and 26(6): logs of high-risk systems are kept for at least six months.",
    link=f"{SECURITY_HUB}cloudwatch-controls.html#cloudwatch-16",
    types=frozenset({"aws:cloudwatch/logGroup:LogGroup"}),
    check=check,
)
