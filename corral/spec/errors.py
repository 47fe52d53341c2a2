"""What is wrong in an environment's files: one error a mistake, all at once, each with file and line."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MAX_SHOWN = 60  # characters of a value, or names of a list, that a message repeats


@dataclass(frozen=True)
class SpecError:
    """One mistake. `path` is relative to the project. Lines and columns start at 1; None: the whole file."""

    path: str
    line: int | None
    column: int | None
    message: str
    hint: str = ""

    @property
    def text(self) -> str:
        """What is wrong, then what is allowed."""
        message = self.message.rstrip(".")
        return f"{message}. {self.hint}" if self.hint else f"{message}."

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}:{self.column}"
        return f"{place}: {self.text}"


class SpecErrors(Exception):  # noqa: N818 - it holds many
    """Everything that is wrong; `str()` is the whole readable report."""

    def __init__(self, errors: Iterable[SpecError]) -> None:
        self.errors = sorted(set(errors), key=lambda e: (e.path, e.line or 0, e.column or 0, e.message))
        super().__init__(self.errors)

    def __str__(self) -> str:
        count = len(self.errors)
        return "\n".join([f"{count} error{'' if count == 1 else 's'}", *map(str, self.errors)])


def show(value: Any) -> str:
    """A value as a message repeats it: short, on one line, text in quotes."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 4]}...{text[-1]}"


def listed(names: Iterable[object]) -> str:
    """Names, sorted, as a message lists them."""
    known = sorted(map(str, names))
    more = f" and {len(known) - MAX_SHOWN} more" if len(known) > MAX_SHOWN else ""
    return ", ".join(known[:MAX_SHOWN]) + more if known else "none"


def suggestion(name: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, or nothing when no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1) if len(name) <= MAX_SHOWN else []
    return f' Did you mean "{near[0]}"?' if near else ""


def unknown(kind: str, name: str, known: Iterable[str]) -> tuple[str, str]:
    """Message and hint for a name that nothing answers to."""
    names = list(known)
    return f"unknown {kind} {show(name)}", f"Known: {listed(names)}.{suggestion(name, names)}"
