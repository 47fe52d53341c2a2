"""corral up: the platform and its teams, on the local AWS; then one look at everything it does."""

import json
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corral.cli.deploy import OverrideOption, ParallelOption, YesOption, deploy
from corral.cli.project import ProjectOption, chosen_teams, console, environment_of, find_project, say_no
from corral.cli.serve import already_served, ready_line, serve, serve_empty

if TYPE_CHECKING:
    from corral.local.engine import StackResult
    from corral.spec.load import Environment


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    local: Annotated[
        bool, typer.Option("--local", help="On the local AWS: no account, no Pulumi CLI.")
    ] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Keep the local AWS up until interrupted.")] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Serve it with nothing on it, for Pulumi's own engine.")
    ] = False,
    team: Annotated[
        list[str] | None,
        typer.Option("--team", help="Only these teams; repeat for more. Without --local only their stacks."),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show what would change, change nothing.")
    ] = False,
    yes: YesOption = False,
    parallel: ParallelOption = 4,
    secrets_provider: Annotated[
        str | None,
        typer.Option("--secrets-provider", help="For stacks that are new, such as awskms://alias/..."),
    ] = None,
    override_freeze: OverrideOption = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The local AWS's port; 0 takes a free one.")
    ] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every resource and every output.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a report.")] = False,
    project: ProjectOption = None,
) -> None:
    """Stand the platform and its teams up.

    With --local on a local AWS of its own, and play every agent's scenarios through the real path. Without it,
    with the Pulumi CLI, to where that goes: the account, or a served local AWS.
    """
    _check_options(local=local, serve=serve, empty=empty, preview=preview)
    root = find_project(project)
    environment = environment_of(root, env)
    teams = chosen_teams(environment, team)
    if not local:
        deploy(
            *(root, environment, "preview" if preview else "up", teams),
            platform=not team,
            yes=yes,
            parallel=parallel,
            secrets_provider=secrets_provider,
            override=override_freeze,
            verbose=verbose,
            as_json=as_json,
        )
        return
    from corral.local.session import LocalAwsError

    try:
        if empty:
            serve_empty(root, environment, port, as_json)
        else:
            _run(root, environment, teams, serving=serve, port=port, verbose=verbose, as_json=as_json)
    except LocalAwsError as error:
        say_no(str(error))


def _check_options(*, local: bool, serve: bool, empty: bool, preview: bool) -> None:
    if serve and not local:
        say_no("--serve keeps the local AWS up: add --local", 2)
    if empty and not serve:
        say_no("--empty goes with --local --serve: it is an account for Pulumi's own engine to deploy to", 2)
    if preview and local:
        say_no("--preview needs Pulumi's own engine: leave --local out", 2)


def _run(
    root: Path,
    environment: "Environment",
    teams: list[str],
    *,
    serving: bool,
    port: int,
    verbose: bool,
    as_json: bool,
) -> None:
    from corral.cli import show
    from corral.cli.progress import Progress
    from corral.cli.stand_up import quiet_interrupts, stand_up
    from corral.local import journey
    from corral.local.kept import keep_resources
    from corral.local.rehearse import team_outputs
    from corral.local.session import find

    name = environment.platform.environment
    if serving and (running := find(root, name)):
        already_served(name, running)
    started = time.monotonic()
    with ExitStack() as stack:
        quiet_interrupts()
        progress = stack.enter_context(Progress(console, silent=as_json))
        progress.plan(
            sum(len(agent.scenarios) for team in teams for agent in environment.agents[team].values())
        )
        session, results = stand_up(stack, root, environment, teams, progress, as_json=as_json, port=port)
        outputs = team_outputs(results)
        if serving:
            keep_resources(root, name, os.getpid(), results)
        agents = [agent for team in teams for agent in environment.agents[team].values()]
        if serving and as_json:
            progress.stop()
            serve(root, name, session, outputs, ready_line(session, outputs, agents))
            return
        played = [progress.journey(one) for one in journey.play(session, agents, outputs)]
        journeys = journey.explained(session, name, played, every=verbose)
        session.flush()
        records = session.trail()
        progress.stop()
        _listing(root, name, results)
        if as_json:
            console.print_json(json.dumps(show.as_json(results, journeys, records), default=str))
        else:
            seconds = time.monotonic() - started
            show.report(
                environment, results, journeys, records, seconds=seconds, verbose=verbose, served=serving
            )
        if any(one.problems for one in journeys):
            raise typer.Exit(1)
        if serving:
            serve(root, name, session, outputs)


def _listing(root: Path, environment: str, results: "dict[str, StackResult]") -> None:
    """Keep the whole list of resources beside the screen's summary."""
    from corral.cli.show import resource_rows
    from corral.local.session import STATE_FOLDER

    path = root / STATE_FOLDER / f"{environment}-resources.json"
    path.write_text(json.dumps(resource_rows(results), indent=1, default=str))
