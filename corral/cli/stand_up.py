"""An environment stood up on a new local AWS: what `corral up` shows and `corral invoke` needs."""

from contextlib import ExitStack
from pathlib import Path

import typer

from corral.cli import show
from corral.cli.progress import Progress
from corral.local.deploy import deploy
from corral.local.engine import Host, StackResult
from corral.local.session import STATE_FOLDER, Session
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
    platform = environment.platform
    host = stack.enter_context(Host())  # its imports take a while: it starts first
    log = root / STATE_FOLDER / f"{platform.environment}.log"
    session = stack.enter_context(Session.start(platform.account, platform.region, log, port))
    results = deploy(host, session, root, environment, teams, progress.event)
    if not all(result.ok for result in results.values()):
        progress.stop()
        show.errors(results, as_json)
        raise typer.Exit(1)
    host.close()  # it holds much memory, and is done
    return session, results
