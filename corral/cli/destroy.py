"""corral destroy: stop a served local AWS. Nothing of it outlives the process that serves it."""

import json
import os
import signal
import time
from contextlib import suppress
from typing import Annotated

import typer

from corral.cli.project import ProjectOption, console, find_project, say_no

_PATIENCE_SECONDS = 20


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    local: Annotated[bool, typer.Option("--local", help="The served local AWS.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What is gone, as JSON.")] = False,
    project: ProjectOption = None,
) -> None:
    """Stop what `corral up ENV --local --serve` keeps up."""
    if not local:
        say_no("corral destroy stops the local AWS only: add --local. For a real account: pulumi destroy.", 2)
    from corral.local.session import find

    root = find_project(project)
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
