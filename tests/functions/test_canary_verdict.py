"""Whether a version that is tried is worse: the test's own level, what counts, and what comes of it in the end."""

import math
import random
from itertools import combinations

import pytest

from benchmarks.canary import BASE, Case, play
from functions.drift_monitor.compare import Comparison, compare, tail
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import HOUR, Sample
from functions.drift_monitor.verdict import BACK, EARLY, KEEP, PATIENCE, WRONG, Both, Verdict, Wanted, judge

JOURNEYS = METRICS["journey_completion"]
WANTED = Wanted(share=10, hours=24, at_least=50)


def stretches(count: int, total: float, of: int = 10) -> list[Sample]:
    """So many measurements with that sum, over some stretches as evenly as they go."""
    return [
        Sample(
            300 * i,
            count // of + (i < count % of),
            (count // of + (i < count % of)) * total / count,
        )
        for i in range(of)
        if count // of + (i < count % of)
    ]


def both(**more: tuple[list[Sample], list[Sample]]) -> Both:
    nothing: tuple[list[Sample], list[Sample]] = ([], [])
    return dict.fromkeys(METRICS, nothing) | more


def journeys(live: tuple[int, int], tried: tuple[int, int]) -> Both:
    return both(journey_completion=(stretches(*live), stretches(*tried)))


@pytest.mark.parametrize(("all_bad", "everything", "drawn"), [(3, 10, 4), (5, 9, 6), (0, 5, 2), (6, 6, 3)])
def test_the_tail_is_what_counting_all_draws_gives(all_bad: int, everything: int, drawn: int) -> None:
    draws = [sum(each < all_bad for each in draw) for draw in combinations(range(everything), drawn)]
    for bad in range(drawn + 1):
        counted = sum(each >= bad for each in draws) / len(draws)
        assert tail(bad, drawn, all_bad, everything) == pytest.approx(counted, abs=1e-12)


def comparison(metric: str, live: list[Sample], tried: list[Sample]) -> Comparison:
    found = compare(METRICS[metric], live, tried)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("metric", "better", "worse"),
    [("journey_completion", 95, 60), ("error_rate", 2, 30), ("accuracy", 92, 70), ("cost_per_task", 80, 190)],
)
def test_only_worse_is_held_against_it(metric: str, better: float, worse: float) -> None:
    live, good, bad = stretches(500, 5 * better), stretches(100, better), stretches(100, worse)
    live = [Sample(s.time, s.count, s.total * (1 + 0.02 * (i % 2))) for i, s in enumerate(live)]
    if METRICS[metric].kind == "rate":
        live = stretches(500, 5 * better)
    assert comparison(metric, live, bad).chance < 1e-3
    assert comparison(metric, live, bad).matters
    assert comparison(metric, live, good).chance > 0.2
    assert comparison(metric, bad, good).chance > 0.9
    assert not comparison(metric, bad, good).matters


def test_clumps_count_for_what_they_tell() -> None:
    drawn = random.Random(3)
    # In each stretch all go alike: ten measurements say no more than one.
    clumped = [Sample(300 * i, 10, 10.0 * (drawn.random() < 0.9)) for i in range(40)]
    tried = stretches(100, 75)
    alone = stretches(400, sum(s.total for s in clumped), 40)
    assert comparison("journey_completion", alone, tried).chance < 0.001
    assert comparison("journey_completion", clumped, tried).chance > 0.05


def test_what_is_surely_worse_but_hardly_so_is_kept() -> None:
    live, tried = (100_000, 90_000), (10_000, 8_800)
    found = comparison("journey_completion", stretches(*live), stretches(*tried))
    assert found.chance < 1e-6
    assert not found.matters, "2 points, of which 5 count"
    assert judge(WANTED, METRICS, journeys(live, tried), 24).decision == KEEP


def verdict(tried: tuple[int, int], hours: float, live: tuple[int, int] = (900, 810)) -> Verdict:
    return judge(WANTED, METRICS, journeys(live, tried), hours)


def test_hours_and_tasks_are_waited_for() -> None:
    assert verdict((100, 91), 23).decision is None
    assert verdict((49, 45), 24).decision is None
    assert verdict((50, 46), 24).decision == KEEP
    going = verdict((49, 45), 71)
    assert (going.decision, going.reason) == (None, "49 of 50 tasks, 71 of 24 h.")
    late = verdict((49, 45), PATIENCE * 24)
    assert late.decision == BACK
    assert late.reason == ("Only 49 tasks in 72 h, 50 are asked for: nobody can say whether it is as good.")


def test_what_is_clearly_worse_goes_back_at_once_and_what_is_not_so_clear_in_the_end() -> None:
    clear, doubtful = (60, 30), (60, 44)
    assert verdict(clear, 2).decision == BACK
    assert verdict(clear, 2).reason.startswith(
        "Worse: journey completion 0.50 over 60 journeys, against 0.90"
    )
    assert verdict(doubtful, 23).decision is None
    assert verdict(doubtful, 24).decision == BACK
    assert len(verdict(clear, 2).reason) <= 300


def test_one_that_says_nothing_goes_back() -> None:
    nothing = both(journey_completion=(stretches(450, 400), []))
    found = judge(WANTED, METRICS, nothing, 3)
    assert found.decision == BACK
    assert "Of about 50 tasks that were due 0 were measured" in found.reason
    assert judge(WANTED, METRICS, both(journey_completion=(stretches(449, 400), [])), 3).decision is None
    assert judge(WANTED, METRICS, both(), 3).decision is None
    assert judge(WANTED, METRICS, both(), 72).decision == BACK


def test_what_nobody_knows_the_spread_of_is_not_compared() -> None:
    found = comparison("cost_per_task", stretches(70, 70.0, 7), stretches(70, 700.0, 7))
    assert found.chance == 1.0


def test_all_looks_together_are_within_what_is_accepted() -> None:
    looks = PATIENCE * WANTED.hours
    at_a_look = EARLY / looks / len(METRICS)
    assert math.isclose(at_a_look * looks * len(METRICS) + (WRONG - EARLY), WRONG)
    assert pytest.approx(0.05) == WRONG


@pytest.mark.parametrize("sessions", [10, 60])
def test_of_versions_that_are_as_good_few_go_back(sessions: int) -> None:
    found = [play(Case("", sessions, {}), seed).decision for seed in range(60)]
    assert found.count("back") <= 3  # 5 of 100 would be at most what is accepted


@pytest.mark.parametrize(
    ("sessions", "metric", "level", "least"),
    [
        (50, "journey_completion", 0.6, 38),
        (50, "accuracy", 0.7, 38),
        (50, "error_rate", 0.15, 36),
        (50, "cost_per_task", 2.0, 36),
    ],
)
def test_of_versions_that_are_worse_most_go_back(
    sessions: int, metric: str, level: float, least: int
) -> None:
    assert level != BASE[metric]
    found = [play(Case("", sessions, {metric: level}), seed) for seed in range(40)]
    assert sum(each.decision == "back" for each in found) >= least
    early = sorted(each.hours for each in found)[20]
    assert early < 24, "most of them before their hours are over"
    assert HOUR == 3600
