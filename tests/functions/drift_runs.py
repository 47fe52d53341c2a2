"""Runs the detector in tests: histories that are exact, and all that was said of them."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from functions.drift_monitor.detect.detector import History, advance
from functions.drift_monitor.detect.memory import Evaluation, Memory
from functions.drift_monitor.detect.metrics import METRICS, Metric
from functions.drift_monitor.detect.sample import HOUR, Sample

MONDAY = 1_790_553_600  # Mon 28 Sep 2026 00:00 UTC
ACCURACY = METRICS["accuracy"]


def history_of(samples: Sequence[Sample]) -> History:
    times = [sample.time for sample in samples]
    return lambda first, last: samples[bisect_left(times, first) : bisect_left(times, last)]


def steady(hours: int, count: int, mean: float, start: int = 0, version: str = "") -> list[Sample]:
    """Hours that are all alike."""
    return [Sample(MONDAY + (start + h) * HOUR, count, count * mean, version) for h in range(hours)]


def run(
    samples: Sequence[Sample], metric: Metric = ACCURACY, memory: Memory | None = None
) -> list[Evaluation]:
    memory, history = memory or Memory(), history_of(samples)
    return [advance(metric, memory, sample, history) for sample in samples]


def alarms(evaluations: Iterable[Evaluation]) -> list[Evaluation]:
    """The evaluations with which an alarm begins."""
    found, alarmed = [], False
    for evaluation in evaluations:
        if evaluation.alarm and not alarmed:
            found.append(evaluation)
        alarmed = evaluation.alarm
    return found
