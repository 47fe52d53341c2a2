"""The detector's rules, one by one, on histories that are exact: softening any of its limits fails here."""

import json
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st

from functions.drift_monitor.detect.baseline import Activity, Baseline, given
from functions.drift_monitor.detect.detector import accept, advance, idle
from functions.drift_monitor.detect.evidence import changed, ratio, threshold
from functions.drift_monitor.detect.learn import NotEnoughError, learn, learn_activity
from functions.drift_monitor.detect.memory import Evaluation, Memory
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import DAY, HOUR, Sample, SampleError
from functions.drift_monitor.detect.season import learn_season
from tests.functions.drift_runs import ACCURACY, MONDAY, alarms, history_of, run, steady

WELL = given(ACCURACY, "7", 0.92, 5600)
COST, ERRORS = METRICS["cost_per_task"], METRICS["error_rate"]


def after(baseline: Baseline, samples: list[Sample]) -> list[Evaluation]:
    """What is said of samples beside a captured baseline, with no history to learn another from."""
    memory = Memory(since=MONDAY, version=baseline.version, baseline=baseline)
    return [advance(ACCURACY, memory, sample, lambda first, last: []) for sample in samples]


class TestMetrics:
    def test_false_alarms_of_the_six_stay_below_the_goal(self) -> None:
        assert sum(metric.false_alarms for metric in METRICS.values()) < 0.05
        assert METRICS["accuracy"].false_alarms == 0.02
        assert COST.false_alarms == 0.002
        assert {m.false_alarms for m in METRICS.values() if m not in (ACCURACY, COST)} == {0.004}

    @pytest.mark.parametrize(
        ("name", "level", "to"),
        [
            ("accuracy", 0.92, 0.87),
            ("context_relevance", 0.92, 0.87),
            ("journey_completion", 0.92, 0.87),
            ("accuracy", 0.06, 0.03),
            ("error_rate", 0.0, 0.02),
            ("error_rate", 0.01, 0.03),
            ("error_rate", 0.03, 0.06),
            ("error_rate", 0.2, 0.25),
            ("human_override_rate", 0.0, 0.02),
            ("human_override_rate", 0.03, 0.06),
            ("human_override_rate", 0.98, 0.99),
            ("cost_per_task", math.log(0.04), math.log(0.05)),
        ],
    )
    def test_what_change_matters(self, name: str, level: float, to: float) -> None:
        assert METRICS[name].change(level) == pytest.approx(to)

    def test_a_tolerance_is_a_share_of_the_baseline(self) -> None:
        assert replace(ACCURACY, tolerance=0.1).change(0.9) == pytest.approx(0.81)
        assert replace(COST, tolerance=0.5).change(0.0) == pytest.approx(math.log(1.5))

    def test_an_amount_is_not_judged_on_a_few(self) -> None:
        assert COST.block == 20


class TestEvidence:
    def test_it_is_the_logarithm_of_how_much_likelier_the_change_is(self) -> None:
        part = Sample(MONDAY, 10, 8.0)
        likelier = 8 * math.log(0.87 / 0.92) + 2 * math.log(0.13 / 0.08)
        assert ratio(ACCURACY, WELL, part) == pytest.approx(likelier)
        assert ratio(ACCURACY, replace(WELL, noise=2.0), part) == pytest.approx(likelier / 2)
        cost = given(COST, "", 1.0, 10**9, noise=0.5)
        part = Sample(MONDAY, 25, 25 * 1.3)
        mean, step = math.log(1.3) + 0.5 / 50, math.log(1.25)
        normal = [math.exp(-((mean - at) ** 2) / (2 * 0.5 / 25)) for at in (0.0, step)]
        assert ratio(COST, cost, part) == pytest.approx(math.log(normal[1] / normal[0]))

    def test_what_it_takes_grows_with_traffic_and_with_doubt(self) -> None:
        exact = replace(WELL, samples=10**9)
        weekly = 1400 * (0.92 * math.log(0.92 / 0.87) + 0.08 * math.log(0.08 / 0.13))
        assert threshold(ACCURACY, exact) == pytest.approx(math.log(weekly / 0.02), abs=1e-3)
        doubt = math.log(weekly / 0.02) * math.sqrt(0.92 * 0.08 / 5600) / 0.025
        assert threshold(ACCURACY, WELL) == pytest.approx(math.log(weekly / 0.02) + doubt**2 / 2, abs=1e-3)
        busy = Activity(14000 / 168, (1.0,) * 24, (1.0,) * 7, 1.0)
        more = threshold(ACCURACY, replace(exact, activity=busy)) - threshold(ACCURACY, exact)
        assert more == pytest.approx(math.log(10))

    def test_an_uncertain_baseline_shows_only_large_changes(self) -> None:
        error = math.sqrt(0.92 * 0.08 / 200)
        assert changed(ACCURACY, replace(WELL, samples=200), 0.92) == pytest.approx(0.92 - 4 * error)
        assert changed(ACCURACY, WELL, 0.92) == pytest.approx(0.87)

    def test_a_perfect_record_does_not_make_one_failure_impossible(self) -> None:
        perfect = given(ACCURACY, "7", 1.0, 100_000)
        likelier = 9 * math.log(0.945 / 0.995) + math.log(0.055 / 0.005)
        assert ratio(ACCURACY, perfect, Sample(MONDAY, 10, 9.0)) == pytest.approx(likelier)


