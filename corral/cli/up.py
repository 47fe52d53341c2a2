"""corral up: the platform and its teams, on the local AWS; then one look at everything it does."""

import json
import os
import signal
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from corral.cli.project import ProjectOption, console, environment_of, find_project, say_no
from corral.spec.errors import listed, suggestion

if TYPE_CHECKING:
    from corral.local.engine import StackResult
    from corral.local.session import Deployed, Session
    from corral.spec.load import Environment
    from corral.spec.resolve import ResolvedAgent


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    local: Annotated[bool, typer.Option("--local", help="On the local AWS: no account, no Docker.")] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Keep the local AWS up until interrupted.")] = False,
    team: Annotated[
        list[str] | None, typer.Option("--team", help="Only these teams; repeat for more.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The local AWS's port; 0 takes a free one.")
    ] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every resource and every output.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a report.")] = False,
    project: ProjectOption = None,
) -> None:
    """Stand the platform and its teams up, then play every agent's scenarios through the real path."""
    if not local:
        say_no(
            "corral up drives the local AWS only: add --local. For a real account: pulumi up, docs/deploy.md.",
            2,
        )
    root = find_project(project)
    environment = environment_of(root, env)
    teams = _chosen(environment, team)
    from corral.local.session import LocalAwsError

    try:
        _run(root, environment, teams, serve=serve, port=port, verbose=verbose, as_json=as_json)
    except LocalAwsError as error:
        say_no(str(error))


def _chosen(environment: "Environment", wanted: list[str] | None) -> list[str]:
    if not wanted:
        return list(environment.teams)
    for name in wanted:
        if name not in environment.teams:
            teams = environment.teams
            say_no(f"there is no team {name}. Teams: {listed(teams)}.{suggestion(name, teams)}")
    return [name for name in environment.teams if name in wanted]


def _run(
    root: Path,
    environment: "Environment",
    teams: list[str],
    *,
    serve: bool,
    port: int,
    verbose: bool,
    as_json: bool,
) -> None:
    from corral.cli import show
    from corral.cli.progress import Progress
    from corral.cli.stand_up import stand_up
    from corral.local import journey
    from corral.local.session import find

    name = environment.platform.environment
    if serve and (running := find(root, name)):
        _already_served(name, running)
    started = time.monotonic()
    with ExitStack() as stack:
        _quiet_interrupts()
        progress = stack.enter_context(Progress(console, silent=as_json))
        session, results = stand_up(stack, root, environment, teams, progress, as_json=as_json, port=port)
        outputs = {stack_name.partition(".")[2]: result.outputs for stack_name, result in results.items()}
        agents = [agent for team in teams for agent in environment.agents[team].values()]
        if serve and as_json:
            progress.stop()
            _serve(root, name, session, outputs, _ready(session, outputs, agents))
            return
        played = [progress.journey(one) for one in journey.play(session, agents, outputs)]
        journeys = journey.with_faults(session, name, played)
        session.flush()
        records = session.trail()
        progress.stop()
        _listing(root, name, results)
        if as_json:
            console.print_json(json.dumps(show.as_json(results, journeys, records), default=str))
        else:
            seconds = time.monotonic() - started
            show.report(
                environment, results, journeys, records, seconds=seconds, verbose=verbose, served=serve
            )
        if any(one.problems for one in journeys):
            raise typer.Exit(1)
        if serve:
            _serve(root, name, session, outputs, None)


def _listing(root: Path, environment: str, results: "dict[str, StackResult]") -> None:
    """Keep the whole list of resources beside the screen's summary."""
    from corral.cli.show import resource_rows
    from corral.local.session import STATE_FOLDER

    path = root / STATE_FOLDER / f"{environment}-resources.json"
    path.write_text(json.dumps(resource_rows(results), indent=1, default=str))


def _ready(
    session: "Session", outputs: dict[str, dict[str, Any]], agents: "list[ResolvedAgent]"
) -> dict[str, Any]:
    """What a client needs, in one line: `--serve --json` prints it when everything is up."""
    at = session.at
    return {
        "endpoint": at.endpoint,
        "region": at.region,
        "account": at.account,
        "gateway_url": outputs[""]["gateway_url"],
        "admin": {"access_key_id": at.access_key_id, "secret_access_key": at.secret_access_key},
        "agents": [
            _agent_credentials(session, outputs[agent.team]["agents"][agent.name], agent) for agent in agents
        ],
    }


def _agent_credentials(
    session: "Session", deployed: dict[str, Any], agent: "ResolvedAgent"
) -> dict[str, Any]:
    keys = session.credentials_for(deployed["role_arn"], "served")
    return {
        "team": agent.team,
        "name": agent.name,
        "role_arn": deployed["role_arn"],
        "access_key_id": keys.access_key,
        "secret_access_key": keys.secret_key,
        "session_token": keys.token,
        "tools": list(agent.tools),
    }


def _serve(
    root: Path,
    name: str,
    session: "Session",
    outputs: dict[str, dict[str, Any]],
    ready: dict[str, Any] | None,
) -> None:
    from corral.local.session import Deployed, find, forget

    if running := find(root, name):  # begun since this run looked
        _already_served(name, running)
    Deployed(session.at, os.getpid(), outputs).save(root, name)
    try:
        if ready:
            print(json.dumps(ready), flush=True)
        stopped = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        signal.signal(signal.SIGINT, lambda *_: stopped.set())
        stopped.wait()
    finally:
        forget(root, name, os.getpid())


def _already_served(name: str, running: "Deployed") -> NoReturn:
    say_no(f"{name} is already served at {running.at.endpoint}; corral destroy {name} --local stops it")


def _quiet_interrupts() -> None:
    """Ctrl-C before anything is served ends the run as a refusal would: everything was local and is gone."""

    def interrupted(*_: object) -> None:
        raise typer.Exit(130)

    signal.signal(signal.SIGINT, interrupted)
