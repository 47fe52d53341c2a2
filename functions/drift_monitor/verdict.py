"""What is to come of a version that is tried: kept, given up, or tried on.

Each pass may look, so each test is held to its part of what all of them may get wrong together: a version that is as
good goes back in at most `WRONG` of all canaries, whatever the tests have to do with each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.drift_monitor.compare import Comparison, compare
from functions.drift_monitor.detect.metrics import METRICS, Metric
from functions.drift_monitor.detect.sample import Sample
from functions.drift_monitor.detect.words import shown

KEEP, BACK = "keep", "back"
EARLY, AT_THE_END = 0.02, 0.03
WRONG = EARLY + AT_THE_END
PATIENCE = 3  # times the hours asked for; a version that has not had its tasks by then goes back
TASKS = "journey_completion"  # what counts them: a journey is a task
# Of tasks that are due by its share. Sessions hold several tasks each, so that fewer would say nothing.
_DUE, _ARRIVED = 50, 0.1

Both = Mapping[
    str, tuple[Sequence[Sample], Sequence[Sample]]
]  # by metric: of the version served, of the one tried


@dataclass(frozen=True)
class Wanted:
    """What a team asks of a canary: percent of sessions, hours at least, tasks at least."""

    share: int
    hours: int
    at_least: int


@dataclass(frozen=True)
class Verdict:
    """What is to be done, None to go on; why, in at most 300 characters; and the figures, a line each."""

    decision: str | None
    reason: str
    figures: tuple[str, ...] = ()


def judge(wanted: Wanted, metrics: Mapping[str, Metric], both: Both, hours: float) -> Verdict:
    """Judge what was measured of both in `hours` since the version is tried."""
    found = [each for name in METRICS if (each := compare(metrics[name], *both[name])) is not None]
    figures = tuple(line(each) for each in found)
    served, tasks = (sum(sample.count for sample in side) for side in both[TASKS])
    over = hours >= wanted.hours and tasks >= wanted.at_least
    looks = PATIENCE * wanted.hours
    level = (AT_THE_END if over else EARLY / looks) / len(METRICS)
    worse = [each for each in found if each.chance < level and each.matters]
    if worse:
        worst = min(worse, key=lambda each: each.chance)
        return Verdict(BACK, f"Worse: {line(worst)}.", figures)
    due = served * wanted.share / (100 - wanted.share)
    if due >= _DUE and tasks < due * _ARRIVED:
        text = f"Of about {due:,.0f} tasks that were due {tasks:,} were measured: it fails, or nobody gets to it."
        return Verdict(BACK, text, figures)
    if over:
        text = f"No metric is worse, of {len(found)} compared over {tasks:,} tasks in {hours:.0f} h."
        return Verdict(KEEP, text, figures)
    if hours >= looks:
        asked = f"{wanted.at_least:,} are asked for"
        text = f"Only {tasks:,} tasks in {hours:.0f} h, {asked}: nobody can say whether it is as good."
        return Verdict(BACK, text, figures)
    return Verdict(None, f"{tasks:,} of {wanted.at_least:,} tasks, {hours:.0f} of {wanted.hours} h.", figures)


def line(each: Comparison) -> str:
    """A metric of both, in words."""
    metric = each.metric
    return (
        f"{metric.title} {shown(metric, each.tried.mean)} over {each.tried.count:,} {metric.unit}, against "
        f"{shown(metric, each.live.mean)} over {each.live.count:,} of the version served"
    )
