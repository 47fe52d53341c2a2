"""What an agent is compared with: plain data that is kept as JSON, with the agent's version."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from functions.drift_monitor.detect.metrics import Metric
from functions.drift_monitor.detect.sample import HOUR, WEEK, Sample
from functions.drift_monitor.detect.season import Season

# A rate is never taken to be closer to 0 or 1 than this: after a thousand good ones the next may still be bad.
CLOSEST = 0.005
_UNKNOWN_PER_WEEK = 1400.0  # 200 a day, for a baseline that does not know


@dataclass(frozen=True)
class Activity:
    """How much is measured, to tell silence from a quiet night: samples an hour, factors by hour and by weekday."""

    per_hour: float
    hours: tuple[float, ...]
    days: tuple[float, ...]
    longest_gap_hours: float

    def expected(self, first: int, last: int) -> float:
        """How many samples the hours from `first` to `last` usually have (seconds since 1970)."""
        weeks, rest = divmod(last - first, WEEK)
        whole = weeks * self._of(range(first, first + WEEK, HOUR)) if weeks else 0.0
        return whole + self._of(range(last - rest, last, HOUR))

    def _of(self, times: range) -> float:
        count = 0.0
        for time in times:
            at = Sample(time, 1, 0)
            count += self.per_hour * self.hours[at.hour] * self.days[at.weekday]
        return count


@dataclass(frozen=True)
class Baseline:
    """A metric of an agent while it was well.

    `level`: the mean; of an amount the logarithm of its mean. `noise`: of a rate, its variance as a multiple of a
    coin's with that mean; of an amount, the variance of one measurement relative to its mean squared. `samples`: how
    many measurements it rests on. `source`: "learned" from history, or "given", captured when a version was promoted.
    """

    version: str
    level: float
    noise: float
    samples: int
    source: str = "learned"
    days: int = 0
    season: Season = field(default_factory=Season)
    activity: Activity | None = None

    def expected(self, metric: Metric, sample: Sample) -> float:
        """The level expected of this sample, by its hour of the week."""
        level = self.level + self.season.at(sample)
        return clamp(level) if metric.kind == "rate" else level

    def variance(self, metric: Metric) -> float:
        """The variance of one measurement around the level."""
        if metric.kind == "amount":
            return self.noise
        return self.noise * clamp(self.level) * (1 - clamp(self.level))

    def error(self, metric: Metric) -> float:
        """The standard error of the level itself."""
        return math.sqrt(self.variance(metric) / self.samples)

    def per_week(self) -> float:
        """How many measurements a week has."""
        return self.activity.per_hour * 168 if self.activity else _UNKNOWN_PER_WEEK

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Baseline":
        """From what `to_json` gave, or what JSON made of it."""
        activity = data.get("activity")
        return cls(
            **{
                **data,
                "season": Season(**{key: tuple(value) for key, value in data.get("season", {}).items()}),
                "activity": activity
                and Activity(
                    activity["per_hour"],
                    tuple(activity["hours"]),
                    tuple(activity["days"]),
                    activity["longest_gap_hours"],
                ),
            }
        )


def given(metric: Metric, version: str, mean: float, samples: int, noise: float | None = None) -> Baseline:
    """A baseline captured from `samples` measurements with this mean, as when a version is promoted.

    Without `noise` a rate is taken for yes and no, an amount to vary as much as its mean. Raises ValueError.
    """
    if samples < 1:
        raise ValueError(f"a baseline of {metric.title} rests on {samples} {metric.unit}; give 1 or more")
    if metric.kind == "rate" and not 0 <= mean <= 1:
        raise ValueError(f"a baseline of {metric.title} is {mean:g}; a rate lies between 0 and 1")
    if metric.kind == "amount" and not 0 < mean < math.inf:
        raise ValueError(f"a baseline of {metric.title} is {mean:g}; it must be more than 0")
    level = mean if metric.kind == "rate" else math.log(mean)
    return Baseline(version, level, 1.0 if noise is None else noise, samples, "given")


def clamp(rate: float) -> float:
    """A rate, kept away from 0 and 1."""
    return min(1 - CLOSEST, max(CLOSEST, rate))
