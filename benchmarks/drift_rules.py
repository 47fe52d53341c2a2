"""The rules that drift_detection.py compares the detector with: a fixed threshold, and a band like CloudWatch's.

Both are alarms as CloudWatch has them: a value per period, and so many of the last periods beyond a bound. Each comes
in several settings; drift_detection.py takes for every family the setting that does best there, so they are shown at
their best, tuned on the very series.

CloudWatch does not publish how its anomaly detection works. What its user guide says ("Using CloudWatch anomaly
detection"): a model is trained on up to two weeks, with hourly, daily and weekly patterns, it keeps adapting, and the
band is a number of standard deviations wide. So the imitation trains anew every day on the last two weeks: a mean, an
effect of the hour of the day and one of the weekday, and the standard deviation of what is left.
"""

import statistics
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from functions.drift_monitor.detect.metrics import Metric
from functions.drift_monitor.detect.sample import HOUR, Sample

CALM_HOURS = 28 * 24
_TRAINED_HOURS = 14 * 24
Point = tuple[int, float]


@dataclass(frozen=True)
class Rule:
    """A rule in one setting. `alarms`: the times at which it goes into alarm."""

    kind: str
    setting: str
    alarms: Callable[[Metric, Sequence[Sample]], list[int]]


def rules() -> list[Rule]:
    """Every rule in every setting."""
    made = []
    for hours, in_a_row in ((1, 3), (24, 1), (48, 1)):
        for share in (0.5, 0.75, 1.0, 1.5):
            made.append(
                Rule(
                    "fixed", f"{hours} h x {in_a_row}, {share} of the change", _fixed(hours, in_a_row, share)
                )
            )
    for hours, in_a_row in ((1, 3), (6, 2), (24, 1)):
        for wide in (2.0, 3.0, 4.0):
            made.append(Rule("band", f"{hours} h x {in_a_row}, {wide:g} sd", _band(hours, in_a_row, wide)))
    return made


def _fixed(hours: int, in_a_row: int, share: float) -> Callable[[Metric, Sequence[Sample]], list[int]]:
    """A bound set once from the four calm weeks, at a share of the change that matters."""

    def alarms(metric: Metric, samples: Sequence[Sample]) -> list[int]:
        calm = [s for s in samples if s.time < samples[0].time + CALM_HOURS * HOUR]
        mean = sum(s.total for s in calm) / sum(s.count for s in calm)
        if metric.kind == "amount":
            bound = mean * (1 + share * (metric.smallest - 1))
        else:
            bound = mean + share * (metric.change(mean) - mean)
        sign = 1 if metric.worse == "higher" else -1
        later = ((time, sign * (value - bound) > 0) for time, value in _points(samples, hours))
        return _crossings(((t, b) for t, b in later if t > calm[-1].time), in_a_row)

    return alarms


def _band(hours: int, in_a_row: int, wide: float) -> Callable[[Metric, Sequence[Sample]], list[int]]:
    """A band around a seasonal mean of the last two weeks, trained anew every day."""

    def alarms(metric: Metric, samples: Sequence[Sample]) -> list[int]:
        sign = 1 if metric.worse == "higher" else -1
        off = standings(tuple(samples), hours)
        return _crossings(((time, sign * deviation > wide) for time, deviation in off), in_a_row)

    return alarms


@cache
def standings(samples: tuple[Sample, ...], hours: int) -> list[Point]:
    """By how many standard deviations each period is off its model. Kept, since every width of the band needs it."""
    points = list(_points(samples, hours))
    window: deque[Point] = deque()
    trained, model, found = -1, None, []
    for time, value in points:
        while window and window[0][0] < time - _TRAINED_HOURS * HOUR:
            window.popleft()
        if time // 86400 != trained and time >= points[0][0] + CALM_HOURS * HOUR:
            trained, model = time // 86400, _Model(list(window))
        if model:
            found.append((time, (value - model.at(time)) / max(model.deviation, 1e-9)))
        window.append((time, value))
    return found


class _Model:
    def __init__(self, points: Sequence[Point]) -> None:
        self._mean = statistics.fmean(value for _, value in points)
        left = [(time, value - self._mean) for time, value in points]
        self._hours = _means((time // HOUR % 24, value) for time, value in left)
        left = [(time, value - self._hours[time // HOUR % 24]) for time, value in left]
        self._days = _means((time // 86400 % 7, value) for time, value in left)
        left = [(time, value - self._days[time // 86400 % 7]) for time, value in left]
        self.deviation = statistics.pstdev(value for _, value in left)

    def at(self, time: int) -> float:
        return self._mean + self._hours.get(time // HOUR % 24, 0.0) + self._days.get(time // 86400 % 7, 0.0)


def _means(pairs: Iterator[tuple[int, float]]) -> dict[int, float]:
    sums: dict[int, tuple[float, int]] = {}
    for key, value in pairs:
        total, count = sums.get(key, (0.0, 0))
        sums[key] = (total + value, count + 1)
    return {key: total / count for key, (total, count) in sums.items()}


def _points(samples: Sequence[Sample], hours: int) -> Iterator[Point]:
    """The mean of each period, at its last hour. Periods without measurements are left out, as missing data is."""
    period, total, count = None, 0.0, 0
    for sample in samples:
        of = sample.time // (hours * HOUR)
        if period is not None and of != period and count:
            yield (period + 1) * hours * HOUR - HOUR, total / count
            total, count = 0.0, 0
        period, total, count = of, total + sample.total, count + sample.count
    if period is not None and count:
        yield (period + 1) * hours * HOUR - HOUR, total / count


def _crossings(judged: Iterator[tuple[int, bool]], in_a_row: int) -> list[int]:
    times, run, alarmed = [], 0, False
    for time, beyond in judged:
        run = run + 1 if beyond else 0
        if run >= in_a_row and not alarmed:
            times.append(time + HOUR)
        alarmed = run >= in_a_row
    return times