class TestAlarm:
    def test_the_worst_of_hours_alarms_with_the_third_in_a_row(self) -> None:
        assert [e.state for e in after(WELL, steady(3, 1000, 0.0))] == ["quiet", "watch", "drift"]
        assert [e.score for e in after(WELL, steady(3, 1000, 0.0))] == [0.4, 0.8, 1.2]

    def test_two_bad_hours_between_good_ones_do_not(self) -> None:
        hours = [*steady(2, 1000, 0.0), *steady(1, 1000, 0.95, start=2), *steady(1, 1000, 0.0, start=3)]
        assert alarms(after(WELL, hours)) == []

    def test_one_good_hour_does_not_wipe_bad_ones_out(self) -> None:
        assert after(WELL, [*steady(2, 1000, 0.0), *steady(1, 1000, 1.0, start=2)])[-1].score == 0.4

    def test_it_ends_when_half_the_evidence_is_gone_and_not_before(self) -> None:
        said = after(WELL, [*steady(9, 1000, 0.0), *steady(4, 1000, 1.0, start=9)])
        assert [e.state for e in said[-5:]] == ["drift", "drift", "drift", "better", "better"]
        assert [e.score for e in said[-5:]] == [1.5, 1.1, 1.0, 0.3, 0.0]

    def test_a_change_half_as_large_as_matters_is_no_drift(self) -> None:
        assert {e.state for e in after(WELL, steady(1000, 8, 0.9))} == {"quiet"}
        assert alarms(after(WELL, steady(1000, 8, 0.885)))

    def test_the_change_that_matters_is_found_as_soon_as_its_evidence_adds_up(self) -> None:
        hourly = 8 * (0.87 * math.log(0.87 / 0.92) + 0.13 * math.log(0.13 / 0.08))
        (alarm,) = alarms(after(WELL, steady(200, 8, 0.87)))
        assert alarm.time == MONDAY + math.ceil(threshold(ACCURACY, WELL) / hourly) * HOUR

    def test_the_reason_has_the_numbers(self) -> None:
        said = after(WELL, [*steady(2, 8, 1.0), *steady(50, 8, 0.8625, start=2)])
        assert said[-1].reason == (
            "accuracy 0.86 over 400 sessions since Mon 28 Sep 02:00 UTC, baseline 0.92 ± 0.028 "
            "(version 7, 5,600 sessions)"
        )
        assert said[0].reason == "accuracy as its baseline 0.92 (version 7, 5,600 sessions)"

    def test_better_is_said_and_is_no_alarm(self) -> None:
        said = after(WELL, steady(200, 8, 0.98))
        assert (said[-1].state, said[-1].alarm) == ("better", False)
        assert "better than its baseline" in said[-1].reason

    def test_a_rate_that_cannot_get_worse_never_alarms(self) -> None:
        assert alarms(after(given(ACCURACY, "7", 0.0, 5600), steady(500, 8, 0.0))) == []


