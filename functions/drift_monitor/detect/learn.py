"""Learns a baseline from history: level, season, noise and activity."""

import math
from collections.abc import Sequence
from itertools import pairwise

from functions.drift_monitor.detect.baseline import Activity, Baseline, clamp
from functions.drift_monitor.detect.metrics import Metric
from functions.drift_monitor.detect.sample import DAY, HOUR, Sample, blocks
from functions.drift_monitor.detect.season import learn_season

LEAST_DAYS = 7
LEAST_SAMPLES = 200
# The noise of scores that hardly vary is not taken for less than this share of a coin's, nor that of amounts for less
# than this square of their mean: what a metric never did yet is not impossible.
LEAST_NOISE_OF_SCORES = 0.05
LEAST_NOISE_OF_AMOUNTS = 0.0025
# A few blocks say little of the noise; a rate's is believed to be a coin's for as much as so many of them.
_BLOCKS_OF_BELIEF = 20
# A block further off than 4 standard deviations counts as 4: one burst must not make all else quiet.
_FARTHEST = 16.0


class NotEnoughError(Exception):
    """History is too short or too thin to learn from; says what there is of what is needed."""


def learn(metric: Metric, samples: Sequence[Sample]) -> Baseline:
    """Learn a baseline from samples in the order of time. Raises NotEnoughError."""
    count = sum(sample.count for sample in samples)
    days = (samples[-1].time - samples[0].time + HOUR) / DAY if samples else 0
    if count < LEAST_SAMPLES or days < LEAST_DAYS:
        raise NotEnoughError(
            f"{min(count, LEAST_SAMPLES)} of {LEAST_SAMPLES} {metric.unit}, "
            f"{min(math.floor(days), LEAST_DAYS)} of {LEAST_DAYS} days"
        )
    parts = list(blocks(samples, metric.block))
    fitted = _rate(parts) if metric.kind == "rate" else _amount(parts)
    return Baseline(
        version=samples[-1].version,
        level=fitted.level,
        noise=fitted.noise,
        samples=count,
        days=math.floor(days),
        season=fitted.season,
        activity=learn_activity(samples),
    )


def _rate(parts: Sequence[Sample]) -> Baseline:
    count = sum(part.count for part in parts)
    level = sum(part.total for part in parts) / count
    season = learn_season(parts, [part.mean - level for part in parts])
    deviations = []
    for part in parts:
        expected = level + season.at(part)
        p = clamp(expected)
        deviations.append((part.total - part.count * expected, part.count * p * (1 - p)))
    noise = _noise(parts, deviations)
    # Only scores between 0 and 1 can vary less than yes and no do.
    graded = any(abs(part.total - round(part.total)) > 1e-6 for part in parts)
    return Baseline("", level, max(noise, LEAST_NOISE_OF_SCORES if graded else 1.0), count, season=season)


def _amount(parts: Sequence[Sample]) -> Baseline:
    count = sum(part.count for part in parts)
    rough = math.log(sum(part.total for part in parts) / count)
    spread = sum(part.count * min(1.0, (math.log(part.mean) - rough) ** 2) for part in parts) / len(parts)
    logs = [log_mean(part, spread) for part in parts]
    level = sum(part.count * value for part, value in zip(parts, logs, strict=True)) / count
    season = learn_season(parts, [value - level for value in logs])
    left = [value - level - season.at(part) for part, value in zip(parts, logs, strict=True)]
    typical = sorted(part.count * value**2 for part, value in zip(parts, left, strict=True))
    # The median of a squared normal deviate is 0.455 of its mean.
    scale = max(LEAST_NOISE_OF_AMOUNTS, typical[len(typical) // 2] / 0.455)
    noise = scale * _noise(
        parts, [(part.count * v, part.count * scale) for part, v in zip(parts, left, strict=True)]
    )
    return Baseline("", level, max(noise, LEAST_NOISE_OF_AMOUNTS), count, season=season)


def log_mean(part: Sample, noise: float) -> float:
    """The logarithm of a mean, without what few measurements take from it (half its relative variance)."""
    return math.log(part.mean) + min(0.5, noise / (2 * part.count))


def _noise(parts: Sequence[Sample], deviations: Sequence[tuple[float, float]]) -> float:
    """The variance of blocks over what it should be, from (deviation, its variance) of each.

    Whole days are looked at as well: where one hour resembles the next, days vary more than hours let expect.
    """
    by_hour, freedom = _ratio(deviations)
    days: dict[int, tuple[float, float]] = {}
    for part, (deviation, variance) in zip(parts, deviations, strict=True):
        d, v = days.get(part.time // DAY, (0.0, 0.0))
        days[part.time // DAY] = (d + deviation, v + variance)
    by_day, few = _ratio(list(days.values()))
    surely = by_day * (1 - 1.64 * math.sqrt(2 / few))
    found = by_day if surely > by_hour else by_hour
    return (found * freedom + _BLOCKS_OF_BELIEF) / (freedom + _BLOCKS_OF_BELIEF)


def _ratio(deviations: Sequence[tuple[float, float]]) -> tuple[float, int]:
    freedom = max(1, len(deviations) - 1)
    return sum(min(_FARTHEST, d * d / v) for d, v in deviations) / freedom, freedom


def learn_activity(samples: Sequence[Sample]) -> Activity:
    """How much is measured by hour of day and day of week, and the longest time without any."""
    first = samples[0].time
    hours = (samples[-1].time - first) // HOUR + 1
    total = sum(sample.count for sample in samples)
    there_hours, there_days = [0] * 24, [0] * 7
    at, left = Sample(first, 1, 0), hours
    hour, day = at.hour, at.weekday
    while left:  # a day at a time, the first from its hour on
        of_day = min(left, 24 - hour)
        for each in range(hour, hour + of_day):
            there_hours[each] += 1
        there_days[day] += of_day
        left, hour, day = left - of_day, 0, (day + 1) % 7
    in_hours, in_days = [0] * 24, [0] * 7
    for sample in samples:
        in_hours[sample.hour] += sample.count
        in_days[sample.weekday] += sample.count
    rate = total / hours
    gaps = (after.time - before.time for before, after in pairwise(samples))
    return Activity(
        per_hour=rate,
        hours=tuple(
            round(n / (rate * h), 3) if h else 1.0 for n, h in zip(in_hours, there_hours, strict=True)
        ),
        days=tuple(round(n / (rate * h), 3) if h else 1.0 for n, h in zip(in_days, there_days, strict=True)),
        longest_gap_hours=max(gaps, default=0) / HOUR,
    )
