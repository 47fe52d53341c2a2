"""The period a question is about: from when, up to when, and which days' records that takes."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_BACK = re.compile(r"([1-9][0-9]{0,4})([dhm])")
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_FORMS = "a day (2026-11-01), a time in UTC (2026-11-01T08:30) or how long ago (7d, 12h, 30m)"


class PeriodError(Exception):
    """That is not a period. The text says what would be."""


@dataclass(frozen=True)
class Period:
    """From a moment, which belongs to it, up to another, which does not."""

    since: datetime
    until: datetime

    @classmethod
    def read(cls, since: str, until: str | None, now: datetime) -> "Period":
        """Read what a person wrote; a day given as the end belongs to the period. Raises PeriodError."""
        first = _moment("--since", since, now)
        last = now if until is None else _moment("--until", until, now)
        if until is not None and re.fullmatch(r"\d{4}-\d\d-\d\d", until):
            last += timedelta(days=1)
        if first >= last:
            raise PeriodError(
                f"the period would begin at {_text(first)} and end before that, at {_text(last)}"
            )
        return cls(first, last)

    def widened(self, by: timedelta) -> "Period":
        """Return it with so much more at either end."""
        return Period(self.since - by, self.until + by)

    def parameters(self) -> dict[str, str]:
        """Return what queries are given of it."""
        day = timedelta(days=1)
        return {
            "since": _text(self.since),
            "until": _text(self.until),
            "first_day": f"{self.since - day:%Y-%m-%d}",
            "last_day": f"{self.until + day:%Y-%m-%d}",
        }

    def __str__(self) -> str:
        return f"{_text(self.since)} to {_text(self.until)} UTC"


def _moment(option: str, text: str, now: datetime) -> datetime:
    if back := _BACK.fullmatch(text):
        return now - timedelta(**{_UNITS[back[2]]: int(back[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PeriodError(f"{option} {text}: give {_FORMS}") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise PeriodError(f"{option} {text}: no record is of the year {moment.year}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _text(moment: datetime) -> str:
    """A moment without a zone: such a text sorts before that moment's in any form the records have."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
