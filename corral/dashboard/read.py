"""Reads a dashboard and what its widgets show from CloudWatch, as its console does."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

_QUERIES = 500  # that one GetMetricData takes
_ADDED_UP = ("Sum", "SampleCount")
Times = list[datetime]


class NoDashboardError(Exception):
    """There is no such dashboard."""


@dataclass(frozen=True)
class Series:
    """A line of a graph: what it is called, when, how much; its colour if the dashboard says one."""

    label: str
    times: Times
    values: list[float]
    color: str | None = None


@dataclass(frozen=True)
class Shown:
    """A widget with what there is to show: series of a graph or a number, states of alarms by name."""

    widget: Mapping[str, Any]
    series: Sequence[Series] = ()
    alarms: Sequence[tuple[str, str]] = ()

    @property
    def total(self) -> float | None:
        """The one number of a widget that shows one: all of it added up, or the last value. None without data."""
        values = [value for each in self.series for value in each.values]
        if not values:
            return None
        stat = self.widget["properties"].get("stat", "Average")
        return sum(values) if stat in _ADDED_UP else values[-1]


def read(cloudwatch: Any, name: str, since: datetime, until: datetime) -> list[Shown]:
    """Return the widgets of a dashboard from top to bottom. Raises NoDashboardError and what boto3 raises."""
    try:
        found = cloudwatch.get_dashboard(DashboardName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ResourceNotFound", "DashboardNotFoundError"):
            raise NoDashboardError(name) from None
        raise
    return [
        _shown(cloudwatch, widget, since, until) for widget in json.loads(found["DashboardBody"])["widgets"]
    ]


def _shown(cloudwatch: Any, widget: Mapping[str, Any], since: datetime, until: datetime) -> Shown:
    if widget["type"] == "metric":
        return Shown(widget, series=list(_series(cloudwatch, widget["properties"], since, until)))
    if widget["type"] == "alarm":
        return Shown(widget, alarms=_alarms(cloudwatch, widget["properties"]["alarms"]))
    return Shown(widget)


def _series(
    cloudwatch: Any, properties: Mapping[str, Any], since: datetime, until: datetime
) -> Iterator[Series]:
    queries = [_query(index, metric, properties) for index, metric in enumerate(properties["metrics"])]
    colors = {
        f"m{index}": _rendering(metric).get("color") for index, metric in enumerate(properties["metrics"])
    }
    pages = cloudwatch.get_paginator("get_metric_data")
    for first in range(0, len(queries), _QUERIES):
        for page in pages.paginate(
            MetricDataQueries=queries[first : first + _QUERIES],
            StartTime=since,
            EndTime=until,
            ScanBy="TimestampAscending",
        ):
            for result in page["MetricDataResults"]:
                if result["Values"]:
                    color = colors[result["Id"]]
                    yield Series(result["Label"], result["Timestamps"], result["Values"], color)


def _rendering(metric: Sequence[Any]) -> Mapping[str, Any]:
    return metric[-1] if isinstance(metric[-1], dict) else {}


def _query(index: int, metric: Sequence[Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    rendering = _rendering(metric)
    period = rendering.get("period", properties.get("period", 300))
    query: dict[str, Any] = {"Id": f"m{index}"}
    if label := rendering.get("label"):
        query["Label"] = label
    if expression := rendering.get("expression"):
        return query | {"Expression": expression, "Period": period}
    namespace, name, *dimensions = [part for part in metric if isinstance(part, str)]
    of = [{"Name": key, "Value": value} for key, value in zip(dimensions[::2], dimensions[1::2], strict=True)]
    measured = {"Namespace": namespace, "MetricName": name, "Dimensions": of}
    stat = rendering.get("stat", properties.get("stat", "Average"))
    return query | {"MetricStat": {"Metric": measured, "Period": period, "Stat": stat}}


def _alarms(cloudwatch: Any, arns: Sequence[str]) -> list[tuple[str, str]]:
    names = [arn.partition(":alarm:")[2] for arn in arns]
    found = cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"] if names else []
    states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}
    order = {"ALARM": 0, "INSUFFICIENT_DATA": 1, "OK": 2}
    known = [(name, states[name]) for name in names if name in states]
    return sorted(known, key=lambda each: order[each[1]])
