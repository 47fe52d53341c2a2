"""How a metric differs by hour of day, day of week and hour of week, as far as history shows it.

Each is an effect that is added to the mean. A group's own mean is noisy, so it is shrunk towards the common one by how
much the groups differ beyond chance (empirical Bayes, by the method of moments). Groups that differ no more than chance
explains have no effect at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from functions.drift_monitor.detect.sample import DAY, Sample

LEAST_DAYS = 14  # each hour of the week twice
_CLEARLY = 3.0  # standard deviations by which groups must differ more than chance has them differ


@dataclass(frozen=True)
class Season:
    """Effects by hour of day (24), day of week (7) and hour of week (168); an empty one is none."""

    hours: tuple[float, ...] = ()
    days: tuple[float, ...] = ()
    slots: tuple[float, ...] = ()

    def at(self, sample: Sample) -> float:
        """What to add to the mean for this sample."""
        effect = 0.0
        if self.hours:
            effect += self.hours[sample.hour]
        if self.days:
            effect += self.days[sample.weekday]
        if self.slots:
            effect += self.slots[sample.weekday * 24 + sample.hour]
        return effect


def learn_season(samples: Sequence[Sample], residuals: Sequence[float]) -> Season:
    """The season in what is left of samples after their common mean. None in less than two weeks."""
    if samples[-1].time - samples[0].time < (LEAST_DAYS - 1) * DAY:
        return Season()
    left = list(residuals)
    weights = [float(sample.count) for sample in samples]
    found = []
    for size, keys in (
        (24, [sample.hour for sample in samples]),
        (7, [sample.weekday for sample in samples]),
        (168, [sample.weekday * 24 + sample.hour for sample in samples]),
    ):
        effects = _effects(size, keys, left, weights)
        found.append(effects)
        if effects:
            left = [value - effects[key] for value, key in zip(left, keys, strict=True)]
    return Season(*found)


def _effects(
    size: int, keys: Sequence[int], values: Sequence[float], weights: Sequence[float]
) -> tuple[float, ...]:
    weight, total, squares = [0.0] * size, [0.0] * size, 0.0
    for key, value, w in zip(keys, values, weights, strict=True):
        weight[key] += w
        total[key] += w * value
        squares += w * value * value
    means = [t / w if w else 0.0 for t, w in zip(total, weight, strict=True)]
    between = sum(w * m * m for w, m in zip(weight, means, strict=True))
    groups = sum(1 for w in weight if w)
    freedom = len(keys) - groups
    if groups < 2 or freedom < groups:
        return ()
    within = max(0.0, squares - between) / freedom
    if between <= within * (groups - 1) * (1 + _CLEARLY * math.sqrt(2 / (groups - 1))):
        return ()
    spread = (between - (groups - 1) * within) / sum(weight)
    return tuple(
        round(m * spread / (spread + within / w), 6) if w else 0.0 for m, w in zip(means, weight, strict=True)
    )
