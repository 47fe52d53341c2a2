"""What was measured in one stretch of time, usually an hour: how many, and their sum."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from functions.drift_monitor.detect.metrics import Metric

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY


class SampleError(ValueError):
    """A sample that cannot be, in plain words."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`count` measurements that add up to `total`, from `time` on (seconds since 1970, UTC).

    For a rate `total` is the number of good ones (or bad, if that is what is counted) or the sum of the scores.
    `version`: the agent's, "" if not known.
    """

    time: int
    count: int
    total: float
    version: str = ""

    @property
    def mean(self) -> float:
        """The mean of the measurements."""
        return self.total / self.count

    @property
    def hour(self) -> int:
        """The hour of the day, UTC."""
        return self.time // HOUR % 24

    @property
    def weekday(self) -> int:
        """The day of the week, UTC, Monday is 0. 1970 began on a Thursday."""
        return (self.time // DAY + 3) % 7


def check(metric: Metric, sample: Sample) -> None:
    """Raise SampleError for a sample that the metric cannot have."""
    if sample.count < 1:
        raise SampleError(f"{metric.title}: {sample.count} {metric.unit}; leave out an hour without any")
    if metric.kind == "rate" and not -1e-9 <= sample.mean <= 1 + 1e-9:
        raise SampleError(f"{metric.title} of {sample.mean:g}: a rate lies between 0 and 1")
    if metric.kind == "amount" and not 0 < sample.mean < float("inf"):
        raise SampleError(f"{metric.title} of {sample.mean:g}: it must be more than 0")


def blocks(samples: Iterable[Sample], least: int) -> Iterator[Sample]:
    """Samples put together until each has `least` measurements. What is left over at the end is dropped."""
    pending: Sample | None = None
    for sample in samples:
        pending = joined(pending, sample)
        if pending.count >= least:
            yield pending
            pending = None


def joined(first: Sample | None, second: Sample) -> Sample:
    """Two samples as one, from the time of the first on."""
    if first is None:
        return second
    return Sample(first.time, first.count + second.count, first.total + second.total, second.version)
