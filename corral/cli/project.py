"""What every command needs: the project's folder, its environment or the errors in it, a way to say no."""

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from corral.spec.errors import SpecErrors, listed, suggestion
from corral.spec.source import MAX_BYTES, read_text

if TYPE_CHECKING:
    from corral.spec.load import Environment
    from corral.spec.resolved import ResolvedAgent

MARKER = "Pulumi.yaml"
_MOST_SHOWN = 100
console = Console(soft_wrap=True)
complaints = Console(stderr=True, soft_wrap=True)

ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help=f"The project. Default: the nearest folder with {MARKER}."),
]


def say_no(message: str, code: int = 1) -> NoReturn:
    """Say what is wrong on standard error and end: 1 when the input or the platform said no, 2 for usage."""
    complaints.print(f"[red]error:[/red] {escape(message)}", highlight=False)
    raise typer.Exit(code)


def agreed(question: str, *, default: bool = False, err: bool = False) -> bool:
    """Ask yes or no, with `err` on standard error. Ends with 2 when nobody is there to answer."""
    if not sys.stdin.isatty():
        say_no(f"{question} Nobody is there to answer: give --yes.", 2)
    return typer.confirm(question, default=default, err=err)


def find_project(project: Path | None = None) -> Path:
    """The given project folder, or the nearest one from here upwards. Ends with 2 when there is none."""
    if project is not None:
        if not (project / MARKER).is_file():
            say_no(f"{project} is not a project: it has no {MARKER}", 2)
        return project.absolute()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / MARKER).is_file():
            return folder
    say_no(f"no {MARKER} in {here} or above it: go to the project, or give --project DIR", 2)


def environment_of(root: Path, env: str) -> "Environment":
    """An environment of the project. Shows all errors and ends with 1 when it is not sound."""
    try:
        return load(root, env)
    except SpecErrors as error:
        show_errors(error, root)
        raise typer.Exit(1) from None


def load(root: Path, env: str) -> "Environment":
    """An environment by its name. Raises SpecErrors; ends with 2 for what cannot be a name."""
    from corral.spec.load import load_environment

    if not env or Path(env).name != env:
        say_no(f"{env!r} is not the name of an environment, such as dev", 2)
    return load_environment(root / "stacks" / env)


def resolved_agent(environment: "Environment", name: str) -> "ResolvedAgent":
    """The agent called TEAM/AGENT. Ends with 2 for another form, with 1 when there is no such agent."""
    team, slash, agent = name.partition("/")
    if not team or not slash or not agent:
        say_no(f"{name!r} is not of the form TEAM/AGENT, such as support/helpdesk", 2)
    agents = {
        f"{t}/{a}": resolved for t, of_team in environment.agents.items() for a, resolved in of_team.items()
    }
    gone = {f"{t}/{r.name}": r for t, spec in environment.teams.items() for r in spec.retired}
    if name in gone:
        say_no(f"{name} was retired on {gone[name].since}: {gone[name].reason}")
    if name not in agents:
        say_no(f"there is no agent {name}. Agents: {listed(agents)}.{suggestion(name, agents)}")
    return agents[name]


def chosen_agents(environment: "Environment", wanted: str | None) -> "list[ResolvedAgent]":
    """The agents of TEAM, or the one called TEAM/AGENT, or all. Ends with 1 for one that is not there."""
    if wanted is not None and "/" in wanted:
        return [resolved_agent(environment, wanted)]
    teams = chosen_teams(environment, None if wanted is None else [wanted])
    return [agent for team in teams for agent in environment.agents[team].values()]


def chosen_teams(environment: "Environment", wanted: list[str] | None) -> list[str]:
    """The teams of an environment that are wanted, all unless some are named. Ends with 1 for one it lacks."""
    if not wanted:
        return list(environment.teams)
    for name in wanted:
        if name not in environment.teams:
            teams = environment.teams
            say_no(f"there is no team {name}. Teams: {listed(teams)}.{suggestion(name, teams)}")
    return [name for name in environment.teams if name in wanted]


def show_errors(found: SpecErrors, root: Path) -> None:
    """Print errors by file, each with the line it is about; of very many the first ones."""
    shown = found.errors[:_MOST_SHOWN]
    for path, errors in groupby(shown, key=lambda error: error.path):
        complaints.print(f"\n[bold]{escape(path)}[/bold]", highlight=False)
        lines = _lines(root / path)
        for error in errors:
            place = f"{error.line}:{error.column}" if error.line is not None else "-"
            complaints.print(f"  [red]{place:>7}[/red]  {escape(error.text)}", highlight=False)
            if error.line is not None and error.line <= len(lines):
                complaints.print(
                    f"           [dim]{escape(_excerpt(lines[error.line - 1]))}[/dim]", highlight=False
                )
    count, files = len(found.errors), len({error.path for error in found.errors})
    said = f"{count} error{'s' * (count != 1)} in {files} file{'s' * (files != 1)}"
    first = f" (the first {len(shown)} are shown)" if len(shown) < count else ""
    complaints.print(f"\n[bold red]{said}[/bold red]{first}", highlight=False)


def _lines(path: Path) -> list[str]:
    """The lines of a file that an error may be about; none of one that was refused for its size."""
    text = read_text(path, path.parent)  # of an edit that is not written yet as well
    if isinstance(text, str):
        return text.split("\n")
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        return []
    return path.read_text(encoding="utf-8", errors="replace").split("\n")


def _excerpt(line: str) -> str:
    """A line without what a terminal would act on, shortened."""
    printable = "".join(character if character.isprintable() else " " for character in line.strip())
    return printable if len(printable) <= 110 else f"{printable[:107]}..."
