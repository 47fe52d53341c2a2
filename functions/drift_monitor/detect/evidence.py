"""How strongly samples speak for a change: the sum of log likelihood ratios since it may have begun (CUSUM).

Page's cumulative sum in the form of Lorden and Moustakides: each block adds log(how likely it is after the change / how
likely before it), weighted by its number of measurements by nature, and the sum starts anew whenever it falls to zero.
No other rule with as few false alarms finds the change it is made for sooner. The sum is in natural logarithms: with a
sum of 5, what was seen is e^5 = 148 times as likely after the change.
"""

import math
from dataclasses import dataclass

from functions.drift_monitor.detect.baseline import Baseline, clamp
from functions.drift_monitor.detect.learn import log_mean
from functions.drift_monitor.detect.metrics import Metric
from functions.drift_monitor.detect.sample import Sample

# One block moves the sum by no more than this share of what an alarm takes, so that it takes three.
LARGEST_STEP = 0.4
CEILING = 1.5  # what more than suffices is not kept: an agent that is well again is soon seen to be
_ERRORS_APART = 4.0  # a change that is smaller than this many standard errors of the baseline cannot be told


@dataclass
class Evidence:
    """The sum, and what was measured since it last was zero."""

    sum: float = 0.0
    since: int | None = None
    count: int = 0
    total: float = 0.0
    expected: float = 0.0

    def add(self, part: Sample, step: float, expected: float, ceiling: float) -> None:
        """One more block, whose level was to be `expected`."""
        self.sum = min(ceiling, self.sum + step)
        if self.sum <= 0:
            self.sum, self.since, self.count, self.total, self.expected = 0.0, None, 0, 0.0, 0.0
            return
        self.since = part.time if self.since is None else self.since
        self.count += part.count
        self.total += part.total
        self.expected += part.count * expected


def changed(metric: Metric, baseline: Baseline, level: float, *, worse: bool = True) -> float:
    """Where `level` is after the change that is looked for; a baseline that is uncertain lets only see larger ones."""
    to = metric.change(level, worse=worse)
    apart = _ERRORS_APART * baseline.error(metric)
    if abs(to - level) < apart:
        to = level + math.copysign(apart, to - level)
    return clamp(to) if metric.kind == "rate" else to


def ratio(metric: Metric, baseline: Baseline, part: Sample, *, worse: bool = True) -> float:
    """The log likelihood ratio of a block: above zero it speaks for the change."""
    before = baseline.expected(metric, part)
    after = changed(metric, baseline, before, worse=worse)
    if metric.kind == "amount":
        step = after - before
        return part.count / baseline.noise * step * (log_mean(part, baseline.noise) - before - step / 2)
    good, bad = part.total, part.count - part.total
    return (good * math.log(after / before) + bad * math.log((1 - after) / (1 - before))) / baseline.noise


def threshold(metric: Metric, baseline: Baseline) -> float:
    """The sum at which to alarm, so that false alarms stay as rare as the metric allows.

    Without a change the sum gets to h about once in e^h / (what it moves a week), so busy agents need more. A baseline
    that lies off by its standard error makes the sum drift, which on average over agents multiplies false alarms by
    exp((h r)^2 / 2), r being that error relative to half the change: that much more is asked for.
    """
    level = baseline.level if metric.kind == "amount" else clamp(baseline.level)
    after = changed(metric, baseline, level)
    if metric.kind == "amount":
        information = (after - level) ** 2 / (2 * baseline.noise)
    else:
        information = (
            level * math.log(level / after) + (1 - level) * math.log((1 - level) / (1 - after))
        ) / baseline.noise
    h = math.log(max(2.0, information * baseline.per_week()) / metric.false_alarms)
    off = baseline.error(metric) / max(abs(after - level) / 2, 1e-6)  # a rate of 0 has no lower one
    return h + (h * off) ** 2 / 2


def step(metric: Metric, baseline: Baseline, part: Sample, enough: float, *, worse: bool = True) -> float:
    """What a block adds to the sum."""
    most = LARGEST_STEP * enough
    return min(most, max(-most, ratio(metric, baseline, part, worse=worse)))
