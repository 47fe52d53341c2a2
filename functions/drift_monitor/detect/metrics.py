"""The six metrics that are watched: what is worse, how much of it matters, how it is counted."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """What the detector must know of a metric.

    `kind`: a rate is a share, or a mean of scores from 0 to 1; an amount is positive and compared by its logarithm.
    `smallest`: the least change that matters, in points (0.05) for a rate, as a factor (1.25) for an amount. With
    `doubling` a rate that is lower than that need only double; `least` is what it must then grow by all the same.
    `tolerance`: instead of all that, a share of the baseline, as a template or a team gives it.
    `block`: samples that are looked at together at least. A mean of few amounts is the dearest one's, not the mean.
    `false_alarms`: how many a week and agent are accepted, of the 0.05 that the six may have together. Accuracy has
    the largest share, because 5 points of it are hard to see in 200 sessions a day. Cost has the smallest: its tail is
    heavier than the normal distribution that thresholds are computed for, so it really has a few times as many.
    """

    name: str
    title: str
    unit: str
    kind: Literal["rate", "amount"]
    worse: Literal["lower", "higher"]
    smallest: float
    false_alarms: float
    block: int = 1
    doubling: bool = False
    least: float = 0.0
    tolerance: float | None = None

    def change(self, level: float, *, worse: bool = True) -> float:
        """The level that a change which matters leads to: lower or higher, by which way is worse."""
        up = (self.worse == "higher") is worse
        if self.kind == "amount":
            factor = self.smallest if self.tolerance is None else 1 + self.tolerance
            return level + math.log(factor) * (1 if up else -1)
        if self.tolerance is not None:
            step = self.tolerance * level
        else:
            step = min(self.smallest, max(self.least, level)) if self.doubling else self.smallest
        # Near its end a rate can only go half of what is left.
        return min(level + step, (level + 1) / 2) if up else max(level - step, level / 2)


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy", "sessions", "rate", "lower", 0.05, 0.02),
        Metric("context_relevance", "context relevance", "answers", "rate", "lower", 0.05, 0.004),
        Metric("cost_per_task", "cost per task", "tasks", "amount", "higher", 1.25, 0.002, block=20),
        Metric("journey_completion", "journey completion", "journeys", "rate", "lower", 0.05, 0.004),
        Metric("error_rate", "error rate", "calls", "rate", "higher", 0.05, 0.004, doubling=True, least=0.02),
        Metric(
            *("human_override_rate", "human override rate", "calls", "rate", "higher", 0.05, 0.004),
            doubling=True,
            least=0.02,
        ),
    )
}
