"""The calendar month, in UTC, that a report is about."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from corral.audit.period import Period, PeriodError

_FORM = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")
_LEAST = timedelta(days=1)  # of a month, for its end to be told from it


@dataclass(frozen=True)
class Month:
    """A month up to a moment of it, or all of it."""

    year: int
    month: int
    period: Period

    @classmethod
    def read(cls, text: str | None, now: datetime) -> "Month":
        """Read YYYY-MM; None is the month of `now`. Raises PeriodError."""
        found = _FORM.fullmatch(text if text is not None else f"{now:%Y-%m}")
        if found is None:
            raise PeriodError(f"--month {text}: give YYYY-MM, such as {now:%Y-%m}")
        year, month = int(found[1]), int(found[2])
        began = datetime(year, month, 1, tzinfo=UTC)
        if began >= now:
            raise PeriodError(f"--month {text}: it has not begun; the present one is {now:%Y-%m}")
        return cls(year, month, Period(began, min(now, began + timedelta(days=cls.days_of(year, month)))))

    @staticmethod
    def days_of(year: int, month: int) -> int:
        """How many days a month has."""
        return calendar.monthrange(year, month)[1]

    @property
    def whole(self) -> timedelta:
        """How long all of it is."""
        return timedelta(days=self.days_of(self.year, self.month))

    @property
    def over(self) -> bool:
        """Whether all of it is past."""
        return self.period.until - self.period.since == self.whole

    def expected(self, so_far: float) -> float | None:
        """Return what an amount comes to by the month's end if it goes on evenly; None on the first day."""
        passed = self.period.until - self.period.since
        return None if passed < _LEAST else so_far * (self.whole / passed)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"
