"""An alarm tells somebody."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(alarm: Properties) -> Iterator[str]:
    """Require an action for the alarm state, switched on, and a choice for missing data."""
    if not alarm.get("alarmActions"):
        yield "has no alarmActions; name the topic that people read"
    if alarm.get("actionsEnabled", True) is not True:
        yield "actionsEnabled must not be false"
    if ("metricName" in alarm or "metricQueries" in alarm) and not alarm.get("treatMissingData"):
        yield "has no treatMissingData; say what silence means"


RULE = Rule(
    id="alarm-action",
    severity="medium",
    enforcement="mandatory",
    why="An alarm that nobody hears is a control on paper only.",
    link=f"{SECURITY_HUB}cloudwatch-controls.html#cloudwatch-15",
    types=frozenset(
        {"aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm"}
    ),
    check=check,
)
