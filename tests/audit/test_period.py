"""The period a person writes, and what queries are given of it."""

from datetime import UTC, datetime

import pytest

from corral.audit.period import Period, PeriodError

NOW = datetime(2026, 11, 24, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("7d", None, "2026-11-17T12:30:15", "2026-11-24T12:30:15"),
        ("12h", "2h", "2026-11-24T00:30:15", "2026-11-24T10:30:15"),
        ("2026-11-01", "2026-11-02", "2026-11-01T00:00:00", "2026-11-03T00:00:00"),
        ("2026-11-01T08:30", "2026-11-01T09:30+01:00", None, None),
        ("2026-11-01T08:30", "2026-11-01T10:00+01:00", "2026-11-01T08:30:00", "2026-11-01T09:00:00"),
    ],
)
def test_ways_to_write_it(since: str, until: str | None, first: str | None, last: str | None) -> None:
    if first is None:
        with pytest.raises(PeriodError, match="end before that"):
            Period.read(since, until, NOW)
        return
    parameters = Period.read(since, until, NOW).parameters()
    assert (parameters["since"], parameters["until"]) == (first, last)


def test_a_day_more_is_read_at_either_end() -> None:
    parameters = Period.read("2026-11-01", "2026-11-02", NOW).parameters()
    assert (parameters["first_day"], parameters["last_day"]) == ("2026-10-31", "2026-11-04")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "7", "7w", "0d", "2026-13-01", "1066-10-14", "9999-12-31", "-1d"]
)
def test_what_is_no_moment_is_told_what_one_is(text: str) -> None:
    with pytest.raises(PeriodError, match=r"--since .*: (give a day|no record is of the year)"):
        Period.read(text, None, NOW)
    with pytest.raises(PeriodError, match="--until"):
        Period.read("7d", text, NOW)
