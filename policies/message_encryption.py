"""Queues and topics are encrypted with the customer's key."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(resource: Properties) -> Iterator[str]:
    """Require a customer key."""
    if not (resource.get("kmsMasterKeyId")):
        yield "has no kmsMasterKeyId; encrypt it with the platform's or the team's key"


RULE = Rule(
    id="message-encryption",
    severity="medium",
    enforcement="mandatory",
    why="A dead letter is what somebody asked an agent; an alert names who asked for what.",
    link=f"{SECURITY_HUB}sqs-controls.html#sqs-1",
    types=frozenset({"aws:sqs/queue:Queue", "aws:sns/topic:Topic"}),
    check=check,
)
