"""Serving a local AWS until it is told to stop: with the platform on it, or empty for Pulumi's own engine."""

import json
import os
import shutil
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from corral.cli.project import console, say_no

if TYPE_CHECKING:
    from corral.local.session import Deployed, Session
    from corral.spec.load import Environment
    from corral.spec.resolved import ResolvedAgent


def serve(
    root: Path,
    name: str,
    session: "Session",
    outputs: dict[str, dict[str, Any]],
    ready: dict[str, Any] | None = None,
) -> None:
    """Let commands find what is up, say so with one line of JSON if `ready` is given, and wait for the end."""
    from corral.local.kept import forget_resources
    from corral.local.session import Deployed, find, forget

    if running := find(root, name):  # begun since this run looked
        already_served(name, running)
    Deployed(session.at, os.getpid(), outputs).save(root, name)
    try:
        stopped = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        signal.signal(signal.SIGINT, lambda *_: stopped.set())
        if ready:
            print(json.dumps(ready), flush=True)
        stopped.wait()
    finally:
        forget(root, name, os.getpid())
        forget_resources(root, name, os.getpid())


def serve_empty(root: Path, environment: "Environment", port: int, as_json: bool) -> None:
    """Serve an account with nothing in it, and the provider for the `aws` package, for Pulumi's own engine.

    Raises LocalAwsError when the local AWS does not start.
    """
    from corral.deployment.pulumi_cli import GET_PULUMI
    from corral.local import pulumi_project
    from corral.local.engine.calls import Calls, forget_own_aws
    from corral.local.engine.model import Credentials
    from corral.local.provider.server import serving
    from corral.local.session import STATE_FOLDER, Session, find

    platform = environment.platform
    name = platform.environment
    if running := find(root, name):
        already_served(name, running)
    if shutil.which("pulumi") is None:
        say_no(f"an empty account is for Pulumi's own engine, and there is no pulumi on PATH. {GET_PULUMI}")
    signal.signal(signal.SIGTERM, _end)  # who reads that it is up may end it at once
    unset = pulumi_project.in_the_way()
    forget_own_aws()
    with ExitStack() as stack:
        log = root / STATE_FOLDER / f"{name}.log"
        session = stack.enter_context(
            Session.start(platform.account, platform.region, log, port, platform.organization)
        )
        at = session.at
        calls = Calls(at.endpoint, Credentials(at.access_key_id, at.secret_access_key), at.region, at.account)
        provider_port = stack.enter_context(serving(calls))
        settings = pulumi_project.variables(pulumi_project.write(root, at), at, provider_port)
        if as_json:
            serve(root, name, session, {}, {"endpoint": at.endpoint, **settings})
            return
        console.print(f"An empty account is up at {at.endpoint}. In another terminal:\n", highlight=False)
        for line in pulumi_project.shell_lines(settings, unset):
            print(f"  {line}")
        first = next(iter(environment.teams), None)
        stacks = [name, *([f"{name}.{first}"] if first else [])]
        print(f"\nthen corral up {name}, or stack by stack:\n")
        for each in stacks:
            print(f"  pulumi stack init {each} && pulumi up -s {each}")
        console.print(
            "\n[dim]The aws package's provider is ours, for the local AWS only. Ctrl-C stops it all.[/dim]"
        )
        serve(root, name, session, {})


def _end(*_: object) -> None:
    raise typer.Exit(0)


def ready_line(
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


def already_served(name: str, running: "Deployed") -> NoReturn:
    """Say where an environment is served already."""
    say_no(f"{name} is already served at {running.at.endpoint}; corral destroy {name} --local stops it")
