"""What the screen shows of journeys: a line each, and of those that did not go as expected all there is to know."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from corral.cli.project import console
from corral.front_door import Answer
from corral.scenarios.journey import Journey, runs
from corral.scenarios.trace import trace

DECISION_STYLE = {
    "allowed": "green",
    "denied-by-policy": "yellow",
    "denied-by-supervisor": "magenta",
    "failed": "red",
}
_MARKS = {
    "as expected": "[green]✓[/green]",
    "not as expected": "[red]✗[/red]",
    "not played": "[dim]-[/dim]",
}
_LONGEST_TITLE = 58
_DECISION = 44  # what a title leaves room for: one decision and its tool
_NARROWEST = 60


def lines(journeys: Sequence[Journey], verbose: bool) -> Iterator[str | Text]:
    """The journeys of each agent, a line each: what was asked, each tool call with what was decided of it."""
    for who, group in groupby(journeys, key=lambda played: played.who):
        yield f"\n[bold]{who}[/bold]"
        for played in group:
            yield _line(played)
            if verbose or played.problems:
                yield from details(played)


def _line(played: Journey) -> Text:
    width = max(_NARROWEST, console.width)
    room = min(_LONGEST_TITLE, width - _DECISION)
    title = Text(played.scenario.title)
    title.truncate(room, overflow="ellipsis", pad=True)
    line = Text.from_markup(f"{_MARKS[played.outcome]} ") + title
    answer = played.answer
    made = [(call.tool, call.decision) for call in answer.tool_calls] if answer else []
    for (tool, decision), times in runs(made):
        line.append("  ").append(decision, DECISION_STYLE[decision]).append(f" {tool}")
        line.append(f" {times} times" if times > 1 else "", "dim")
    if answer and answer.blocked:
        line.append("  ").append(f"blocked at {answer.blocked}", "yellow")
    line.truncate(width, overflow="ellipsis")
    return line


def details(played: Journey) -> Iterator[str]:
    """What a journey's trace says, indented; what came and should not have in red."""
    for text in trace(played):
        style = "red" if text.startswith("came ") else "dim"
        yield f"    [{style}]{escape(text)}[/{style}]"


def table(journeys: Sequence[Journey]) -> Table:
    """Each agent's scenarios: what came of them, and how long they took."""
    shown = Table(box=None, pad_edge=False)
    for column in ("scenario", "case", "result"):
        shown.add_column(column, no_wrap=True, overflow="ellipsis")
    shown.add_column("s", justify="right", no_wrap=True, min_width=5)
    for who, group in groupby(journeys, key=lambda played: played.who):
        shown.add_row(f"[bold]{who}[/bold]")
        for played in group:
            result = f"{_MARKS[played.outcome]} {played.outcome}"
            shown.add_row(
                f"  {escape(played.scenario.name)}",
                f"[dim]{played.scenario.case or ''}[/dim]",
                f"{result}: {escape(played.not_played)}" if played.not_played else result,
                "" if played.not_played else f"{played.seconds:.2f}",
            )
    return shown


def failures(journeys: Sequence[Journey]) -> Iterator[str]:
    """All there is to know of those that did not go as expected."""
    for played in journeys:
        if played.outcome == "not as expected":
            yield f"\n[red]✗[/red] [bold]{played.who}[/bold] {played.scenario.name}: {escape(played.scenario.title)}"
            yield from details(played)


def count(journeys: Sequence[Journey]) -> str:
    """How many there were, and what came of them."""
    agents = len({played.who for played in journeys})
    well, wrong, left_out = (
        sum(played.outcome == outcome for played in journeys)
        for outcome in ("as expected", "not as expected", "not played")
    )
    said = [f"{well} as expected"]
    said += [f"[red]{wrong} not as expected[/red]"] if wrong else []
    said += [f"{left_out} not played"] if left_out else []
    scenarios = f"{len(journeys)} scenario{'s' * (len(journeys) != 1)}"
    return f"{scenarios} of {agents} agent{'s' * (agents != 1)}: {', '.join(said)}"


def answer_lines(answer: Answer) -> Iterator[str]:
    """An answer with the tool calls before it, as console markup."""
    for call in answer.tool_calls:
        style = DECISION_STYLE[call.decision]
        reason = f"  [dim]{escape(' '.join(call.reason.split()))}[/dim]" if call.reason else ""
        yield f"    [{style}]{call.decision:<20}[/{style}] {call.tool}{reason}"
    if answer.blocked:
        yield f"    [yellow]{'blocked by guardrail':<20}[/yellow] at {answer.blocked}"
    yield f"    [bold]agent[/bold]  {escape(answer.answer)}"
