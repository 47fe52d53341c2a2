"""What the decision rights of a platform file must hold that their models cannot see."""

from collections.abc import Iterable, Sequence
from zoneinfo import available_timezones

from corral.spec.document import Loaded
from corral.spec.errors import show, suggestion, unknown
from corral.spec.platform import Platform
from corral.spec.rights import PLATFORM, zone
from corral.spec.source import Location, dotted


def check_rights(loaded: Loaded[Platform], platform: Platform, teams: Iterable[str]) -> None:
    """Check time zone, times, dates and the names of teams."""
    deploy = platform.deploy
    if deploy is None:
        return
    known = sorted(teams)
    try:
        zone(deploy.time_zone)
    except ValueError:
        loaded.error(
            ("deploy", "time_zone"),
            f"deploy.time_zone: unknown time zone {show(deploy.time_zone)}",
            f"Allowed: a name such as Europe/Dublin.{suggestion(deploy.time_zone, available_timezones())}",
        )
    for index, window in enumerate(deploy.windows):
        if window.end <= window.start:
            loaded.error(
                ("deploy", "windows", index, "end"),
                f"deploy.windows[{index}]: it ends at {window.end} and starts at {window.start}",
                "Make two windows of one that goes over midnight; a day ends at 24:00.",
            )
    for index, freeze in enumerate(deploy.freezes):
        if freeze.until < freeze.start:
            loaded.error(
                ("deploy", "freezes", index, "until"),
                f"deploy.freezes[{index}]: it lasts until {freeze.until} and starts on {freeze.start}",
                "Both days are part of it.",
            )
        _check_teams(loaded, ("deploy", "freezes", index, "exempt"), freeze.exempt, [*known, PLATFORM])
    for index, right in enumerate(deploy.rights):
        _check_teams(loaded, ("deploy", "rights", index, "teams"), right.teams or (), known)


def _check_teams(
    loaded: Loaded[Platform], place: Location, named: Sequence[str], known: Sequence[str]
) -> None:
    for index, team in enumerate(named):
        if team not in known:
            message, hint = unknown("team", team, known)
            here = (*place, index)
            loaded.error(here, f"{dotted(here)}: {message}", hint)
