"""The month of a report: what may be asked for, and what an amount comes to by its end."""

from datetime import UTC, datetime, timedelta

import pytest

from corral.audit.period import PeriodError
from corral.cost.month import Month

NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)


def test_without_one_it_is_the_present_month_so_far() -> None:
    month = Month.read(None, NOW)
    assert (str(month), month.over) == ("2026-11", False)
    assert (month.period.since, month.period.until) == (datetime(2026, 11, 1, tzinfo=UTC), NOW)
    assert month.expected(15.5) == pytest.approx(30), "15.5 days of 30 are over"


@pytest.mark.parametrize(("text", "days"), [("2026-10", 31), ("2024-02", 29), ("2025-12", 31)])
def test_a_month_that_is_over_is_a_whole_one(text: str, days: int) -> None:
    month = Month.read(text, NOW)
    assert month.period.until - month.period.since == timedelta(days=days)
    assert month.over
    assert month.expected(7) == pytest.approx(7)


def test_of_the_first_day_no_end_is_told() -> None:
    assert Month.read("2026-11", datetime(2026, 11, 1, 23, 59, tzinfo=UTC)).expected(1) is None
    assert Month.read("2026-11", datetime(2026, 11, 2, tzinfo=UTC)).expected(1) == pytest.approx(30)


@pytest.mark.parametrize("text", ["november", "2026-13", "2026-1", "26-11", "2026-11-01", "", "2026-00"])
def test_what_is_no_month_is_told(text: str) -> None:
    with pytest.raises(PeriodError, match="give YYYY-MM, such as 2026-11"):
        Month.read(text, NOW)


@pytest.mark.parametrize("text", ["2026-12", "2999-01"])
def test_a_month_to_come_is_told(text: str) -> None:
    with pytest.raises(PeriodError, match="has not begun; the present one is 2026-11"):
        Month.read(text, NOW)
