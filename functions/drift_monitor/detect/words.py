"""The reason of a decision, in words and with the numbers it rests on."""

import math
from datetime import UTC, datetime

from functions.drift_monitor.detect.baseline import Baseline
from functions.drift_monitor.detect.evidence import Evidence
from functions.drift_monitor.detect.metrics import Metric
from functions.drift_monitor.detect.sample import HOUR


def when(time: int) -> str:
    """A time as people of the team read it: Mon 2 Nov 09:00 UTC."""
    at = datetime.fromtimestamp(time, UTC)
    return f"{at:%a} {at.day} {at:%b %H:%M} UTC"


def shown(metric: Metric, value: float) -> str:
    """A value of the metric: three digits for an amount, a share with two places, or three where it is small."""
    if metric.kind == "amount":
        return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def finding(metric: Metric, baseline: Baseline, evidence: Evidence) -> str:
    """What was measured since it may have changed, beside what was to be expected of as many measurements."""
    if evidence.since is None:
        return f"{metric.title} as its baseline {usual(metric, baseline)}"
    mean = evidence.total / evidence.count
    expected = evidence.expected / evidence.count
    spread = 2 * math.sqrt(baseline.variance(metric) / evidence.count + baseline.error(metric) ** 2)
    if metric.kind == "amount":
        expected = math.exp(expected)
        spread *= expected
    of = f" ({_origin(metric, baseline)})"
    return (
        f"{metric.title} {shown(metric, mean)} over {evidence.count:,} {metric.unit} since {when(evidence.since)}, "
        f"baseline {shown(metric, expected)} ± {shown(metric, spread)}{of}"
    )


def usual(metric: Metric, baseline: Baseline) -> str:
    """The baseline's level and where it is from."""
    level = math.exp(baseline.level) if metric.kind == "amount" else baseline.level
    return f"{shown(metric, level)} ({_origin(metric, baseline)})"


def silence(metric: Metric, since: int, now: int, expected: float) -> str:
    """Nothing was measured for too long."""
    return (
        f"no {metric.unit} measured for {metric.title} since {when(since)}, {(now - since) / HOUR:.0f} h ago; "
        f"usually there are {expected:,.0f} in that time"
    )


def _origin(metric: Metric, baseline: Baseline) -> str:
    version = f"version {baseline.version}, " if baseline.version else ""
    return f"{version}{baseline.samples:,} {metric.unit}"
