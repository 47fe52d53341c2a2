"""An event that a rule could not hand on is kept."""

from collections.abc import Iterator

from policies.rule import Properties, Rule


def check(target: Properties) -> Iterator[str]:
    """Require a queue for what could not be delivered."""
    if not (target.get("deadLetterConfig") or {}).get("arn"):
        yield "has no deadLetterConfig; name a queue that people read"


RULE = Rule(
    id="event-dead-letters",
    severity="medium",
    enforcement="mandatory",
    why="An alert that could not be sent is known to nobody, unless something is left of it.",
    link="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
    types=frozenset({"aws:cloudwatch/eventTarget:EventTarget"}),
    check=check,
)
