"""How often a canary's verdict is wrong, and how soon: over agents that are made up, always the same ones.

    python benchmarks/canary.py [--agents 400] [--json]

Each agent has 10 % of its sessions tried, for 24 hours and 50 tasks at least. It tells journeys, costs, tool calls and
human decisions as the supervisor does, and scores of 0 or 1 as judges do. Each session has three tasks, and is a good
or a bad one throughout, which is what makes measurements of one session alike. `back` is the share of agents whose
new version went back, `kept` of those it was kept of, `hours` the median until it was decided.
"""

import argparse
import json
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import HOUR, Sample
from functions.drift_monitor.verdict import PATIENCE, Wanted, judge

WANTED = Wanted(share=10, hours=24, at_least=50)
PERIOD = 300
TASKS_OF_A_SESSION = 3
BASE = {
    "accuracy": 0.92,
    "context_relevance": 0.95,
    "journey_completion": 0.90,
    "error_rate": 0.02,
    "human_override_rate": 0.02,
    "cost_per_task": 1.0,
}


@dataclass(frozen=True)
class Case:
    """A change, as new levels of metrics, and how many sessions the agent has an hour."""

    name: str
    sessions: int
    levels: dict[str, float]


CASES = [
    *(Case(f"as good, {n} sessions an hour", n, {}) for n in (10, 50, 200)),
    Case("journeys completed 0.90 to 0.60", 10, {"journey_completion": 0.60}),
    Case("journeys completed 0.90 to 0.80", 10, {"journey_completion": 0.80}),
    Case("cost half as much again", 10, {"cost_per_task": 1.5}),
    Case("journeys completed 0.90 to 0.60", 50, {"journey_completion": 0.60}),
    Case("journeys completed 0.90 to 0.80", 50, {"journey_completion": 0.80}),
    Case("journeys completed 0.90 to 0.80", 200, {"journey_completion": 0.80}),
    Case("journeys completed 0.90 to 0.85", 200, {"journey_completion": 0.85}),
    Case("errors 2 % to 10 %", 50, {"error_rate": 0.10}),
    Case("accuracy 0.92 to 0.77", 50, {"accuracy": 0.77}),
    Case("accuracy 0.92 to 0.87", 200, {"accuracy": 0.87}),
    Case("cost half as much again", 50, {"cost_per_task": 1.5}),
    Case("cost a quarter more", 200, {"cost_per_task": 1.25}),
    Case("fails before it is measured", 50, {"journey_completion": -1}),
]


@dataclass(frozen=True)
class Outcome:
    """What came of a version, and after how many hours."""

    decision: str
    hours: int


def play(case: Case, seed: int, wanted: Wanted = WANTED) -> Outcome:
    """Try a version until it is decided, looking once an hour."""
    drawn = random.Random(seed)
    both: dict[str, tuple[list[Sample], list[Sample]]] = {name: ([], []) for name in METRICS}
    for hour in range(PATIENCE * wanted.hours):
        sessions = [drawn.random() * 100 < wanted.share for _ in range(_poisson(drawn, case.sessions))]
        for side, levels in ((0, BASE), (1, BASE | case.levels)):
            for sample in _hour(drawn, hour, sum(tried == bool(side) for tried in sessions), levels):
                both[sample.version][side].append(sample)
        found = judge(wanted, METRICS, both, hour + 1)
        if found.decision is not None:
            return Outcome(found.decision, hour + 1)
    raise AssertionError("it is decided in the end, whatever comes")


def _hour(drawn: random.Random, hour: int, sessions: int, levels: dict[str, float]) -> Iterator[Sample]:
    """What sessions tell in one hour, in stretches; a sample's version is its metric's name here."""
    stretches: dict[tuple[int, str], list[float]] = {}
    for _ in range(sessions):
        at = drawn.randrange(HOUR // PERIOD)
        # How this session goes: some customers ask what no agent can answer.
        luck = {name: drawn.random() for name in levels}
        dear = drawn.lognormvariate(-0.125, 0.5)
        for _ in range(TASKS_OF_A_SESSION):
            for name, level in levels.items():
                if level < 0:
                    continue
                alike = luck[name] if drawn.random() < 0.3 else drawn.random()
                value = (
                    level * dear * drawn.lognormvariate(-0.32, 0.8)
                    if name == "cost_per_task"
                    else alike < level
                )
                stretches.setdefault((at, name), []).append(float(value))
    for (at, name), values in sorted(stretches.items()):
        yield Sample(hour * HOUR + at * PERIOD, len(values), sum(values), name)


def _poisson(drawn: random.Random, mean: float) -> int:
    count, at = 0, drawn.expovariate(mean)
    while at < 1:
        count, at = count + 1, at + drawn.expovariate(mean)
    return count


def main() -> None:
    """Print a line a case."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--agents", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = []
    for case in CASES:
        found = [play(case, seed) for seed in range(given.agents)]
        back = sum(each.decision == "back" for each in found) / len(found)
        hours = statistics.median(each.hours for each in found)
        rows.append({"case": case.name, "sessions": case.sessions, "back": back, "hours": hours})
        if not given.json:
            print(
                f"{case.name:36} {case.sessions:4} sessions/h  back {back:6.1%}  kept {1 - back:6.1%}  {hours:4.0f} h"
            )
    if given.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