class TestSilence:
    ACTIVE = replace(WELL, activity=Activity(8.0, (1.0,) * 24, (1.0,) * 7, 1.0))

    def said(self, baseline: Baseline, hours: int) -> Evaluation:
        memory = Memory(since=MONDAY, version="7", baseline=baseline)
        advance(ACCURACY, memory, Sample(MONDAY, 8, 8.0, "7"), lambda first, last: [])
        return idle(ACCURACY, memory, MONDAY + (hours + 1) * HOUR)

    def test_twenty_that_did_not_come_in_three_hours_are_silence(self) -> None:
        assert self.said(self.ACTIVE, 2).state == "quiet"
        silent = self.said(self.ACTIVE, 3)
        assert (silent.state, silent.alarm, silent.score) == ("silent", True, 1.0)
        assert silent.reason == (
            "no sessions measured for accuracy since Mon 28 Sep 01:00 UTC, 3 h ago; usually there are 24 in that time"
        )

    def test_an_agent_that_is_seldom_asked_may_be_silent_for_longer(self) -> None:
        seldom = replace(WELL, activity=Activity(0.5, (1.0,) * 24, (1.0,) * 7, 1.0))
        assert [self.said(seldom, hours).state for hours in (39, 40)] == ["quiet", "silent"]

    def test_a_gap_that_the_baseline_knows_is_none(self) -> None:
        gaps = replace(WELL, activity=Activity(8.0, (1.0,) * 24, (1.0,) * 7, 13.0))
        assert [self.said(gaps, hours).state for hours in (17, 18)] == ["quiet", "silent"]

    def test_a_quiet_night_is_none(self) -> None:
        office = tuple(0.0 if hour < 9 else 1.6 for hour in range(24))
        nightly = replace(WELL, activity=Activity(8.0, office, (1.0,) * 7, 1.0))
        assert [self.said(nightly, hours).state for hours in (8, 9, 10)] == ["quiet", "quiet", "silent"]


