"""corral scenarios: play agents' scenarios, on the local AWS or for real, and say which did not go as expected."""

import json
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corral.cli.project import (
    ProjectOption,
    chosen_agents,
    complaints,
    console,
    environment_of,
    find_project,
    say_no,
)
from corral.spec.errors import listed, suggestion

if TYPE_CHECKING:
    from corral.scenarios.journey import Journey
    from corral.spec.load import Environment
    from corral.spec.resolved import ResolvedAgent

LOCAL, LIVE = "local AWS", "account"


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    agent: Annotated[
        str | None, typer.Argument(metavar="[TEAM[/AGENT]]", help="Only this team's, or this agent's.")
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live/--local", help="On the real account with the real model, or the local AWS."),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Only scenarios of this name; repeat for more."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML there as well, for CI.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --live: do not ask first.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell all of every scenario.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a report.")] = False,
    project: ProjectOption = None,
) -> None:
    """Play scenarios and check what came of them: exit code 1 when one did not go as expected.

    On the local AWS a script stands in for the model, and everything around it is real: on the one that is
    served, if it is as new as the project's files, else on one of its own.
    """
    if yes and not live:
        say_no("--yes goes with --live", 2)
    root = find_project(project)
    environment = environment_of(root, env)
    agents = _with_scenarios(chosen_agents(environment, agent), only)
    started = time.monotonic()
    if live:
        from corral.cli.scenarios_live import play_live

        journeys = play_live(root, environment, agents, yes=yes, as_json=as_json)
    else:
        journeys = _play(root, environment, agents, every=verbose or as_json, as_json=as_json)
    seconds = time.monotonic() - started
    where = LIVE if live else LOCAL
    if junit is not None:
        _write(junit, journeys, env, where)
    if as_json:
        from corral.scenarios.journey import as_json as record

        told = {"environment": env, "played_on": where, "seconds": round(seconds, 1)}
        console.print_json(json.dumps(told | {"scenarios": [record(journey) for journey in journeys]}))
    else:
        _report(journeys, seconds, scripted=not live, verbose=verbose)
    if any(journey.outcome == "not as expected" for journey in journeys):
        raise typer.Exit(1)


def _with_scenarios(agents: "list[ResolvedAgent]", only: list[str] | None) -> "list[ResolvedAgent]":
    """Those of the agents that have scenarios to play, with these alone. Ends with 1 when there is none."""
    known = {scenario.name for agent in agents for scenario in agent.scenarios}
    for name in only or ():
        if name not in known:
            say_no(f"there is no scenario {name}. Scenarios: {listed(known)}.{suggestion(name, known)}")
    chosen = [
        replace(agent, scenarios=tuple(s for s in agent.scenarios if not only or s.name in only))
        for agent in agents
    ]
    chosen = [agent for agent in chosen if agent.scenarios]
    if not chosen:
        say_no("none of these agents has a scenario that applies to it: nothing was played")
    return chosen


def _play(
    root: Path, environment: "Environment", agents: "list[ResolvedAgent]", *, every: bool, as_json: bool
) -> "list[Journey]":
    """Play on the served local AWS, or on a new one."""
    from corral.cli.progress import Progress
    from corral.cli.stand_up import quiet_interrupts, stand_up
    from corral.local.journey import explained, play
    from corral.local.rehearse import on_served, team_outputs
    from corral.local.session import LocalAwsError

    quiet_interrupts()
    with ExitStack() as stack:
        try:
            found = on_served(root, environment, agents)
            if isinstance(found, str) and found and not as_json:
                complaints.print(f"[dim]{found}: playing on a new local AWS.[/dim]", highlight=False)
            progress = stack.enter_context(Progress(console, silent=as_json))
            progress.plan(sum(len(agent.scenarios) for agent in agents))
            if isinstance(found, str):
                teams = [team for team in environment.teams if team in {agent.team for agent in agents}]
                session, results = stand_up(stack, root, environment, teams, progress, as_json=as_json)
                outputs = team_outputs(results)
            else:
                session, outputs = found
            played = [progress.journey(one) for one in play(session, agents, outputs)]
            return explained(session, environment.platform.environment, played, every=every)
        except LocalAwsError as error:
            say_no(str(error))


def _write(path: Path, journeys: "list[Journey]", env: str, where: str) -> None:
    from corral.scenarios.junit import junit

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(junit(journeys, env, where))
    except OSError as error:
        say_no(f"{path} cannot be written: {error.strerror}")


def _report(journeys: "list[Journey]", seconds: float, *, scripted: bool, verbose: bool) -> None:
    from corral.cli import show_journeys as view

    if verbose:
        console.print(*view.lines(journeys, verbose=True), sep="\n", highlight=False)
    else:
        console.print(view.table(journeys))
        for line in view.failures(journeys):
            console.print(line, highlight=False)
    console.print(f"\n{view.count(journeys)}, {seconds:.1f} s", highlight=False)
    said = (
        "The model was scripted; everything around it was real."
        if scripted
        else "The model was the real one."
    )
    console.print(f"[dim]{said}[/dim]")
