"""corral up and destroy with the real Pulumi CLI: ask, show the progress of all stacks in one view, sum up."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from corral.cli.project import agreed, complaints, console, say_no

if TYPE_CHECKING:
    from corral.cli.progress import Progress
    from corral.deployment.stacks import Action
    from corral.spec.load import Environment

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing anything.")]
OverrideOption = Annotated[
    str | None,
    typer.Option(
        "--override-freeze",
        metavar="REASON",
        help="Deploy outside the windows or in a freeze of platform.yaml; who may is said there.",
    ),
]
ParallelOption = Annotated[int, typer.Option("--parallel", min=1, max=64, help="Team stacks side by side.")]

_INTERRUPTED = 130


def deploy(
    root: Path,
    environment: "Environment",
    action: "Action",
    teams: Sequence[str],
    *,
    platform: bool,
    yes: bool,
    parallel: int,
    secrets_provider: str | None = None,
    override: str | None = None,
    verbose: bool = False,
    as_json: bool,
) -> None:
    """Run it and end with 0 when every stack is done, 1 when one is not, 130 after an interrupt."""
    from corral.cli import outcomes as view
    from corral.cli.progress import Progress
    from corral.deployment.pulumi_cli import PulumiCli, PulumiMissingError
    from corral.deployment.stacks import Deployment, DeploymentError

    try:
        cli = PulumiCli()
    except PulumiMissingError as error:
        say_no(str(error))
    name = environment.platform.environment
    _check_endpoint(name)
    stacks = [*([name] if platform else []), *(f"{name}.{team}" for team in teams)]
    message = None
    if action != "preview":
        message = _may(environment, action, teams, platform=platform, override=override)
        _ask(action, stacks, _target(environment), yes, as_json)
    started = time.monotonic()
    with Progress(console, silent=as_json, first="starting Pulumi", journeys=False) as progress:
        deployment = Deployment(
            environment=environment,
            folder=Path(os.environ.get("PULUMI_OPTION_CWD", root)),
            cli=cli,
            tell=progress.tell,
            policy_pack=root / "policies" if (root / "policies" / "PulumiPolicy.yaml").is_file() else None,
            secrets_provider=secrets_provider,
            parallel=parallel,
            message=message,
        )
        interrupts = _on_interrupt(deployment.interrupt, progress)
        try:
            outcomes = deployment.run(action, platform, teams)
        except DeploymentError as error:
            progress.stop()
            say_no(f"Pulumi cannot say which stacks there are: {error}")
    if as_json:
        console.print_json(json.dumps([outcome.record() for outcome in outcomes]))
    else:
        view.show(outcomes, action, time.monotonic() - started, verbose)
    if interrupts:
        complaints.print(_what_to_do(action, name, at_once=len(interrupts) > 1), highlight=False)
        raise typer.Exit(_INTERRUPTED)
    if any(outcome.state != "done" for outcome in outcomes):
        raise typer.Exit(1)


def _may(
    environment: "Environment",
    action: "Action",
    teams: Sequence[str],
    *,
    platform: bool,
    override: str | None,
) -> str | None:
    """Hold the caller to platform.yaml's decision rights. Returns what is to go on record of an override."""
    from corral.deployment.caller import caller_arn, is_local
    from corral.deployment.promoted import check_promotions
    from corral.deployment.rights import RightsError, Wanted, check

    if override is not None and not override.strip():
        say_no("--override-freeze wants a reason", 2)
    if is_local(os.environ.get("AWS_ENDPOINT_URL")):
        return None
    try:
        message = check(
            environment, Wanted(platform, teams), lambda: caller_arn(environment.platform.region), override
        )
        if action == "up":
            check_promotions(environment, teams)
    except RightsError as error:
        say_no(str(error))
    if message is not None:
        complaints.print(message, highlight=False, markup=False)
    return message


def _what_to_do(action: "Action", name: str, *, at_once: bool) -> str:
    if action == "preview":
        return "Interrupted. A preview changes nothing."
    again = f"To go on, run corral {action} {name} again"
    if at_once:
        return f"Stopped at once: what was under way may not be on record. {again}; it says what is locked."
    return f"Interrupted. What was done is on record. {again}."


def _target(environment: "Environment") -> str:
    platform = environment.platform
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    return f"the AWS at {endpoint}" if endpoint else f"account {platform.account} in {platform.region}"


def _check_endpoint(name: str) -> None:
    """Refuse an address left over from a local AWS that is gone: Pulumi would wait half a minute a stack for it."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return
    where = urlsplit(endpoint)
    try:
        address = (where.hostname or "", where.port or (443 if where.scheme == "https" else 80))
        socket.create_connection(address, timeout=5).close()
    except (OSError, ValueError) as error:
        say_no(
            f"AWS_ENDPOINT_URL is {endpoint}, and nothing answers there ({error}): "
            f"start corral up {name} --local --serve --empty again and export its lines, or unset it for the account"
        )


def _ask(action: "Action", stacks: Sequence[str], target: str, yes: bool, silent: bool) -> None:
    what = f"{'Destroy' if action == 'destroy' else 'Deploy'} {', '.join(stacks)} on {target}"
    if yes:
        if not silent:
            console.print(f"{what}.", highlight=False)
    elif not agreed(f"{what}?", err=silent):  # standard output holds the document alone
        raise typer.Exit(1)


def _on_interrupt(stop: Callable[[], None], progress: "Progress") -> list[int]:
    """Have the first Ctrl-C or SIGTERM stop in order and the second at once; returns those that came."""
    came: list[int] = []

    def interrupted(number: int, _: object) -> None:
        came.append(number)
        progress.say(
            "stopping when what has begun is done; Ctrl-C again stops at once"
            if len(came) == 1
            else "stopping"
        )
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    return came
