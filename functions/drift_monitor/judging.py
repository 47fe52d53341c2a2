"""Judges one agent: every metric of it, from what was measured since the last pass."""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.drift_monitor import measurements
from functions.drift_monitor.agents import Watched
from functions.drift_monitor.detect.detector import accept, advance, idle
from functions.drift_monitor.detect.memory import ALARMING, Evaluation, Memory
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import HOUR, Sample
from functions.drift_monitor.memories import Found, Kept
from functions.drift_monitor.past import Past

SUSPENDED = "suspended"
_UNPRICED = "not measured: the environment has no price table"


@dataclass(frozen=True)
class Change:
    """A metric that has begun to alarm, or no longer does: what its team is to be told."""

    metric: str
    found: Found
    before: Found | None


def judge(agent: Watched, kept: Kept, series: measurements.Series, past: Past, until: int) -> list[Change]:
    """Bring what is kept of an agent up to a time, the full hour `until`; return what is to be told.

    `past` is asked where a baseline is to be learned.
    """
    kept.name, changes = agent.shown, []
    for name in METRICS:
        memory = kept.memories.setdefault(name, Memory())
        if (accepted := kept.accepted.get(name, 0)) > memory.accepted:
            accept(memory, accepted)
        evaluation = _evaluate(agent, name, memory, series[agent.arn, name], past, until)
        before = kept.found.get(name)
        now = Found(evaluation.state, evaluation.score, evaluation.reason, until)
        if before is not None and before.state == now.state:
            now.since, now.told = before.since, before.told
        kept.found[name] = now
        ended = before is not None and before.told and before.state in ALARMING
        begun = now.state in ALARMING and not now.told
        if begun or (ended and now.state not in ALARMING):
            changes.append(Change(name, now, before))
    return changes


def _evaluate(
    agent: Watched, name: str, memory: Memory, samples: Sequence[Sample], past: Past, until: int
) -> Evaluation:
    metric = agent.metric(name)
    new = [sample for sample in samples if memory.last is None or sample.time > memory.last]
    evaluation = None
    for sample in new:
        evaluation = advance(
            metric,
            memory,
            sample,
            lambda first, last: past.of(agent, name, first, last),
        )
    if agent.suspended is not None:
        # Its silence is what was asked for, and begins to count when it is back.
        memory.last = until - HOUR if memory.last is not None else None
        return Evaluation(until, name, "quiet", 0.0, f"{SUSPENDED}: {agent.suspended}")
    if evaluation is None or evaluation.time < until:
        evaluation = idle(metric, memory, until)
    if name == "cost_per_task" and not agent.priced and memory.last is None:
        return Evaluation(until, name, evaluation.state, 0.0, _UNPRICED)
    return evaluation
