"""One agent and metric, step by step: learns a baseline, watches for a change, compares a new version."""

from collections.abc import Callable, Sequence

from functions.drift_monitor.detect import words
from functions.drift_monitor.detect.baseline import Baseline
from functions.drift_monitor.detect.evidence import CEILING, Evidence, step, threshold
from functions.drift_monitor.detect.learn import NotEnoughError, learn
from functions.drift_monitor.detect.memory import Comparison, Evaluation, Memory, State
from functions.drift_monitor.detect.metrics import Metric
from functions.drift_monitor.detect.sample import DAY, HOUR, Sample, check, joined

WATCH = 0.5  # the score from which a person who looks sees that something may be changing
CLEAR = 0.5  # the score below which an alarm ends
REFINE_DAYS = (14, 28, 56)  # a baseline is learned anew when history is so long, then it stays
COMPARE_SAMPLES = 100  # a new version is not judged on less than this
COMPARE_SECONDS = DAY
# Measurements that did not come: chance leaves out 20 that were due once in half a thousand million times.
SILENT_EXPECTED = 20.0
SILENT_HOURS = 3.0
SILENT_GAPS = 1.5  # times the longest gap that the baseline knows

History = Callable[[int, int], Sequence[Sample]]
"""The samples from one time until before another, in order."""


def advance(metric: Metric, memory: Memory, sample: Sample, history: History) -> Evaluation:
    """Take the next sample in and decide. `history` is asked only when a baseline is to be learned.

    Raises SampleError for a sample that cannot be, ValueError for one that is not later than the last.
    """
    check(metric, sample)
    if memory.last is not None and sample.time <= memory.last:
        raise ValueError(f"a sample of {words.when(sample.time)} after one of {words.when(memory.last)}")
    now = sample.time + HOUR
    memory.last = sample.time
    if memory.since is None:
        memory.since = sample.time
    _version(memory, sample)
    if memory.baseline is None:
        _learn_first(metric, memory, now, history)
        return _evaluation(metric, memory, now)
    memory.pending = joined(memory.pending, sample)
    if memory.comparison:
        memory.comparison.count += sample.count
    if memory.pending.count >= metric.block:
        _weigh(metric, memory.baseline, memory, memory.pending)
        memory.pending = None
    _learn_again(metric, memory, now, history)
    return _evaluation(metric, memory, now)


def idle(metric: Metric, memory: Memory, now: int) -> Evaluation:
    """Decide at a time for which there is no sample."""
    return _evaluation(metric, memory, now)


def accept(memory: Memory, now: int) -> None:
    """The owner takes the agent as it is now: forget the baseline and learn one, from what may be the change on."""
    began = memory.comparison.since if memory.comparison else memory.worse.since
    memory.accepted = now
    memory.baseline, memory.comparison, memory.refine, memory.drifting = None, None, None, False
    memory.worse, memory.better, memory.pending, memory.since, memory.learned = (
        Evidence(),
        Evidence(),
        None,
        now if began is None else min(now, began),
        "",
    )


def _version(memory: Memory, sample: Sample) -> None:
    if not sample.version or sample.version == memory.version:
        return
    memory.version = sample.version
    if memory.baseline is None:
        return
    back = memory.baseline.version in ("", sample.version)
    # Versions that follow each other daily are compared together: each on its own would never be judged. One that
    # follows a worse one may be its remedy, so it begins anew.
    if (back and not memory.comparison) or (memory.comparison and not memory.drifting and not back):
        return
    memory.comparison, memory.refine = (None, None) if back else (Comparison(sample.time), sample.time)
    memory.since, memory.drifting = sample.time, False
    memory.worse, memory.better, memory.pending = Evidence(), Evidence(), None


def _weigh(metric: Metric, baseline: Baseline, memory: Memory, part: Sample) -> None:
    enough = threshold(metric, baseline)
    expected = baseline.expected(metric, part)
    for evidence, worse in ((memory.worse, True), (memory.better, False)):
        evidence.add(part, step(metric, baseline, part, enough, worse=worse), expected, CEILING * enough)
    score = memory.worse.sum / enough
    held = memory.comparison and not _judged(memory.comparison, part.time + HOUR)
    memory.drifting = score >= CLEAR if memory.drifting else score >= 1 and not held


