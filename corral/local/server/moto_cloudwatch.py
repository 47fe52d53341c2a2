"""Changes to moto for metrics and alarms: it goes through every point for every query, and forgets an alarm's state.

`tests/local/server/test_moto_cloudwatch.py` asserts the stock behaviour of each beside the changed one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend

Points = list[tuple[float, float]]  # epoch seconds and value
Key = tuple[str, str, tuple[tuple[str, str], ...]]  # namespace, name, dimensions in order


def key_of(namespace: str, name: str, dimensions: Iterable[tuple[str, str]]) -> Key:
    """Return what one metric is found by."""
    return namespace, name, tuple(sorted(dimensions))


def points(backend: CloudWatchBackend) -> dict[Key, Points]:
    """Return all single values put so far, by metric. Only what is new since the last time is looked at."""
    index: defaultdict[Key, Points] = backend.__dict__.setdefault("_corral_index", defaultdict(list))
    done: int = backend.__dict__.setdefault("_corral_indexed", 0)
    for datum in backend.metric_data[done:]:
        value = getattr(datum, "value", None)
        if value is None:
            raise NotImplementedError("statistics put as such (StatisticValues)")
        dimensions = ((str(each.name), str(each.value)) for each in datum.dimensions)
        index[key_of(datum.namespace, datum.name, dimensions)].append((_epoch(datum.timestamp), value))
    backend.__dict__["_corral_indexed"] = len(backend.metric_data)
    return index


def by_period(found: Points, since: float, until: float, period: int, stat: str) -> dict[int, float]:
    """Return a statistic of each period, which begins at a multiple of its length, from one time until another."""
    values: dict[int, list[float]] = {}
    for at, value in found:
        if since <= at < until:
            values.setdefault(int(at // period * period), []).append(value)
    return {start: _statistic(stat, each) for start, each in sorted(values.items())}


def _statistic(stat: str, values: list[float]) -> float:
    known: dict[str, Callable[[list[float]], float]] = {
        "Sum": sum,
        "SampleCount": lambda found: float(len(found)),
        "Average": lambda found: sum(found) / len(found),
        "Minimum": min,
        "Maximum": max,
    }
    if stat not in known:
        raise NotImplementedError(f"the statistic {stat}")
    return known[stat](values)


def _epoch(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _indexed(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Answer queries of metrics from the index; expressions are for moto."""

    def get_metric_data(
        self: CloudWatchBackend,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        if start_time >= end_time or any("MetricStat" not in query for query in queries):
            answer: list[dict[str, Any]] = stock(self, queries, start_time, end_time, scan_by)
            return answer
        index = points(self)
        return [_result(index, query, start_time, end_time, scan_by) for query in queries]

    return get_metric_data


def _result(
    index: dict[Key, Points], query: dict[str, Any], since: datetime, until: datetime, scan_by: str
) -> dict[str, Any]:
    asked = query["MetricStat"]
    metric, stat, period = asked["Metric"], asked["Stat"], int(asked["Period"])
    dimensions = [(each["Name"], each["Value"]) for each in metric.get("Dimensions") or ()]
    found = index.get(key_of(metric["Namespace"], metric["MetricName"], dimensions), [])
    values = by_period(found, _epoch(since), _epoch(until), period, stat)
    ordered = sorted(values, reverse=scan_by == "TimestampDescending")
    return {
        "id": query["Id"],
        "label": query.get("Label") or f"{metric['MetricName']} {stat}",
        "values": [values[start] for start in ordered],
        "timestamps": [datetime.fromtimestamp(start, UTC).replace(tzinfo=None) for start in ordered],
        "status_code": "Complete",
    }


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
]
