"""Made-up histories of agents for drift_detection.py: families of series, each with and without a change.

An hour has a number of measurements by chance around what that hour usually has; each is good or bad by chance (a
rate), a score between 0 and 1 (a graded rate), or an amount. The first four weeks never have a change.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.drift_monitor.detect.metrics import METRICS, Metric
from functions.drift_monitor.detect.sample import HOUR, Sample

START = 1_790_553_600  # Mon 28 Sep 2026 00:00 UTC
CALM_HOURS = 28 * 24
Draw = Callable[[random.Random, float, int], float]


@dataclass(frozen=True)
class Family:
    """A kind of series. `level` and `changed` by hour since the start, the latter by hours since the change too."""

    name: str
    what: str
    metric: Metric
    draw: Draw
    level: Callable[[int], float]
    changed: Callable[[int, int], float]
    per_day: float = 200.0
    traffic: Callable[[int], float] = field(default=lambda hour: 1.0)
    missing: Callable[[random.Random, int], bool] = field(default=lambda rng, hour: False)
    disturbed: Callable[[random.Random, int, float], float] = field(default=lambda rng, hour, level: level)
    # A burst is over after some hours: after this many it no longer counts as found.
    within_hours: int = 14 * 24

    def series(self, seed: int, weeks: int, change: int | None) -> list[Sample]:
        """One agent's history; `change` is the hour at which it begins to change, if it does."""
        rng = random.Random(f"{self.name} {seed}")
        samples = []
        for hour in range(weeks * 168):
            level = self.level(hour) if change is None or hour < change else self.changed(hour, hour - change)
            level = self.disturbed(rng, hour, level)
            count = _poisson(rng, self.per_day / 24 * self.traffic(hour))
            total = self.draw(rng, level, count)
            if count and not self.missing(rng, hour):
                samples.append(Sample(START + hour * HOUR, count, total))
        return samples


