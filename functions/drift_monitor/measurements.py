"""What was measured, read from CloudWatch: how many and their sum, hour by hour."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from functions.common.aws import client
from functions.common.emf import NAMESPACE
from functions.drift_monitor.agents import Watched
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import HOUR, Sample

SCORES = "Corral/Evaluations"
QUERIES = 500  # that one GetMetricData takes
_USED = {
    "cost_per_task": "CostPerTask",
    "journey_completion": "JourneyCompletion",
    "error_rate": "ErrorRate",
    "human_override_rate": "HumanOverrideRate",
}
_STATISTICS = ("Sum", "SampleCount")

Series = dict[tuple[str, str], list[Sample]]  # by an agent's ARN and a metric's name


def per_agent() -> int:
    """How many queries an agent takes."""
    return queries(len(METRICS))


def queries(metrics: int) -> int:
    """How many queries so many metrics take."""
    return metrics * len(_STATISTICS)


def values(metrics: int, since: int, until: int) -> int:
    """How many values so many metrics have at most, from one time until another."""
    return queries(metrics) * -(-(until - since) // HOUR)


def read(agents: Sequence[Watched], since: int, until: int) -> Series:
    """Read all metrics of some agents, from one time until before another, in as few calls as there can be."""
    return read_some([(agent, name) for agent in agents for name in METRICS], since, until)


def read_some(wanted: Sequence[tuple[Watched, str]], since: int, until: int, period: int = HOUR) -> Series:
    """Read some metrics of some agents, from one time until before another, in as few calls as there can be.

    A sample is what was measured in a `period`, in seconds: 60 or a multiple of it.
    """
    asked = [
        query for index, (agent, name) in enumerate(wanted) for query in _queries(index, agent, name, period)
    ]
    found: dict[str, dict[int, float]] = {}
    for first in range(0, len(asked), QUERIES):
        for result in _results(asked[first : first + QUERIES], since, until):
            of_one = found.setdefault(result["Id"], {})
            for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                of_one[int(at.timestamp())] = value
    return {
        (agent.arn, name): _samples(found.get(f"s{index}", {}), found.get(f"n{index}", {}), agent.version)
        for index, (agent, name) in enumerate(wanted)
    }


def _queries(index: int, agent: Watched, name: str, period: int = HOUR) -> Iterator[dict[str, Any]]:
    if name in _USED:
        namespace, metric, dimensions = NAMESPACE, _USED[name], agent.dimensions
    else:
        metric = agent.accuracy if name == "accuracy" else "Builtin.ContextRelevance"
        namespace, dimensions = SCORES, {"service.name": agent.service}
    measured = {
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    for identifier, statistic in zip(("s", "n"), _STATISTICS, strict=True):
        yield {
            "Id": f"{identifier}{index}",
            "MetricStat": {"Metric": measured, "Period": period, "Stat": statistic},
        }


def _results(queries: list[dict[str, Any]], since: int, until: int) -> Iterator[dict[str, Any]]:
    pages = (
        client("cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(since, UTC),
            EndTime=datetime.fromtimestamp(until, UTC),
            ScanBy="TimestampAscending",
        )
    )
    for page in pages:
        yield from page["MetricDataResults"]


def _samples(sums: dict[int, float], counts: dict[int, float], version: str) -> list[Sample]:
    """Sums and counts as samples. A sum without a count says nothing, and a count of none neither."""
    return [
        Sample(time, round(counts[time]), sums[time], version)
        for time in sorted(sums.keys() & counts.keys())
        if round(counts[time]) >= 1
    ]
