"""Runs the detector over a history, hour by hour, as the platform would have: what would have alarmed when, and why."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from corral.drift.history import Series
from functions.drift_monitor.detect.detector import advance, idle
from functions.drift_monitor.detect.memory import Evaluation, Memory
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import HOUR


@dataclass(frozen=True)
class Alarm:
    """From the evaluation that began it to the one that ended it; `until` is None if it never did."""

    began: Evaluation
    until: int | None
    highest: float


@dataclass(frozen=True)
class Replayed:
    """What came of one metric of one agent. `hours`: how many were spent in each state."""

    series: Series
    alarms: list[Alarm]
    last: Evaluation
    hours: Mapping[str, int]
    memory: Memory = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """As plain data; times in seconds since 1970."""
        return {
            "agent": self.series.agent,
            "metric": self.series.metric,
            "samples": len(self.series.samples),
            "hours": dict(self.hours),
            "state": self.last.state,
            "score": self.last.score,
            "reason": self.last.reason,
            "alarms": [
                {
                    "from": alarm.began.time,
                    "until": alarm.until,
                    "state": alarm.began.state,
                    "highest": alarm.highest,
                    "reason": alarm.began.reason,
                }
                for alarm in self.alarms
            ],
            "baseline": self.memory.baseline and self.memory.baseline.to_json(),
        }


def replay(series: Series, tolerance: float | None = None) -> Replayed:
    """Run the detector over a series. `tolerance`: as a template gives it, a share of the baseline."""
    metric = METRICS[series.metric]
    if tolerance is not None:
        metric = replace(metric, tolerance=tolerance)
    samples, times = series.samples, [sample.time for sample in series.samples]
    at = dict(zip(times, samples, strict=True))
    memory, alarms, hours = Memory(), [], Counter[str]()
    begun: Evaluation | None = None
    highest = 0.0
    for time in range(times[0], times[-1] + HOUR, HOUR):
        if time in at:
            evaluation = advance(
                *(metric, memory, at[time]),
                lambda first, last: samples[bisect_left(times, first) : bisect_left(times, last)],
            )
        else:
            evaluation = idle(metric, memory, time + HOUR)
        hours[evaluation.state] += 1
        # Silence after drift, or the other way about, is an alarm of its own: its reason is another.
        if begun and evaluation.state != begun.state:
            alarms.append(Alarm(begun, evaluation.time, highest))
            begun = None
        if evaluation.alarm:
            highest = max(highest, evaluation.score) if begun else evaluation.score
            begun = begun or evaluation
    if begun:
        alarms.append(Alarm(begun, None, highest))
    return Replayed(series, alarms, evaluation, hours, memory)
