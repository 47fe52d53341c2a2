"""Asks for what a command was not told, when somebody is there to answer; else says which flags are missing."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import typer
from rich.markup import escape

from corral.cli.project import console, say_no
from corral.scaffold.answers import AnswerError

T = TypeVar("T")


class Asker:
    """Takes each value from a flag or a person. Without either it notes the flag; `settle` then ends with 2."""

    def __init__(self, silent: bool) -> None:
        self.somebody_there = sys.stdin.isatty() and not silent
        self._missing: list[str] = []

    def value(
        self,
        flag: str,
        given: str | None,
        check: Callable[[str], T],
        question: str,
        default: str | None = None,
        about: str = "",
    ) -> T | None:
        """The value of a flag, else the answer to a question, asked until it will do; None when missing.

        A default is taken without asking when nobody is there.
        """
        if given is None and not self.somebody_there:
            if default is None:
                self._missing.append(flag)
                return None
            given = default
        if given is not None:
            try:
                return check(given)
            except AnswerError as error:
                say_no(f"{flag.partition(' (')[0].partition('=')[0]}: {error}")
        if about:
            console.print(f"[dim]{escape(about)}[/dim]", highlight=False)
        while True:
            answer = typer.prompt(question, default=default, show_default=default not in (None, ""))
            try:
                return check(str(answer).strip())
            except AnswerError as error:
                console.print(f"[red]{escape(str(error))}[/red]", highlight=False)

    def choice(
        self,
        flag: str,
        given: str | None,
        check: Callable[[str], T],
        question: str,
        options: Sequence[tuple[str, str]],
        default: str | None = None,
    ) -> T | None:
        """The same with a numbered list of options and what each is; the number or the name is the answer."""
        if given is None and self.somebody_there:
            width = max((len(name) for name, _ in options), default=0)
            for number, (name, about) in enumerate(options, 1):
                console.print(
                    f"{number:>3}  {escape(name):<{width}}  [dim]{escape(about)}[/dim]", highlight=False
                )
        if given is not None:
            return self.value(flag, given, check, question)
        names = {str(number): name for number, (name, _) in enumerate(options, 1)}
        names |= {name: name for name, _ in options}  # a name that is a number is that name
        return self.value(flag, None, lambda answer: check(names.get(answer, answer)), question, default)

    def settle(self) -> None:
        """End with 2 when something is missing, and say in one line what."""
        if self._missing:
            say_no(f"missing: {', '.join(self._missing)}", 2)


def pairs(values: Sequence[str]) -> dict[str, str]:
    """`--set key=value` as a mapping. Ends with 2 for another form."""
    found: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key:
            say_no(f"--set {value!r} is not of the form key=value, such as --set level=2", 2)
        if key in found:
            say_no(f"--set {key} is there twice: each once", 2)
        found[key] = text
    return found


def sure(value: Any) -> Any:
    """A value after `settle`: there is none left that is missing."""
    assert value is not None
    return value
