"""An alarm as all of Corral's are: it tells somebody, and says what missing data means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pulumi import Input, ResourceOptions
from pulumi_aws import cloudwatch

from components.site import Shared

Missing = Literal["breaching", "notBreaching", "ignore"]


@dataclass(frozen=True)
class Watched:
    """A metric, in one of these forms: by its dimensions, as a query, or the highest of several with `highest`."""

    namespace: str = ""
    name: str = ""
    dimensions: Mapping[str, Input[str]] = field(default_factory=dict)
    query: Input[str] | None = None  # Metrics Insights
    highest: Sequence["Watched"] = ()


@dataclass(frozen=True)
class AlarmArgs:
    """Arguments of an alarm. It alarms from `threshold` on, over one of `periods` or over `periods` in a row.

    `missing`: what a period without data is; say why where it is chosen.
    """

    shared: Shared
    aws_name: str  # after the stack's, as in helpdesk/drift
    description: str  # what people read: what it means and where to look
    watched: Watched
    threshold: float
    missing: Missing
    topics: Sequence[Input[str]]
    statistic: str = "Sum"
    period: int = 300
    periods: int = 1
    below: bool = False


def alarm(name: str, args: AlarmArgs, opts: ResourceOptions) -> cloudwatch.MetricAlarm:
    """Make an alarm. It tells its topics when it begins and when it ends."""
    shared = args.shared
    comparison = "LessThanThreshold" if args.below else "GreaterThanOrEqualToThreshold"
    watched, simple = args.watched, args.watched.query is None and not args.watched.highest
    return cloudwatch.MetricAlarm(
        name,
        name=f"{shared.site.name()}/{shared.owner}/{args.aws_name}",
        alarm_description=args.description,
        comparison_operator=comparison,
        threshold=args.threshold,
        evaluation_periods=args.periods,
        datapoints_to_alarm=args.periods,
        treat_missing_data=args.missing,
        actions_enabled=True,
        alarm_actions=list(args.topics),
        ok_actions=list(args.topics),
        namespace=watched.namespace if simple else None,
        metric_name=watched.name if simple else None,
        dimensions=watched.dimensions if simple else None,
        statistic=args.statistic if simple else None,
        period=args.period if simple else None,
        metric_queries=None if simple else _queries(args),
        tags=shared.tags.as_dict(),
        opts=opts,
    )


def _queries(args: AlarmArgs) -> list[cloudwatch.MetricAlarmMetricQueryArgs]:
    if args.watched.query is not None:
        query = cloudwatch.MetricAlarmMetricQueryArgs(
            id="q", expression=args.watched.query, period=args.period, return_data=True
        )
        return [query]
    parts = [
        cloudwatch.MetricAlarmMetricQueryArgs(
            id=f"m{index}",
            metric=cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=each.namespace,
                metric_name=each.name,
                dimensions=each.dimensions,
                period=args.period,
                stat=args.statistic,
            ),
            return_data=False,
        )
        for index, each in enumerate(args.watched.highest, 1)
    ]
    highest = cloudwatch.MetricAlarmMetricQueryArgs(
        id="highest", expression="MAX(METRICS())", label="the worst of them", return_data=True
    )
    return [*parts, highest]
