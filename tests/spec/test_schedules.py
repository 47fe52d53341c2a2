"""Schedules: what AWS's scheduler takes, and no more often than an agent may run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.spec.schedules import SHORTEST_MINUTES, schedule_problem


@pytest.mark.parametrize(
    "text",
    [
        "rate(15 minutes)", "rate(1 hour)", "rate(2 hours)", "rate(1 day)", "rate(30 days)", "rate(9999 days)",
        "cron(0 7 ? * MON *)", "cron(0 7 * * ? *)", "cron(0 7 1 * ? *)", "cron(0 7 L * ? *)", "cron(0 7 L-3 * ? *)",
        "cron(0 7 15W * ? *)", "cron(0 7 LW * ? *)", "cron(0 7 ? * 6L *)", "cron(0 7 ? * L *)", "cron(0 7 ? * 2#1 *)",
        "cron(0 7 ? * MON-FRI *)", "cron(0 7 ? * 2-6 *)", "cron(0 7 ? * MON,WED,FRI *)", "cron(0 7 ? JAN-MAR MON *)",
        "cron(0 7 ? 1,4,7,10 MON 2027)", "cron(0 7 ? * MON 2027-2030)", "cron(0 */2 ? * * *)", "cron(0 8-18 ? * * *)",
        "cron(0,15,30,45 * ? * * *)", "cron(0/15 * ? * * *)", "cron(*/15 * ? * * *)", "cron(*/30 8-18/2 ? * * *)",
        "cron(59 23 31 12 ? 2199)", "cron(0 0 1 1 ? 1970)", "cron(5-50/15 * ? * * *)", "cron(0 7 1,15 * ? *)",
    ],
)  # fmt: skip
def test_good(text: str) -> None:
    assert schedule_problem(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "neither a rate nor a cron"),
        ("daily", "neither a rate nor a cron"),
        ("rate(1day)", "neither a rate nor a cron"),
        ("rate(0 days)", "neither a rate nor a cron"),
        ("rate(-1 days)", "neither a rate nor a cron"),
        ("rate(1.5 hours)", "neither a rate nor a cron"),
        ("rate(10000 days)", "neither a rate nor a cron"),
        ("rate(1 week)", "neither a rate nor a cron"),
        ("Rate(1 day)", "neither a rate nor a cron"),
        ("rate(1 day) ", "neither a rate nor a cron"),
        ("rate(1 day)\n", "neither a rate nor a cron"),
        ("rate(1  day)", "neither a rate nor a cron"),
        ("rate(\u0661 day)", "neither a rate nor a cron"),
        ("rate(1 days)", 'after 1 stands "day"'),
        ("rate(2 day)", 'after 2 stands "days"'),
        ("rate(14 minutes)", "more often than every 15 minutes"),
        ("rate(1 minute)", "more often than every 15 minutes"),
        ("cron(0 7 * * MON)", "neither a rate nor a cron"),
        ("cron(0 7 ? * MON * *)", "neither a rate nor a cron"),
        ("cron(0 7 ? * MON *", "neither a rate nor a cron"),
        ("0 7 ? * MON *", "neither a rate nor a cron"),
        ("cron(60 7 ? * MON *)", '"60" is no minutes'),
        ("cron(-1 7 ? * MON *)", '"-1" is no minutes'),
        ("cron(? 7 ? * MON *)", '"?" is no minutes'),
        ("cron(0/0 7 ? * MON *)", '"0/0" is no minutes'),
        ("cron(0 24 ? * MON *)", '"24" is no hours'),
        ("cron(0 7, ? * MON *)", '"7," is no hours'),
        ("cron(0 7 0 * ? *)", '"0" is no day of month'),
        ("cron(0 7 32 * ? *)", '"32" is no day of month'),
        ("cron(0 7 X * ? *)", '"X" is no day of month'),
        ("cron(0 7 1 13 ? *)", '"13" is no month'),
        ("cron(0 7 1 JANUARY ? *)", '"JANUARY" is no month'),
        ("cron(0 7 ? * 0 *)", '"0" is no day of week'),
        ("cron(0 7 ? * 8 *)", '"8" is no day of week'),
        ("cron(0 7 ? * MONDAY *)", '"MONDAY" is no day of week'),
        ("cron(0 7 ? * 2#6 *)", '"2#6" is no day of week'),
        ("cron(0 7 ? * MON 1969)", '"1969" is no year'),
        ("cron(0 7 ? * MON 2200)", '"2200" is no year'),
        ("cron(0 7 1 * MON *)", 'is "?"'),
        ("cron(0 7 ? * ? *)", 'is "?"'),
        ("cron(* 7 ? * MON *)", "more often than every 15 minutes"),
        ("cron(*/5 7 ? * MON *)", "more often than every 15 minutes"),
        ("cron(0,10 7 ? * MON *)", "more often than every 15 minutes"),
        ("cron(0-1 7 ? * MON *)", "more often than every 15 minutes"),
        ("cron(0,50 * ? * * *)", "more often than every 15 minutes"),
        ("cron(0/14 7 ? * MON *)", "more often than every 15 minutes"),
        ("cron(\u0661 7 ? * MON *)", '"\u0661" is no minutes'),
        (f"cron({'9' * 5000} 7 ? * MON *)", "is no minutes"),
        ("cron(30-10 7 ? * MON *)", '"30-10" is no minutes'),
        ("cron(0 7 ? * FRI-MON-SUN *)", '"FRI-MON-SUN" is no day of week'),
        ("cron(0 7 L-99 * ? *)", '"L-99" is no day of month'),
        ("cron(0 7 99W * ? *)", '"99W" is no day of month'),
    ],
)
def test_bad(text: str, problem: str) -> None:
    assert problem in (schedule_problem(text) or "nothing is wrong")


NUMBER = st.integers(0, 70).map(str)
PART = st.text("0123456789*?/,-#LWMONFRI", max_size=6) | st.lists(
    NUMBER | st.builds("{}-{}".format, NUMBER, NUMBER) | st.builds("{}/{}".format, NUMBER, NUMBER), max_size=3
).map(",".join)


@given(st.text(max_size=40) | st.tuples(*[PART] * 6).map(lambda parts: f"cron({' '.join(parts)})"))
def test_never_raises(text: str) -> None:
    problem = schedule_problem(text)
    assert problem is None or problem


@given(st.integers(0, 12000), st.sampled_from(["minute", "minutes", "hour", "hours", "day", "days"]))
def test_rates(count: int, unit: str) -> None:
    minutes = count * {"m": 1, "h": 60, "d": 1440}[unit[0]]
    good = 1 <= count <= 9999 and (count == 1) == (not unit.endswith("s")) and minutes >= SHORTEST_MINUTES
    assert (schedule_problem(f"rate({count} {unit})") is None) is good


@given(st.lists(st.integers(0, 59), min_size=1, max_size=4, unique=True))
def test_minutes_of_an_hour(minutes: list[int]) -> None:
    due = sorted(minutes)
    gaps = [after - before for before, after in zip(due, [*due[1:], due[0] + 60], strict=True)]
    good = min(gaps) >= SHORTEST_MINUTES
    assert (schedule_problem(f"cron({','.join(map(str, minutes))} * ? * * *)") is None) is good
