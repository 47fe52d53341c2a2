"""Evaluates CloudWatch's metric alarms as of a time, and tells the topics they name, and EventBridge.

The local AWS has no clock that does it: `POST /_corral/alarms` does. An alarm is on a metric, on the highest of several
(`MAX(METRICS())`), or on a Metrics Insights query of one series (metrics_insights.py); another expression is refused by
name. Actions that are no topics are refused as well.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.kms.models import kms_backends
from moto.sns.models import sns_backends

from corral.local.server import event_rules, iam
from corral.local.server.core import AwsError, LocalAws, not_implemented
from corral.local.server.metric_points import Points, by_period, key_of, points
from corral.local.server.metrics_insights import Query

_COMPARED = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
ALARM, OK, UNKNOWN = "ALARM", "OK", "INSUFFICIENT_DATA"


def evaluate(aws: LocalAws, at: float) -> dict[str, list[str]]:
    """Evaluate every alarm as of an epoch time; return the names of those in each state. Raises AwsError."""
    with aws.moto_lock:
        backend = cloudwatch_backends[aws.account][aws.region]
        changed = [(alarm, *_evaluated(backend, alarm, at)) for alarm in list(backend.alarms.values())]
        states: dict[str, list[str]] = {ALARM: [], OK: [], UNKNOWN: []}
        for alarm, state, reason in changed:
            states[state].append(alarm.name)
            if state != alarm.state_value:
                before = alarm.state_value
                alarm.update_state(reason, "{}", state)
                event_rules.happened(aws, _event(alarm, before, at))
                if alarm.actions_enabled:
                    _tell(aws, alarm, before, at)
    return states


def _evaluated(backend: CloudWatchBackend, alarm: Alarm, at: float) -> tuple[str, str]:
    """Return an alarm's state and why, by AWS's rules of missing data for the periods that have ended."""
    period, series = _series(backend, alarm, at)
    last = int(at // period * period)
    wanted = [series.get(last - period * back) for back in range(1, alarm.evaluation_periods + 1)]
    there = [value for value in wanted if value is not None]
    compared = _COMPARED.get(alarm.comparison_operator)
    if compared is None:
        raise not_implemented("cloudwatch", f"alarm comparison {alarm.comparison_operator}")
    missing = alarm.treat_missing_data or "missing"
    if not there and missing in ("ignore", "missing"):
        return (alarm.state_value, alarm.state_reason) if missing == "ignore" else (UNKNOWN, "no data")
    breaching = sum(1 for value in there if compared(value, alarm.threshold))
    if missing == "breaching":
        breaching += len(wanted) - len(there)
    need = alarm.datapoints_to_alarm or alarm.evaluation_periods
    shown = ", ".join(f"{value:g}" for value in there) or "none"
    said = (
        f"{breaching} of {alarm.evaluation_periods} periods were beyond {alarm.threshold:g} (values: {shown})"
    )
    return (ALARM if breaching >= need else OK), f"Threshold Crossed: {said}"


def _series(backend: CloudWatchBackend, alarm: Alarm, at: float) -> tuple[int, dict[int, float]]:
    """Return an alarm's period in seconds and the value of each period."""
    index = points(backend)
    if alarm.metric_name:
        period = int(alarm.period)
        dimensions = [(str(each.name), str(each.value)) for each in alarm.dimensions]
        found = index.get(key_of(alarm.namespace, alarm.metric_name, dimensions), [])
        return period, _recent(found, alarm, at, period, alarm.statistic)
    queries = alarm.metric_data_queries
    [shown] = [query for query in queries if str(query.return_data).lower() == "true"]
    expression = shown.expression or ""
    if expression.startswith("SELECT"):
        asked = Query.parse(expression)
        if asked.group:
            raise not_implemented("cloudwatch", f"an alarm of several series: {expression}")
        period = int(shown.period)
        found = [point for each in asked.series(index, 0, at).values() for point in each]
        return period, _recent(found, alarm, at, period, asked.stat)
    if expression != "MAX(METRICS())":
        raise not_implemented("cloudwatch", f"alarm expression {expression}")
    highest: dict[int, float] = {}
    period = 0
    for query in queries:
        measured = query.metric_stat
        if measured is None:
            continue
        period = int(measured.period)
        metric = measured.metric
        dimensions = [(str(each.name), str(each.value)) for each in metric.dimensions]
        found = index.get(key_of(metric.namespace, metric.metric_name, dimensions), [])
        for start, value in _recent(found, alarm, at, period, measured.stat).items():
            highest[start] = max(value, highest.get(start, value))
    return period, highest


def _recent(found: Points, alarm: Alarm, at: float, period: int, stat: str) -> dict[int, float]:
    last = at // period * period
    return by_period(found, last - period * alarm.evaluation_periods, last, period, stat)


def _tell(aws: LocalAws, alarm: Alarm, before: str, at: float) -> None:
    actions: Iterable[str] = {
        ALARM: alarm.alarm_actions,
        OK: alarm.ok_actions,
        UNKNOWN: alarm.insufficient_data_actions,
    }[alarm.state_value]
    for topic in actions or ():
        if ":sns:" not in topic:
            raise not_implemented("cloudwatch", f"alarm action {topic}")
        _check_may_publish(aws, topic, alarm)
        sns_backends[aws.account][aws.region].publish(
            message=json.dumps(_message(aws, alarm, before, at)),
            arn=topic,
            subject=f'{alarm.state_value}: "{alarm.name}" in {aws.region}'[:100],
        )


def _check_may_publish(aws: LocalAws, arn: str, alarm: Alarm) -> None:
    """Check the topic's policy, and that of the key it is encrypted with: without either AWS sends nothing."""
    topic = sns_backends[aws.account][aws.region].topics.get(arn)
    if topic is None:
        raise AwsError("NotFound", f"the alarm {alarm.name} tells {arn}, which is not there", 404)
    service = iam.Principal(service="cloudwatch.amazonaws.com")
    context = {
        "aws:SourceAccount": aws.account,
        "aws:SourceArn": alarm.alarm_arn,
        "aws:SecureTransport": "true",
    }
    asked = [("the topic's policy", topic.policy, iam.Request("sns:Publish", arn, context))]
    if topic.kms_master_key_id:
        keys = kms_backends[aws.account][aws.region]
        key = keys.describe_key(topic.kms_master_key_id)
        for action in ("kms:GenerateDataKey", "kms:Decrypt"):
            asked.append(("the policy of its key", key.policy, iam.Request(action, key.arn, context)))
    for whose, policy, request in asked:
        if iam.evaluate([iam.parse(policy)], request, service) != "Allow":
            raise AwsError(
                "AccessDenied", f"{alarm.name} may not tell {arn}: {whose} has no {request.action}", 403
            )


def _event(alarm: Alarm, before: str, at: float) -> dict[str, Any]:
    """What EventBridge gets, without the part that repeats the alarm's settings.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    time = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "id": str(uuid.uuid4()),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "time": time,
        "resources": [alarm.alarm_arn],
        "detail": {
            "alarmName": alarm.name,
            "state": {"value": alarm.state_value, "reason": alarm.state_reason, "timestamp": time},
            "previousState": {"value": before},
        },
    }


def _message(aws: LocalAws, alarm: Alarm, before: str, at: float) -> dict[str, Any]:
    """What SNS gets, in CloudWatch's own form, without the part that repeats the alarm's settings."""
    time = datetime.fromtimestamp(at, UTC)
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": aws.account,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": f"{time:%Y-%m-%dT%H:%M:%S}.000+0000",
        "Region": aws.region,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
    }
