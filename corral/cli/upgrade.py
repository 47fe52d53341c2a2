"""corral upgrade: which agents are behind, and the move of one to a later major version of its template."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from corral.cli.new_agent import JsonOption, SetOption, YesOption
from corral.cli.project import (
    ProjectOption,
    console,
    environment_of,
    find_project,
    resolved_agent,
    say_no,
    show_errors,
)
from corral.spec.errors import SpecErrors, listed

if TYPE_CHECKING:
    from corral.cli.ask import Asker
    from corral.scaffold.compare import Difference
    from corral.scaffold.files import Change
    from corral.scaffold.upgrade import Move
    from corral.scenarios.journey import Journey
    from corral.spec.load import Environment
    from corral.spec.resolved import ResolvedAgent


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    agent: Annotated[
        str | None, typer.Argument(metavar="[TEAM/AGENT]", help="Without it: where all agents stand.")
    ] = None,
    to: Annotated[
        int | None, typer.Option("--to", metavar="MAJOR", min=1, help="Default: the newest major version.")
    ] = None,
    set_: SetOption = None,
    scenarios: Annotated[
        bool, typer.Option("--scenarios/--no-scenarios", help="Play its scenarios before and after.")
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Also when a scenario fails after it.")] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Move an agent to a later major version of its template.

    Shows what changes in the file and in the resolved agent, plays its scenarios before and after on the local
    AWS, then edits the file. A scenario that fails after it stops it.
    """
    root = find_project(project)
    environment = environment_of(root, env)
    if agent is None:
        _overview(environment, as_json)
        return
    if as_json and not yes:
        say_no("--json asks nothing: give --yes as well", 2)
    from corral.cli.ask import Asker, pairs
    from corral.cli.changes import checked, prepared, put_down, show
    from corral.scaffold.agent import team_file
    from corral.scaffold.compare import differences, prompt_difference
    from corral.scaffold.upgrade import plan, upgraded
    from corral.spec.source import shown_path

    given = pairs(set_ or ())
    before = resolved_agent(environment, agent)
    target = _target(environment, before, to)
    if target is None:
        _nothing_to_do(environment, before, as_json)
        return
    try:
        move = plan(environment, before, target)
    except SpecErrors as errors:
        show_errors(errors, root)
        raise typer.Exit(1) from None
    values = _values(environment, Asker(as_json), before, move, given)
    path = shown_path(team_file(environment, before.team), root)
    change = prepared(lambda: upgraded(environment, before, move, values), path)
    then = checked(root, environment.folder, [change], as_json)
    after = then.agents[before.team][before.name]
    found, prompt = differences(before, after), prompt_difference(before, after)
    if not as_json:
        for note in move.notes:
            console.print(f"[yellow]note:[/yellow] {escape(note)}", highlight=False)
        show(root, [change])
        _show(found, prompt)
    more: dict[str, Any] = {
        "notes": list(move.notes),
        "differences": [asdict(difference) for difference in found],
        "prompt": prompt,
    }
    if scenarios:
        played = _played(root, environment, then, [change], before, after, as_json)
        more["scenarios"] = [_journeys(journeys) for journeys in played]
        failed = [journey.scenario.name for journey in played[1] if journey.problems]
        if failed and not force:
            if as_json:
                typer.echo(json.dumps({"written": False, **more}, indent=2))
            say_no(f"after it {listed(failed)} would fail. Nothing was written; --force goes on all the same")
    put_down(root, [change], f"corral up {env} --team {before.team}", yes, as_json, more, shown=True)


def _overview(environment: "Environment", as_json: bool) -> None:
    from corral.scaffold.upgrade import standings

    found = list(standings(environment))
    if as_json:
        agents = [{**asdict(one), "behind": one.behind} for one in found]
        typer.echo(json.dumps({"agents": agents}, indent=2))
        return
    table = Table("agent", "template", "pinned", "gets", "newest major")
    for one in found:
        newest = f"[yellow]{one.newest}[/yellow]" if one.behind else str(one.newest)
        table.add_row(one.agent, one.template, str(one.pinned), one.gets, newest)
    console.print(table, highlight=False)
    behind = [one.agent for one in found if one.behind]
    if behind:
        console.print(
            f"next: [bold]corral upgrade {environment.folder.name} {behind[0]}[/bold]", highlight=False
        )


