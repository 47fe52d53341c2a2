"""What every command that writes files does in the end: check, show the lines, ask, write, say what is next."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from rich.markup import escape

from corral.cli.project import agreed, console, say_no, show_errors
from corral.scaffold.files import CannotWriteError, Change, write
from corral.scaffold.yaml_text import CannotEditError
from corral.spec.errors import SpecErrors
from corral.spec.source import pretending, shown_path

if TYPE_CHECKING:
    from corral.spec.load import Environment

T = TypeVar("T")
_MOST_SHOWN = 200  # lines of one file


def prepared(work: Callable[[], T], path: str) -> T:
    """What an edit comes to. Ends with 1 when the file cannot be read or edited."""
    try:
        return work()
    except CannotWriteError as error:
        say_no(str(error))
    except CannotEditError as error:
        say_no(f"{path}: {error}. Nothing was written: make the edit by hand")


def checked(root: Path, folder: Path, changes: Sequence[Change], as_json: bool) -> "Environment":
    """The environment as it will be. Shows what would be wrong with it and ends with 1; nothing is written."""
    from corral.scaffold.check import environment_with, pretended

    try:
        return environment_with(folder, changes)
    except SpecErrors as errors:
        if as_json:
            found = [asdict(error) for error in errors.errors]
            typer.echo(json.dumps({"written": False, "errors": found}, indent=2))
        else:
            with pretending(pretended(changes)):
                show_errors(errors, root)
            console.print("Nothing was written.")
        raise typer.Exit(1) from None


def show(root: Path, changes: Sequence[Change]) -> None:
    """Print the lines that come and go."""
    for change in changes:
        lines = change.diff(root)
        for line in lines[:_MOST_SHOWN]:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
            bold = "bold" if line.startswith(("+++", "---")) else style
            console.print(f"[{bold}]{escape(line)}[/{bold}]", highlight=False)
        if len(lines) > _MOST_SHOWN:
            console.print(f"[dim]... {len(lines) - _MOST_SHOWN:,} more lines[/dim]", highlight=False)
        console.print()


def confirm(question: str, yes: bool) -> None:
    """Ask, unless told not to. Ends with 1 for a no, with 2 when nobody is there to answer."""
    if yes:
        return
    if not agreed(question, default=True):
        console.print("Nothing was written.")
        raise typer.Exit(1)


def put_down(
    root: Path,
    changes: Sequence[Change],
    command: str,
    yes: bool,
    as_json: bool,
    more: dict[str, Any] | None = None,
    then: str = "",
    shown: bool = False,
) -> None:
    """Show (unless for a script, or shown before), ask, write; then say what is next and what comes of it."""
    if as_json and not yes:
        say_no("--json asks nothing: give --yes as well", 2)
    if not as_json and not shown:
        show(root, changes)
    count = len(changes)
    confirm("Write these lines?" if count == 1 else f"Write these {count} files?", yes)
    try:
        write(changes, root)
    except CannotWriteError as error:
        say_no(str(error))
    if as_json:
        files = [
            {
                "path": shown_path(change.path, root),
                "new": change.before is None,
                "diff": "\n".join(change.diff(root)),
            }
            for change in changes
        ]
        typer.echo(json.dumps({"written": True, "files": files, "next": command, **(more or {})}, indent=2))
        return
    for change in changes:
        done = "written" if change.before is None else "changed"
        console.print(f"[green]{done}[/green] {escape(shown_path(change.path, root))}", highlight=False)
    console.print(f"next: [bold]{escape(command)}[/bold]", highlight=False)
    if then:
        console.print(escape(then), highlight=False)
