"""Changes to moto for metrics, alarms and dashboards.

It goes through every point for every query, forgets an alarm's state, and takes any JSON for a dashboard.

`tests/local/server/test_moto_cloudwatch.py` asserts the stock behaviour of each beside the changed one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import DashboardInvalidInputError, ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend, Dashboard

from corral.local.server import dashboard_body
from corral.local.server.metric_points import Key, Points, by_period, epoch, key_of, points
from corral.local.server.metrics_insights import Query


def _indexed(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Answer queries of metrics, and Metrics Insights' queries, from the index; other expressions are for moto."""

    def get_metric_data(
        self: CloudWatchBackend,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        insights = [query for query in queries if _is_insights(query)]
        known = len(insights) + sum("MetricStat" in query for query in queries) == len(queries)
        if start_time >= end_time or not known:
            answer: list[dict[str, Any]] = stock(self, queries, start_time, end_time, scan_by)
            return answer
        if len(insights) > 1:
            raise ValidationError("Only one Metrics Insights query can be in a request")
        index, during = points(self), (epoch(start_time), epoch(end_time))
        results: list[dict[str, Any]] = []
        for query in queries:
            for label, found, stat, period in _found(index, query, *during):
                values = by_period(found, *during, period, stat)
                results.append(_result(query["Id"], query.get("Label") or label, values, scan_by))
        return results

    return get_metric_data


def _is_insights(query: dict[str, Any]) -> bool:
    return str(query.get("Expression", "")).lstrip().upper().startswith("SELECT")


def _found(
    index: dict[Key, Points], query: dict[str, Any], since: float, until: float
) -> Iterator[tuple[str, Points, str, int]]:
    """Yield each series that a query asks for: label, points, statistic, seconds of a period."""
    if "MetricStat" not in query:
        asked = Query.parse(query["Expression"])
        for label, found in asked.series(index, since, until).items():
            yield label, found, asked.stat, int(query["Period"])
        return
    measured = query["MetricStat"]
    metric, stat = measured["Metric"], measured["Stat"]
    dimensions = [(each["Name"], each["Value"]) for each in metric.get("Dimensions") or ()]
    found = index.get(key_of(metric["Namespace"], metric["MetricName"], dimensions), [])
    yield f"{metric['MetricName']} {stat}", found, stat, int(measured["Period"])


def _result(identifier: str, label: str, values: dict[int, float], scan_by: str) -> dict[str, Any]:
    ordered = sorted(values, reverse=scan_by == "TimestampDescending")
    return {
        "id": identifier,
        "label": label,
        "values": [values[start] for start in ordered],
        "timestamps": [datetime.fromtimestamp(start, UTC).replace(tzinfo=None) for start in ordered],
        "status_code": "Complete",
    }


def _checked(stock: Callable[..., Dashboard]) -> Callable[..., Dashboard]:
    """Refuse a dashboard whose body CloudWatch would not take."""

    def put_dashboard(self: CloudWatchBackend, name: str, body: str) -> Dashboard:
        wrong = [*dashboard_body.wrong_name(name), *dashboard_body.wrong(json.loads(body))]
        if wrong:
            raise DashboardInvalidInputError(
                f"The field DashboardBody must be valid: {'; '.join(wrong[:10])}"
            )
        return stock(self, name, body)

    return put_dashboard


def _keeping_state(stock: Callable[..., Alarm]) -> Callable[..., Alarm]:
    """Leave an alarm that is there in its state; one that is made has too little data to have one."""

    def put_metric_alarm(self: CloudWatchBackend, name: str, *args: Any, **given: Any) -> Alarm:
        before = self.alarms.get(name)
        alarm = stock(self, name, *args, **given)
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
        else:
            kept = ("history", "state_reason", "state_reason_data", "state_value", "state_updated_timestamp")
            for field in kept:
                setattr(alarm, field, getattr(before, field))
        return alarm

    return put_metric_alarm


CHANGES: list[tuple[Any, str, Any]] = [
    (CloudWatchBackend, "get_metric_data", _indexed(CloudWatchBackend.get_metric_data)),
    (CloudWatchBackend, "put_metric_alarm", _keeping_state(CloudWatchBackend.put_metric_alarm)),
    (CloudWatchBackend, "put_dashboard", _checked(CloudWatchBackend.put_dashboard)),
]
