"""corral destroy: take an environment down; or stop a served local AWS, of which nothing outlives its process."""

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from corral.cli.deploy import OverrideOption, ParallelOption, YesOption, deploy
from corral.cli.project import ProjectOption, chosen_teams, console, environment_of, find_project, say_no

_PATIENCE_SECONDS = 20


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    local: Annotated[bool, typer.Option("--local", help="The served local AWS.")] = False,
    team: Annotated[
        list[str] | None, typer.Option("--team", help="Only these teams' stacks; repeat for more.")
    ] = None,
    yes: YesOption = False,
    parallel: ParallelOption = 4,
    override_freeze: OverrideOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="List every resource.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What is gone, as JSON.")] = False,
    project: ProjectOption = None,
) -> None:
    """Destroy the teams' stacks, then the platform's, with the Pulumi CLI; what is protected stays and says so.

    With --local, stop what `corral up ENV --local --serve` keeps up.
    """
    root = find_project(project)
    if local:
        _stop(root, env, as_json)
        return
    environment = environment_of(root, env)
    deploy(
        *(root, environment, "destroy", chosen_teams(environment, team)),
        platform=not team,
        yes=yes,
        parallel=parallel,
        override=override_freeze,
        verbose=verbose,
        as_json=as_json,
    )


def _stop(root: Path, env: str, as_json: bool) -> None:
    from corral.local.session import find

    deployed = find(root, env)
    if deployed is None:
        say_no(f"{env} is not served here: nothing to destroy")
    with suppress(ProcessLookupError):  # it stopped by itself meanwhile
        os.kill(deployed.process_id, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while find(root, env) is not None:
        if time.monotonic() > deadline:
            say_no(f"process {deployed.process_id}, which serves {env}, does not stop")
        time.sleep(0.1)
    if as_json:
        console.print_json(json.dumps({"environment": env, "endpoint": deployed.at.endpoint}))
        return
    console.print(f"{env} is gone from the local AWS at {deployed.at.endpoint}.")