def _target(environment: "Environment", agent: "ResolvedAgent", to: int | None) -> int | None:
    """The major version to move to; None when the agent has the newest one."""
    from corral.scaffold.agent import majors, store
    from corral.scaffold.upgrade import standing

    now = standing(store(environment), agent)
    if to is None:
        return now.newest if now.behind else None
    known = majors(store(environment), now.template)
    if to not in known:
        say_no(f"--to: template {now.template} has no version {to}. Versions: {listed(known)}.")
    if to <= now.pinned:
        say_no(
            f"--to: {now.agent} is at {now.template}@{now.pinned}. Allowed: a later one; to go back, edit the file"
        )
    return to


def _nothing_to_do(environment: "Environment", agent: "ResolvedAgent", as_json: bool) -> None:
    said = f"{agent.team}/{agent.name} has the newest: {agent.template}"
    if as_json:
        typer.echo(json.dumps({"written": False, "files": [], "said": said}, indent=2))
    else:
        console.print(escape(said), highlight=False)


def _values(
    environment: "Environment", asker: "Asker", agent: "ResolvedAgent", move: "Move", given: dict[str, str]
) -> dict[str, Any]:
    """Values for what lacks one, from flags or answers; and whatever else flags set."""
    from corral.cli.new_agent import ask_parameter
    from corral.spec.errors import unknown

    for name in given:
        if name not in move.target.parameters:
            message, hint = unknown("parameter", name, move.target.parameters)
            say_no(f"--set: {message} of {move.reference}. {hint}")
    values = {}
    for name in dict.fromkeys([*move.lacking, *given]):
        if asker.somebody_there and name not in given:
            console.print(f"{escape(name)}: {escape(move.lacking[name])}", highlight=False)
        value = ask_parameter(
            environment, asker, agent.team, name, move.target.parameters[name], given.get(name)
        )
        if value is not None:
            values[name] = value
    asker.settle()
    return values


def _show(found: "Sequence[Difference]", prompt: list[str]) -> None:
    table = Table("", "before", "after", title="The agent", title_justify="left")
    for difference in found:
        table.add_row(difference.field, escape(difference.before), escape(difference.after))
    console.print(table, highlight=False)
    for line in prompt:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
        console.print(f"[{style}]{escape(line)}[/{style}]", highlight=False)
    console.print()


def _played(
    root: Path,
    environment: "Environment",
    then: "Environment",
    changes: "Sequence[Change]",
    before: "ResolvedAgent",
    after: "ResolvedAgent",
    silent: bool,
) -> "tuple[list[Journey], list[Journey]]":
    """Play the scenarios of the agent as it is and as it will be, each on a local AWS of its own."""
    from corral.cli.progress import Progress
    from corral.local.rehearse import play_agents
    from corral.local.session import LocalAwsError
    from corral.scaffold.draft import draft

    try:
        with Progress(console, silent=silent, first="before: starting the local AWS") as progress:
            first = play_agents(root, environment, [before], progress)
        with (
            draft(root, changes) as project,
            Progress(console, silent=silent, first="after: starting the local AWS") as progress,
        ):
            second = play_agents(project, then, [after], progress)
    except LocalAwsError as error:
        say_no(f"the scenarios could not be played: {error}. --no-scenarios goes on without them")
    if not silent:
        _compare(first, second)
    return first, second


def _compare(before: "Sequence[Journey]", after: "Sequence[Journey]") -> None:
    table = Table(
        "scenario", "before", "after", title="Scenarios, with a scripted model", title_justify="left"
    )
    old, new = ({journey.scenario.name: journey for journey in played} for played in (before, after))
    for name in dict.fromkeys([*old, *new]):
        table.add_row(name, _outcome(old.get(name)), _outcome(new.get(name)))
    console.print(table, highlight=False)
    for journey in after:
        for problem in journey.problems:
            console.print(f"[red]✗[/red] {journey.scenario.name}: {escape(problem)}", highlight=False)


def _outcome(journey: "Journey | None") -> str:
    if journey is None:
        return "[dim]-[/dim]"
    return "[red]✗ fails[/red]" if journey.problems else "[green]✓[/green]"


def _journeys(played: "Sequence[Journey]") -> list[dict[str, Any]]:
    return [{"scenario": journey.scenario.name, "problems": list(journey.problems)} for journey in played]
