"""What was put into CloudWatch, by metric, and statistics of it by period."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from moto.cloudwatch.models import CloudWatchBackend

Points = list[tuple[float, float]]  # epoch seconds and value
Key = tuple[str, str, tuple[tuple[str, str], ...]]  # namespace, name, dimensions in order
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


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
        index[key_of(datum.namespace, datum.name, dimensions)].append((epoch(datum.timestamp), value))
    backend.__dict__["_corral_indexed"] = len(backend.metric_data)
    return index


def by_period(found: Points, since: float, until: float, period: int, stat: str) -> dict[int, float]:
    """Return a statistic of each period, which begins at a multiple of its length, from one time until another."""
    values: dict[int, list[float]] = {}
    for at, value in found:
        if since <= at < until:
            values.setdefault(int(at // period * period), []).append(value)
    return {start: statistic(stat, each) for start, each in sorted(values.items())}


def statistic(stat: str, values: Sequence[float]) -> float:
    """Return a statistic of at least one value. Raises NotImplementedError for one that is not known here."""
    known: dict[str, Callable[[Sequence[float]], float]] = {
        "Sum": sum,
        "SampleCount": lambda found: float(len(found)),
        "Average": lambda found: sum(found) / len(found),
        "Minimum": min,
        "Maximum": max,
    }
    if (percentile := _PERCENTILE.fullmatch(stat)) is not None:
        rank = math.ceil(float(percentile[1]) / 100 * len(values))
        return sorted(values)[max(rank, 1) - 1]
    if stat not in known:
        raise NotImplementedError(f"the statistic {stat}")
    return known[stat](values)


def epoch(at: datetime) -> float:
    """Return a time, UTC if it has no zone, in seconds since 1970."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
