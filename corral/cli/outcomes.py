"""What the screen shows of a deployment's stacks: a line each, what changed, what went wrong and where."""

from collections.abc import Sequence

from rich.markup import escape
from rich.text import Text

from corral.cli.project import console
from corral.deployment.outcome import Change, Outcome, Problem
from corral.deployment.stacks import Action

_SIGNS = {
    "created": "[green]+[/green]",
    "updated": "[yellow]~[/yellow]",
    "replaced": "[magenta]±[/magenta]",
    "deleted": "[red]-[/red]",
}
_WOULD = {
    "created": "create",
    "updated": "update",
    "replaced": "replace",
    "deleted": "delete",
    "unchanged": "leave",
}
_MARKS = {"done": "[green]✓[/green]", "failed": "[red]✗[/red]", "skipped": "[dim]-[/dim]"}
_MOST_LISTED = 20  # of what is created or deleted: more is a stack's whole, which its count tells as well


def show(outcomes: Sequence[Outcome], action: Action, seconds: float, verbose: bool) -> None:
    """Print all of it, what was not done last."""
    for outcome in outcomes:
        _say(_headline(outcome, action))
        for what in _SIGNS:
            _changes([change for change in outcome.changes if change.what == what], verbose)
        if outcome.deprecated:
            _say(f"deprecated in the registry: {escape(', '.join(outcome.deprecated))}", 4)
        for problem in outcome.problems:
            _problem(problem)
    failed = [outcome.stack for outcome in outcomes if outcome.state == "failed"]
    skipped = sum(outcome.state == "skipped" for outcome in outcomes)
    said = [f"[red]failed: {', '.join(failed)}[/red]"] if failed else []
    said += [f"not begun: {skipped}"] if skipped else []
    _say("  ".join((*said, f"[dim]{seconds:.1f} s[/dim]")))


def _headline(outcome: Outcome, action: Action) -> str:
    mark = _MARKS[outcome.state]
    if outcome.state == "skipped":
        return f"{mark} {outcome.stack}  [dim]not begun: {outcome.reason}[/dim]"
    counts = {**outcome.counts(), "unchanged": outcome.unchanged}
    said = ", ".join(_count(what, counts[what], action) for what in _WOULD if counts.get(what))
    nothing = "nothing done" if outcome.state == "failed" else "nothing there"
    return f"{mark} [bold]{outcome.stack}[/bold]  {said or nothing}  [dim]{outcome.seconds:.1f} s[/dim]"


def _count(what: str, count: int, action: Action) -> str:
    return f"{count} to {_WOULD[what]}" if action == "preview" else f"{count} {what}"


def _changes(changes: Sequence[Change], verbose: bool) -> None:
    what = changes[0].what if changes else ""
    if what in ("created", "deleted") and len(changes) > _MOST_LISTED and not verbose:
        _say(f"{_SIGNS[what]} [dim]too many to list here; --verbose lists them[/dim]", 4)
        return
    for change in changes:
        properties = f"  [dim]{escape(', '.join(change.properties))}[/dim]" if change.properties else ""
        _say(f"{_SIGNS[what]} {escape(change.name)}  [dim]{escape(change.kind)}[/dim]{properties}", 4)


def _problem(problem: Problem) -> None:
    where = "  ".join(part for part in (problem.place, problem.resource) if part)
    first, *others = problem.message.splitlines() or [""]
    if where:
        others = [first, *others]
    _say(f"[red]✗[/red] {escape(where or first)}", 4)
    for line in others:
        _say(escape(line), 6, deeper=0)


def _say(marked_up: str, indent: int = 0, deeper: int = 2) -> None:
    """Print a line: on a terminal broken between words and indented on, elsewhere whole."""
    text = Text.from_markup(marked_up)
    lines = [text]
    if console.is_terminal:
        lines = list(text.wrap(console, max(20, console.width - indent - deeper)))
    for number, line in enumerate(lines):
        line.rstrip()
        console.print(Text(" " * (indent + (deeper if number else 0))) + line, highlight=False)