class TestLearning:
    def test_it_takes_seven_days_and_two_hundred(self) -> None:
        assert (
            run(steady(167, 8, 0.92))[-1].reason == "learning its baseline: 200 of 200 sessions, 6 of 7 days"
        )
        assert run(steady(200, 1, 1.0))[198].state == "learning"
        for hours, count in ((167, 8), (199, 1)):
            with pytest.raises(NotEnoughError):
                learn(ACCURACY, steady(hours, count, 0.5))
        assert learn(ACCURACY, steady(200, 1, 1.0)).samples == 200
        assert learn(ACCURACY, steady(168, 8, 0.5)).days == 7

    def test_it_learns_again_from_two_four_and_eight_weeks(self) -> None:
        memory, samples, learned = Memory(), steady(70 * 24, 8, 0.92), []
        for sample in samples:
            advance(ACCURACY, memory, sample, history_of(samples))
            if memory.baseline and memory.baseline.days not in learned:
                learned.append(memory.baseline.days)
        assert learned == [7, 14, 28, 56]

    def test_a_level_that_creeps_is_not_learned(self) -> None:
        """Half a point a day: each week alone looks like the one before."""
        samples = [
            Sample(MONDAY + hour * HOUR, 8, 8 * max(0.7, 0.92 - max(0, hour - 168) / 24 * 0.005))
            for hour in range(56 * 24)
        ]
        assert alarms(run(samples))[0].time < MONDAY + 28 * DAY

    def test_a_captured_baseline_is_not_given_up_for_another_level(self) -> None:
        memory = Memory.of(WELL, MONDAY)
        assert alarms(run(steady(60 * 24, 8, 0.905), memory=memory)) == []
        assert memory.baseline is WELL

    def test_a_captured_baseline_is_learned_anew_where_history_agrees(self) -> None:
        memory = Memory.of(WELL, MONDAY)
        run(steady(8 * 24, 8, 0.916), memory=memory)
        assert memory.baseline is not None
        assert (memory.baseline.source, memory.baseline.days) == ("learned", 7)

    def test_what_may_be_a_change_is_not_learned(self) -> None:
        memory = Memory()
        run([*steady(13 * 24, 8, 0.92), *steady(26, 8, 0.89, start=13 * 24)], memory=memory)
        assert memory.baseline is not None
        assert memory.baseline.level == pytest.approx(0.92)

    def test_an_hour_of_the_week_is_learned_only_when_it_shows(self) -> None:
        night = [
            Sample(MONDAY + h * HOUR, 40, 40 * (0.8 if h % 24 < 6 else 0.9) + (1 if h % 2 else -1))
            for h in range(28 * 24)
        ]
        learned = learn(ACCURACY, night)
        assert learned.expected(ACCURACY, night[0]) == pytest.approx(0.8, abs=0.03)
        assert learned.expected(ACCURACY, night[12]) == pytest.approx(0.9, abs=0.03)
        assert learn(ACCURACY, night[: 13 * 24 - 1]).season.hours == ()
        assert learn(ACCURACY, night[: 14 * 24]).season.hours
        flat = [Sample(MONDAY + h * HOUR, 40, 36.0 + (h * 7 % 5) - 2) for h in range(28 * 24)]
        assert learn(ACCURACY, flat).season.hours == ()

    @pytest.mark.parametrize(("ratio", "shows"), [(1.65, False), (2.3, True)])
    def test_hours_have_to_differ_clearly_more_than_chance_has_them_differ(
        self, ratio: float, shows: bool
    ) -> None:
        """`ratio`: the variance between hours by that within them, which is 1.9 where three deviations are passed."""
        samples = [Sample(MONDAY + h * HOUR, 1, 0.5) for h in range(14 * 24)]
        effect = math.sqrt(ratio * 23 / (14 * 24 - 24))
        left = [effect * (1 if h % 2 else -1) + (1 if h // 24 % 2 else -1) for h in range(14 * 24)]
        assert bool(learn_season(samples, left).hours) == shows

    def test_few_blocks_are_believed_by_halves_and_a_burst_counts_as_four_deviations(self) -> None:
        """Hours that lie by ten times a coin's variance from the mean, then two of them by forty."""
        half = [Sample(MONDAY + h * HOUR, 40, 30.0 if h % 2 else 10.0) for h in range(168)]
        assert learn(ACCURACY, half).noise == pytest.approx((168 * 10 + 20) / (167 + 20))
        burst = [*half[:48], Sample(half[48].time, 40, 0.0), Sample(half[49].time, 40, 40.0), *half[50:]]
        assert learn(ACCURACY, burst).noise == pytest.approx((166 * 10 + 2 * 16 + 20) / (167 + 20))

    def test_noise_is_a_coins_for_yes_and_no_and_less_only_for_scores(self) -> None:
        assert learn(ACCURACY, steady(672, 10, 0.9)).noise == 1.0
        assert learn(ACCURACY, steady(672, 10, 0.91234)).noise == 0.05
        rng = random.Random(1)
        swings = [Sample(MONDAY + h * HOUR, 10, rng.choice((6.0, 10.0))) for h in range(672)]
        assert learn(ACCURACY, swings).noise == pytest.approx(2.5, rel=0.1)

    def test_days_that_differ_make_it_slower(self) -> None:
        """Hours alone would not show it."""
        days = [Sample(MONDAY + h * HOUR, 10, 10.0 if h // 24 % 2 else 8.0) for h in range(672)]
        assert learn(ACCURACY, days).noise > 8

    def test_costs_that_are_all_alike_leave_room_for_some_noise(self) -> None:
        assert learn(COST, steady(672, 20, 0.05)).noise == pytest.approx(0.0025)

    def test_accepting_the_agent_as_it_is_forgets_the_old_baseline(self) -> None:
        memory = Memory()
        samples = [*steady(28 * 24, 8, 0.92), *steady(28 * 24, 8, 0.8, start=28 * 24)]
        early, late = samples[: 32 * 24], samples[32 * 24 :]
        assert alarms(run(early, memory=memory))
        accept(memory, late[0].time)
        assert memory.baseline is None
        assert alarms([advance(ACCURACY, memory, s, history_of(samples)) for s in late]) == []
        assert memory.baseline is not None
        assert memory.baseline.level == pytest.approx(0.8)

    def test_accepting_what_is_as_ever_learns_from_here_on(self) -> None:
        memory = Memory()
        run(steady(10 * 24, 8, 0.92), memory=memory)
        accept(memory, MONDAY + 10 * DAY)
        assert (memory.since, memory.accepted, memory.baseline) == (
            MONDAY + 10 * DAY,
            MONDAY + 10 * DAY,
            None,
        )

    def test_accepting_a_version_that_is_compared_learns_from_its_first_hour_on(self) -> None:
        memory, new = Memory(), steady(24, 8, 0.6, start=10 * 24, version="8")
        run([*steady(10 * 24, 8, 0.92, version="7"), *new], memory=memory)
        accept(memory, MONDAY + 20 * DAY)
        assert memory.since == MONDAY + 10 * DAY


class TestVersions:
    BEFORE = steady(28 * 24, 8, 0.92, version="7")

    def test_a_worse_version_alarms_once_with_both_versions_named(self) -> None:
        said = run([*self.BEFORE, *steady(10 * 24, 8, 0.6, start=28 * 24, version="8")])
        (alarm,) = alarms(said)
        assert alarm.time == MONDAY + 29 * DAY
        assert alarm.reason.startswith("version 8 beside version 7: accuracy 0.60 over 192 sessions")
        assert said[-1].state == "drift"

    def test_it_is_not_judged_before_a_day_and_a_hundred(self) -> None:
        few = run([*self.BEFORE, *steady(60, 2, 0.0, start=28 * 24, version="8")])
        assert alarms(few)[0].time == MONDAY + 28 * DAY + 50 * HOUR
        held = few[28 * 24 + 20]
        assert (held.state, held.score) == ("comparing", 0.99)

    def test_one_as_good_gets_a_baseline_of_its_own(self) -> None:
        memory = Memory()
        said = run([*self.BEFORE, *steady(9 * 24, 8, 0.93, start=28 * 24, version="8")], memory=memory)
        assert {e.state for e in said[28 * 24 : 35 * 24 - 1]} == {"comparing"}
        assert said[-1].state == "quiet"
        assert memory.baseline is not None
        assert (memory.baseline.version, round(memory.baseline.level, 3)) == ("8", 0.93)

    def test_daily_versions_are_compared_together(self) -> None:
        daily = [Sample(MONDAY + (28 * 24 + h) * HOUR, 8, 8 * 0.88, str(8 + h // 24)) for h in range(5 * 24)]
        (alarm,) = alarms(after(WELL, daily))
        assert alarm.time > MONDAY + 31 * DAY

    def test_a_version_after_a_worse_one_is_compared_anew(self) -> None:
        worse = steady(3 * 24, 8, 0.6, start=28 * 24, version="8")
        fixed = steady(2 * 24, 8, 0.92, start=31 * 24, version="9")
        said = run([*self.BEFORE, *worse, *fixed])
        assert {e.state for e in said[31 * 24 :]} == {"comparing"}

    def test_back_at_the_version_of_the_baseline_there_is_nothing_to_compare(self) -> None:
        worse = steady(3 * 24, 8, 0.6, start=28 * 24, version="8")
        back = steady(2 * 24, 8, 0.92, start=31 * 24, version="7")
        assert {e.state for e in run([*self.BEFORE, *worse, *back])[31 * 24 :]} == {"quiet"}


class TestSamples:
    @pytest.mark.parametrize(
        ("metric", "sample", "message"),
        [
            (ACCURACY, Sample(MONDAY, 0, 0.0), "leave out an hour without any"),
            (ACCURACY, Sample(MONDAY, 10, 11.0), "accuracy of 1.1: a rate lies between 0 and 1"),
            (ACCURACY, Sample(MONDAY, 10, -1.0), "lies between 0 and 1"),
            (COST, Sample(MONDAY, 10, 0.0), "must be more than 0"),
        ],
    )
    def test_one_that_cannot_be_is_refused(self, metric, sample, message) -> None:  # type: ignore[no-untyped-def]
        with pytest.raises(SampleError, match=message):
            advance(metric, Memory(), sample, lambda first, last: [])

    def test_one_that_is_not_later_is_refused(self) -> None:
        with pytest.raises(
            ValueError, match=r"a sample of Mon 28 Sep 00:00 UTC after one of Mon 28 Sep 00:00 UTC"
        ):
            run([*steady(1, 8, 1.0), *steady(1, 8, 1.0)])

    @pytest.mark.parametrize(
        ("metric", "mean", "samples", "message"),
        [
            (ACCURACY, 1.2, 5, "between 0 and 1"),
            (COST, 0.0, 5, "more than 0"),
            (ACCURACY, 0.9, 0, "1 or more"),
        ],
    )
    def test_a_baseline_that_cannot_be_is_refused(self, metric, mean, samples, message) -> None:  # type: ignore[no-untyped-def]
        with pytest.raises(ValueError, match=message):
            given(metric, "1", mean, samples)


@settings(max_examples=40, deadline=None)
@generated(
    st.lists(st.tuples(st.integers(1, 30), st.floats(0, 1), st.integers(1, 30)), min_size=1, max_size=80),
    st.sampled_from(["accuracy", "error_rate", "cost_per_task"]),
)
def test_whatever_comes_a_pass_can_be_put_down_and_taken_up_again(
    hours: list[tuple[int, float, int]], name: str
) -> None:
    metric, time, samples = METRICS[name], MONDAY, []
    for count, mean, gap in hours:
        time += gap * HOUR
        samples.append(Sample(time, count, count * (mean + 0.01 if name == "cost_per_task" else mean), "1"))
    straight, kept = Memory(), Memory()
    for sample in samples:
        one = advance(metric, straight, sample, history_of(samples))
        kept = Memory.from_json(json.loads(json.dumps(kept.to_json())))
        assert advance(metric, kept, sample, history_of(samples)) == one
        assert 0 <= one.score <= 1.5
        assert one.alarm is (one.score >= 1)
    assert kept == straight


def test_activity_knows_hours_and_weekdays() -> None:
    office = [
        Sample(MONDAY + h * HOUR, 10, 10.0) for h in range(28 * 24) if 9 <= h % 24 < 17 and h // 24 % 7 < 5
    ]
    activity = learn_activity(office)
    assert activity.expected(MONDAY + 28 * DAY, MONDAY + 35 * DAY) == pytest.approx(400, rel=0.05)
    assert activity.expected(MONDAY + 5 * DAY, MONDAY + 7 * DAY) == 0
    assert activity.longest_gap_hours == 65
