"""An environment stood up on a new local AWS: what `corral up` shows and `corral invoke` needs."""

import signal
from contextlib import ExitStack
from pathlib import Path

import typer

from corral.cli import show
from corral.cli.progress import Progress
from corral.local.engine import StackResult
from corral.local.rehearse import NotDeployedError, stage
from corral.local.session import Session
from corral.spec.load import Environment


def stand_up(
    stack: ExitStack,
    root: Path,
    environment: Environment,
    teams: list[str],
    progress: Progress,
    *,
    as_json: bool,
    port: int = 0,
) -> tuple[Session, dict[str, StackResult]]:
    """Start a local AWS that ends with `stack`, and deploy to it. Shows what stopped a deployment and ends with 1.

    Raises LocalAwsError when the local AWS does not start.
    """
    try:
        return stack.enter_context(stage(root, environment, teams, progress.event, port))
    except NotDeployedError as error:
        progress.stop()
        show.errors(error.results, as_json)
        raise typer.Exit(1) from None


def quiet_interrupts() -> None:
    """Ctrl-C before anything is served ends the run as a refusal would: everything was local and is gone."""

    def interrupted(*_: object) -> None:
        raise typer.Exit(130)

    signal.signal(signal.SIGINT, interrupted)
