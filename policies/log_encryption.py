"""Logs are encrypted with the customer's key."""

from collections.abc import Iterator

from policies.rule import Properties, Rule


def check(group: Properties) -> Iterator[str]:
    """Require a customer key."""
    if not group.get("kmsKeyId"):
        yield "has no kmsKeyId; encrypt it with the platform's, the audit or the team's key"


RULE = Rule(
    id="log-encryption",
    severity="medium",
    enforcement="mandatory",
    why="Logs hold what people told an agent; the key decides who can read them.",
    link="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    types=frozenset({"aws:cloudwatch/logGroup:LogGroup"}),
    check=check,
)
