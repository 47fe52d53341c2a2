"""Whether one version is worse than another that is used at the same time, by counts and sums of what was measured.

A rate is tested by Fisher's exact test, which holds its level at any number of measurements. Measurements that come in
clumps, such as the calls of one bad session, count for as many as they tell: both sides are divided by how much more
the share varies between stretches of five minutes than a coin would. An amount is compared by the logarithm of the
means' ratio, whose spread is estimated from the same stretches.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from functions.drift_monitor.detect.metrics import Metric
from functions.drift_monitor.detect.sample import Sample

LEAST_STRETCHES = 8  # below that nobody knows how much an amount varies
_NEGLIGIBLE = 1e-12  # of a tail


@dataclass(frozen=True)
class Comparison:
    """A metric of both versions. `chance`: how likely it is to look at least this much worse if it is no worse."""

    metric: Metric
    live: Sample
    tried: Sample
    chance: float

    @property
    def matters(self) -> bool:
        """Whether it is worse by at least half of what counts as a change of this metric."""
        level, other = self.live.mean, self.tried.mean
        if self.metric.kind == "amount":
            level, other = math.log(level), math.log(other)
        change = self.metric.change(level) - level
        # Counts that divide evenly miss a bound by the last bit of a float.
        return change != 0 and (other - level) / change >= 0.5 - 1e-9


def compare(metric: Metric, live: Sequence[Sample], tried: Sequence[Sample]) -> Comparison | None:
    """Compare what was measured in stretches of equal length; None if one side has nothing."""
    one, other = _all(live), _all(tried)
    if one is None or other is None:
        return None
    chance = _amount(live, tried) if metric.kind == "amount" else _rate(metric, live, one, other)
    return Comparison(metric, one, other, chance)


def _all(samples: Sequence[Sample]) -> Sample | None:
    count = sum(sample.count for sample in samples)
    return Sample(samples[0].time, count, sum(s.total for s in samples)) if count else None


def _rate(metric: Metric, stretches: Sequence[Sample], live: Sample, tried: Sample) -> float:
    clumps = _clumps(stretches)
    bad = [
        (each.count - each.total if metric.worse == "lower" else each.total) / clumps
        for each in (live, tried)
    ]
    counts = [each.count / clumps for each in (live, tried)]
    return tail(round(bad[1]), round(counts[1]), round(sum(bad)), round(sum(counts)))


def _clumps(stretches: Sequence[Sample]) -> float:
    """How many measurements tell as much as one alone would: 1 if they do not depend on each other."""
    count, total = sum(s.count for s in stretches), sum(s.total for s in stretches)
    level = total / count
    if len(stretches) < LEAST_STRETCHES or not 0 < level < 1:
        return 1.0
    squares = sum(s.count * (s.mean - level) ** 2 for s in stretches)
    return max(1.0, squares / (len(stretches) - 1) / (level * (1 - level)))


def tail(bad: int, drawn: int, all_bad: int, everything: int) -> float:
    """The chance to draw so many bad ones or more, of `everything` of which `all_bad` are (hypergeometric)."""
    most = min(drawn, all_bad)
    if bad > most:
        return 0.0

    def choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    found, whole = 0.0, choose(everything, drawn)
    for each in range(max(bad, drawn - (everything - all_bad)), most + 1):
        part = math.exp(choose(all_bad, each) + choose(everything - all_bad, drawn - each) - whole)
        found += part
        if part < found * _NEGLIGIBLE:
            break
    return min(1.0, found)


def _amount(live: Sequence[Sample], tried: Sequence[Sample]) -> float:
    spreads = [_spread(live), _spread(tried)]
    known = [spread for spread in spreads if spread is not None]
    one, other = _all(live), _all(tried)
    if spreads[0] is None or one is None or other is None:
        return 1.0
    error = math.sqrt(max(known) * (1 / one.count + 1 / other.count))
    if error == 0:
        return float(other.mean <= one.mean)
    return math.erfc(math.log(other.mean / one.mean) / error / math.sqrt(2)) / 2


def _spread(stretches: Sequence[Sample]) -> float | None:
    """The variance of one amount over its squared mean, from how the means of stretches differ."""
    whole = _all(stretches)
    if whole is None or len(stretches) < LEAST_STRETCHES:
        return None
    squares = sum(s.count * (s.mean - whole.mean) ** 2 for s in stretches)
    return squares / (len(stretches) - 1) / whole.mean**2