def _judged(comparison: Comparison, now: int) -> bool:
    return comparison.count >= COMPARE_SAMPLES and now - comparison.since >= COMPARE_SECONDS


def _learn_first(metric: Metric, memory: Memory, now: int, history: History) -> None:
    if memory.refine is not None and now < memory.refine:
        return
    since = now if memory.since is None else memory.since
    try:
        memory.baseline = learn(metric, history(since, now))
    except NotEnoughError as error:
        memory.learned, memory.refine = str(error), now + DAY
    else:
        memory.learned, memory.refine = "", _next(since, now)


def _learn_again(metric: Metric, memory: Memory, now: int, history: History) -> None:
    """Learn from more history while all is quiet, and leave out what may belong to a change."""
    old, since = memory.baseline, memory.since
    if old is None or since is None or memory.drifting:
        return
    if memory.refine is None or now < memory.refine:
        return
    if memory.comparison and not _judged(memory.comparison, now):
        memory.refine = now + DAY
        return
    try:
        new = learn(metric, history(since, memory.worse.since or now))
    except NotEnoughError:
        memory.refine = now + DAY
        return
    memory.refine = _next(since, now)
    # More history makes a level more exact. One that moves it by more than its error has crept.
    if memory.comparison:
        memory.baseline, memory.comparison = new, None
        memory.worse, memory.better = Evidence(), Evidence()
    elif abs(new.level - old.level) <= 2 * old.error(metric):
        memory.baseline = new


def _next(since: int, now: int) -> int | None:
    return next((since + days * DAY for days in REFINE_DAYS if since + days * DAY > now), None)


def _evaluation(metric: Metric, memory: Memory, now: int) -> Evaluation:
    baseline = memory.baseline
    if baseline is None:
        reason = f"learning its baseline: {memory.learned}" if memory.learned else "nothing measured yet"
        return Evaluation(now, metric.name, "learning", 0.0, reason)
    enough = threshold(metric, baseline)
    score, state = memory.worse.sum / enough, _state(metric, memory, now, enough)
    reason = words.finding(metric, baseline, memory.better if state == "better" else memory.worse)
    if state == "comparing":
        # Until the new version can be judged a score says no more than that it is being looked at.
        score = min(score, 0.99)
    elif state == "drift":
        score = max(score, 1.0)
    if memory.comparison:
        reason = f"version {memory.version} beside version {baseline.version}: {reason}"
    if state == "better":
        reason += "; it is better than its baseline, which therefore would miss a fall back to it"
    silent, expected = _silence(memory, baseline, now)
    if silent >= 1 and memory.last is not None:
        return Evaluation(
            now,
            *(metric.name, "silent", round(max(silent, score), 3)),
            words.silence(metric, memory.last + HOUR, now, expected),
        )
    return Evaluation(now, metric.name, state, round(score, 3), reason)


def _state(metric: Metric, memory: Memory, now: int, enough: float) -> State:
    if memory.drifting:
        return "drift"
    if memory.comparison:
        return "comparing"
    if memory.worse.sum >= WATCH * enough:
        return "watch"
    return "better" if memory.better.sum >= enough else "quiet"


def _silence(memory: Memory, baseline: Baseline, now: int) -> tuple[float, float]:
    """How silent it is, 1 being too silent, and how many samples were to be expected."""
    if memory.last is None or baseline.activity is None:
        return 0.0, 0.0
    gap = (now - memory.last - HOUR) / HOUR
    longest = max(SILENT_HOURS, SILENT_GAPS * (baseline.activity.longest_gap_hours - 1))
    if gap < longest:
        return 0.0, 0.0
    expected = baseline.activity.expected(memory.last + HOUR, now)
    return min(expected / SILENT_EXPECTED, gap / longest), expected
