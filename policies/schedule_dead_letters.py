"""A run that comes to nothing is kept."""

from collections.abc import Iterator

from policies.rule import Properties, Rule


def check(schedule: Properties) -> Iterator[str]:
    """Require a queue for what could not be delivered."""
    target = schedule.get("target") or {}
    if not (target.get("deadLetterConfig") or {}).get("arn"):
        yield "has no target.deadLetterConfig; name a queue that people read"


RULE = Rule(
    id="schedule-dead-letters",
    severity="medium",
    enforcement="mandatory",
    why="A report that was never written is missed by nobody, unless something is left of the run.",
    link="https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html",
    types=frozenset({"aws:scheduler/schedule:Schedule"}),
    check=check,
)