def _poisson(rng: random.Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    left, count = math.exp(-mean), -1
    product = 1.0
    while product > left:
        product *= rng.random()
        count += 1
    return count


def _yes_or_no(rng: random.Random, level: float, count: int) -> float:
    return float(sum(rng.random() < level for _ in range(count)))


def _graded(rng: random.Random, level: float, count: int) -> float:
    """Scores of a judge: in tenths, most of them near the level."""
    return round(sum(round(10 * rng.betavariate(6 * level, 6 * (1 - level))) / 10 for _ in range(count)), 6)


def _nearly_constant(rng: random.Random, level: float, count: int) -> float:
    return round(sum(min(1.0, level + rng.choice((0.0, 0.0, 0.0, -0.01))) for _ in range(count)), 6)


def _cost(rng: random.Random, level: float, count: int) -> float:
    """Log-normal, and of a hundred tasks one costs ten times as much."""
    factors = (10.0 if rng.random() < 0.01 else 1.0 for _ in range(count))
    return sum(level * factor * rng.lognormvariate(0, 0.9) for factor in factors)


def _office(hour: int) -> float:
    """Traffic of an office: little at night, less on Saturday and Sunday."""
    by_day = 0.3 if hour // 24 % 7 > 4 else 1.28
    return by_day * (0.2 if not 7 <= hour % 24 < 19 else 1.8)


def _weekly(hour: int) -> float:
    """Harder questions at night and at the weekend."""
    return 0.93 - (0.06 if not 7 <= hour % 24 < 19 else 0) - (0.05 if hour // 24 % 7 > 4 else 0)


def _weekly_cost(hour: int) -> float:
    return 0.05 * (1.5 if 1 <= hour % 24 < 5 else 1.0)


def _bad_hours(rng: random.Random, hour: int, level: float) -> float:
    """About once in a week everything fails for an hour, as when a service is down."""
    return 0.6 if rng.random() < 1 / 168 else level


def _wandering(rng: random.Random, hour: int, level: float) -> float:
    """Each day is a little different of itself, by 1.5 points."""
    day = random.Random(f"{rng.getstate()[1][0]} {hour // 24}")
    return min(1.0, max(0.0, level + day.gauss(0, 0.015)))


def _two_in_five(rng: random.Random, hour: int) -> bool:
    """Two hours of five are missing, and three days of the third week."""
    return rng.random() < 0.4 or 16 * 24 <= hour < 19 * 24


_ACCURACY, _RELEVANCE, _COST = METRICS["accuracy"], METRICS["context_relevance"], METRICS["cost_per_task"]
_ERRORS = METRICS["error_rate"]


def _step(before: float, after: float) -> dict[str, Callable[..., float]]:
    return {"level": lambda hour: before, "changed": lambda hour, since: after}


FAMILIES = (
    Family("step", "accuracy 0.92 to 0.87", _ACCURACY, _yes_or_no, **_step(0.92, 0.87)),
    Family("step-high", "accuracy 0.96 to 0.91", _ACCURACY, _yes_or_no, **_step(0.96, 0.91)),
    Family("step-low", "accuracy 0.85 to 0.80", _ACCURACY, _yes_or_no, **_step(0.85, 0.80)),
    Family("step-large", "accuracy 0.92 to 0.77", _ACCURACY, _yes_or_no, **_step(0.92, 0.77)),
    Family("graded", "a judge's accuracy in tenths, 0.85 to 0.80", _ACCURACY, _graded, **_step(0.85, 0.80)),
    Family(
        *("ramp", "accuracy 0.92, a point less each day down to 0.82", _ACCURACY, _yes_or_no),
        level=lambda hour: 0.92,
        changed=lambda hour, since: max(0.82, 0.92 - 0.01 * since / 24),
    ),
    Family(
        *("wandering", "accuracy 0.92 ± 0.015 from day to day, to 0.84", _ACCURACY, _yes_or_no),
        **_step(0.92, 0.84),
        disturbed=_wandering,
    ),
    Family(
        *("seasonal", "accuracy by hour and weekday, office traffic, 5 points less", _ACCURACY, _yes_or_no),
        level=_weekly,
        changed=lambda hour, since: _weekly(hour) - 0.05,
        traffic=_office,
    ),
    Family(
        *("missing", "two hours of five and three days missing, 0.92 to 0.87", _ACCURACY, _yes_or_no),
        **_step(0.92, 0.87),
        missing=_two_in_five,
    ),
    Family(
        "sparse",
        "20 sessions a day, accuracy 0.92 to 0.77",
        _ACCURACY,
        _yes_or_no,
        **_step(0.92, 0.77),
        per_day=20,
    ),
    Family(
        "near-constant",
        "relevance 1.00 or 0.99, then 5 points less",
        _RELEVANCE,
        _nearly_constant,
        **_step(1.0, 0.95),
    ),
    Family(
        *("burst", "errors 2 %, for 12 hours 30 %", _ERRORS, _yes_or_no),
        level=lambda hour: 0.02,
        changed=lambda hour, since: 0.30 if since < 12 else 0.02,
        within_hours=12,
    ),
    Family(
        *("bad-hours", "errors 2 %, an hour of 60 % about weekly, then 6 %", _ERRORS, _yes_or_no),
        **_step(0.02, 0.06),
        disturbed=_bad_hours,
    ),
    Family("cost", "heavy-tailed cost, 50 % more", _COST, _cost, **_step(0.05, 0.075)),
    Family(
        *("cost-nightly", "heavy-tailed cost, dearer at night, 50 % more", _COST, _cost),
        level=_weekly_cost,
        changed=lambda hour, since: 1.5 * _weekly_cost(hour),
    ),
    Family(
        "completion",
        "journeys completed 0.75 to 0.65",
        METRICS["journey_completion"],
        _yes_or_no,
        **_step(0.75, 0.65),
    ),
    Family(
        "override",
        "human override 3 % to 8 %",
        METRICS["human_override_rate"],
        _yes_or_no,
        **_step(0.03, 0.08),
    ),
)
