"""corral up and destroy with the real Pulumi CLI: ask, show the progress of all stacks in one view, sum up."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from corral.cli.project import console, say_no

if TYPE_CHECKING:
    from corral.cli.progress import Progress
    from corral.deployment.outcome import Outcome
    from corral.deployment.stacks import Action
    from corral.spec.load import Environment

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing anything.")]
ParallelOption = Annotated[int, typer.Option("--parallel", min=1, max=64, help="Team stacks side by side.")]

_SIGNS = {
    "created": "[green]+[/green]",
    "updated": "[yellow]~[/yellow]",
    "replaced": "[magenta]±[/magenta]",
    "deleted": "[red]-[/red]",
}
_WOULD = {
    "created": "create",
    "updated": "update",
    "replaced": "replace",
    "deleted": "delete",
    "unchanged": "leave",
}
_INTERRUPTED = 130
_MOST_LISTED = 20  # of what is created or deleted: more is a stack's whole, which its count tells as well


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
    verbose: bool = False,
    as_json: bool,
) -> None:
    """Run it and end with 0 when every stack is done, 1 when one is not, 130 after an interrupt."""
    from corral.cli.progress import Progress
    from corral.deployment.pulumi_cli import PulumiCli, PulumiMissingError
    from corral.deployment.stacks import Deployment

    try:
        cli = PulumiCli()
    except PulumiMissingError as error:
        say_no(str(error))
    name = environment.platform.environment
    stacks = [*([name] if platform else []), *(f"{name}.{team}" for team in teams)]
    if action != "preview":
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
        )
        interrupts = _on_interrupt(deployment.interrupt, progress)
        outcomes = deployment.run(action, platform, teams)
    if as_json:
        console.print_json(json.dumps([asdict(outcome) for outcome in outcomes]))
    else:
        _show(outcomes, action, time.monotonic() - started, verbose)
    if interrupts:
        if not as_json:
            console.print(
                f"Interrupted. What was done is on record: run corral {action} {name} again to go on."
            )
        raise typer.Exit(_INTERRUPTED)
    if any(outcome.state != "done" for outcome in outcomes):
        raise typer.Exit(1)


def _target(environment: "Environment") -> str:
    platform = environment.platform
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    return f"the AWS at {endpoint}" if endpoint else f"account {platform.account} in {platform.region}"


def _ask(action: "Action", stacks: Sequence[str], target: str, yes: bool, silent: bool) -> None:
    what = f"{'Destroy' if action == 'destroy' else 'Deploy'} {', '.join(stacks)} on {target}"
    if yes:
        if not silent:
            console.print(f"{what}.", highlight=False)
    elif not sys.stdin.isatty():
        say_no(f"{what}? Nobody is there to answer: give --yes.", 2)
    elif not typer.confirm(f"{what}?"):
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


def _show(outcomes: "Sequence[Outcome]", action: "Action", seconds: float, verbose: bool) -> None:
    for outcome in outcomes:
        console.print(_headline(outcome, action), highlight=False)
        for change in outcome.changes:
            if (
                change.what in ("created", "deleted")
                and not verbose
                and outcome.counts()[change.what] > _MOST_LISTED
            ):
                continue
            properties = f"  [dim]{', '.join(change.properties)}[/dim]" if change.properties else ""
            console.print(
                f"    {_SIGNS[change.what]} {escape(change.name)}  [dim]{change.type}[/dim]{properties}",
                highlight=False,
            )
        for problem in outcome.problems:
            where = " ".join(part for part in (problem.place, problem.resource) if part)
            console.print(
                f"    [red]✗[/red] {escape(where)}" if where else "    [red]✗[/red]", highlight=False
            )
            for line in problem.message.splitlines():
                console.print(f"      {escape(line)}", highlight=False)
    console.print(f"[dim]{seconds:.1f} s[/dim]", highlight=False)


def _headline(outcome: "Outcome", action: "Action") -> str:
    mark = {"done": "[green]✓[/green]", "failed": "[red]✗[/red]", "skipped": "[dim]-[/dim]"}[outcome.state]
    if outcome.state == "skipped":
        return f"{mark} {outcome.stack}  [dim]not begun: {outcome.reason}[/dim]"
    counts = {**outcome.counts(), "unchanged": outcome.unchanged}
    said = ", ".join(
        f"{count} to {_WOULD[what]}" if action == "preview" else f"{count} {what}"
        for what, count in counts.items()
        if count
    )
    return (
        f"{mark} [bold]{outcome.stack}[/bold]  {said or 'nothing there'}  [dim]{outcome.seconds:.1f} s[/dim]"
    )
