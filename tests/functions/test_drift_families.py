"""The detector on one agent of each family of the benchmark, and on the best known of all series with a change."""

import pytest

from benchmarks.drift_series import CALM_HOURS, FAMILIES, START, Family
from functions.drift_monitor.detect.baseline import given
from functions.drift_monitor.detect.memory import Memory
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import HOUR, Sample
from tests.functions.drift_runs import MONDAY, alarms, run

CHANGE = CALM_HOURS + 50
# The seed of each family's agent, and the hours in which its change was found when this was written. In eight weeks of
# accuracy alone one agent in ten or so alarms for nothing (docs/drift.md); these are agents that did not.
AGENTS = {
    "step": (6, 51),
    "step-high": (3, 46),
    "step-low": (7, 74),
    "step-large": (4, 13),
    "graded": (5, 17),
    "ramp": (4, 64),
    "wandering": (5, 22),
    "seasonal": (7, 88),
    "missing": (3, 41),
    "sparse": (5, 71),
    "near-constant": (3, 3),
    "burst": (3, 5),
    "bad-hours": (6, 48),
    "cost": (3, 27),
    "cost-nightly": (5, 38),
    "completion": (3, 36),
    "override": (3, 24),
}

# The Nile's flow at Aswan, 1871 to 1970, in 10^8 m3: it fell in 1898 (Cobb 1978). Public domain, as in every
# statistics package.
NILE = [
    *(
        1120,
        1160,
        963,
        1210,
        1160,
        1160,
        813,
        1230,
        1370,
        1140,
        995,
        935,
        1110,
        994,
        1020,
        960,
        1180,
        799,
        958,
        1140,
    ),
    *(
        1100,
        1210,
        1150,
        1250,
        1260,
        1220,
        1030,
        1100,
        774,
        840,
        874,
        694,
        940,
        833,
        701,
        916,
        692,
        1020,
        1050,
        969,
    ),
    *(831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759),
    *(781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890),
    *(744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740),
]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_change_is_found_in_time_and_nothing_before_it(family: Family) -> None:
    seed, slowest = AGENTS[family.name]
    found = alarms(run(family.series(seed, 8, CHANGE), family.metric))
    assert 0 < found[0].time - (START + CHANGE * HOUR) <= slowest * HOUR


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_same_agent_left_alone_stays_quiet(family: Family) -> None:
    assert alarms(run(family.series(AGENTS[family.name][0], 8, None), family.metric)) == []


def test_the_niles_fall_is_found() -> None:
    """Read backwards it rises, which is worse for a cost: from 1970 on, with a baseline from the last thirty years."""
    cost = METRICS["cost_per_task"]
    years = NILE[::-1]
    mean = sum(years[:30]) / 30
    noise = 20 * sum((year / mean - 1) ** 2 for year in years[:30]) / 30
    samples = [Sample(MONDAY + place * HOUR, 20, 20.0 * flow) for place, flow in enumerate(years)]
    found = alarms(run(samples, cost, Memory.of(given(cost, "", mean, 600, noise), MONDAY)))
    (alarm,) = found
    assert 1970 - (alarm.time - HOUR - MONDAY) // HOUR == 1893
    assert alarm.reason == (
        "cost per task 1,168 over 120 tasks since Thu 1 Oct 00:00 UTC, baseline 863 ± 104 (600 tasks)"
    )
