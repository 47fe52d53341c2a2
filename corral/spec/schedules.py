"""When a scheduled agent runs: AWS's rate and cron expressions, in UTC.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re

FORM = (
    'Allowed: "rate(1 day)" or "cron(0 7 ? * MON *)": minutes, hours, day of month, month, day of week, year.'
)
SHORTEST_MINUTES = 15  # an agent that runs more often than this is a loop, not a report
_TOO_OFTEN = f"it runs more often than every {SHORTEST_MINUTES} minutes"

_RATE = re.compile(r"rate\(([1-9][0-9]{0,3}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_DAYS = "SUN|MON|TUE|WED|THU|FRI|SAT"
_FIELDS = (  # name, lowest, highest, words, what else may stand there
    ("minutes", 0, 59, "", ""),
    ("hours", 0, 23, "", ""),
    ("day of month", 1, 31, "", r"\?|L|L-([1-9]|[12][0-9]|30)|([1-9]|[12][0-9]|3[01])W|LW"),
    ("month", 1, 12, _MONTHS, ""),
    ("day of week", 1, 7, _DAYS, r"\?|L|[1-7]L|[1-7]#[1-5]"),
    ("year", 1970, 2199, "", ""),
)


def schedule_problem(text: str) -> str | None:
    """Why a text is not a schedule, or None."""
    if rate := _RATE.fullmatch(text):
        count, unit, plural = int(rate[1]), rate[2], rate[3]
        if (count == 1) == bool(plural):
            return f'after {count} stands "{unit}{"s" * (count != 1)}"'
        if count * _MINUTES[unit] < SHORTEST_MINUTES:
            return _TOO_OFTEN
        return None
    cron = _CRON.fullmatch(text)
    if cron is None:
        return "it is neither a rate nor a cron expression"
    for (name, lowest, highest, words, special), value in zip(_FIELDS, cron.groups(), strict=True):
        if not (special and re.fullmatch(special, value)) and not all(
            _is_part(part, lowest, highest, words) for part in value.split(",")
        ):
            return f'"{value}" is no {name}'
    if (cron[3] == "?") == (cron[5] == "?"):
        return 'either the day of month or the day of week is "?"'
    if _too_dense(cron[1]):
        return _TOO_OFTEN
    return None


def _is_part(part: str, lowest: int, highest: int, words: str) -> bool:
    """Whether a part of a field is *, a value or a range, each with a step or without."""
    value = rf"[0-9]{{1,4}}|{words or '-'}"
    found = re.fullmatch(rf"(?:\*|({value})(?:-({value}))?)(?:/[1-9][0-9]{{0,3}})?", part)
    if found is None:
        return False
    numbers = [int(number) for number in found.groups() if number and number.isdigit()]
    return numbers == sorted(numbers) and all(lowest <= number <= highest for number in numbers)


def _too_dense(minutes: str) -> bool:
    """Whether two of an hour's minutes lie closer together than allowed."""
    due: set[int] = set()
    for part in minutes.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0-59" if span == "*" else span).partition("-")
        end = int(last) if last else 59 if step else int(first)
        due.update(range(int(first), end + 1, int(step or 1)))
    ordered = sorted(due)
    gaps = zip(ordered, [*ordered[1:], ordered[0] + 60], strict=True)
    return any(after - before < SHORTEST_MINUTES for before, after in gaps)
