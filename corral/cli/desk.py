"""The override function, as commands ask it: who asks, and the reason that is kept."""

from pathlib import Path
from typing import TYPE_CHECKING

from corral.cli.project import say_no

if TYPE_CHECKING:
    from corral.override import Desk
    from corral.spec.load import Environment


def desk_of(root: Path, environment: "Environment", team: str | None, local: bool) -> "Desk":
    """Return where an operator of a team, or of the platform, asks. Ends the command where there is none."""
    from corral.override import NoDeskError, account_desk, local_desk

    platform = environment.platform
    try:
        return local_desk(root, platform.environment, team) if local else account_desk(platform, team)
    except NoDeskError as error:
        say_no(str(error))


def kept_reason(reason: str) -> str:
    """Return a reason without space around it. Ends the command when it is too short or too long."""
    if not 3 <= len(reason.strip()) <= 300:
        say_no("--reason: give 3 to 300 characters; they are kept", 2)
    return reason.strip()
