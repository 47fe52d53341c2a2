"""Who may deploy what, and when: the part of platform.yaml that `corral up` and `corral destroy` hold people to."""

from datetime import UTC, date, tzinfo
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from corral.spec.model import Model
from corral.spec.names import TeamName

Stage = Literal["experiment", "pilot", "integration", "multi-agent", "enterprise"]
PrincipalArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:(root|user/.+|role/.+)$")
]
# An account's root stands for whoever may do something in it, so that nobody could say who decided.
ApproverArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:(user|role)/([!-~]+/)?[A-Za-z0-9_+=,.@-]{2,64}$"),
]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ClockTime = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]

STAGES: tuple[Stage, ...] = get_args(Stage)
PLATFORM = "platform"  # where a team's name may stand, for the platform itself
DAYS: tuple[Day, ...] = get_args(Day)


class Right(Model):
    """Who may deploy agents at which stages, of which teams."""

    principals: tuple[PrincipalArn, ...] = Field(min_length=1)
    stages: tuple[Stage, ...] = Field(default=STAGES, min_length=1)
    teams: tuple[TeamName, ...] | None = Field(
        default=None, min_length=1, description="Absent: every team, and the platform itself."
    )


class Window(Model):
    """Hours in which deployments are open. Without any window they always are."""

    days: tuple[Day, ...] = Field(min_length=1)
    start: ClockTime
    end: ClockTime


class Freeze(Model):
    """Days, the first and the last included, on which nothing is deployed."""

    start: date
    until: date
    reason: str = Field(min_length=3, max_length=300)
    exempt: tuple[TeamName, ...] = Field(
        default=(), description='Teams that deploy all the same; "platform" is the platform itself.'
    )


class Deploy(Model):
    """Who may deploy, and when. Runs on the local AWS are never held to it."""

    rights: tuple[Right, ...] = Field(
        default=(), description="Absent: whoever AWS lets. Otherwise nobody but those named here."
    )
    time_zone: str = Field(default="UTC", min_length=1, max_length=64)
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    override: tuple[PrincipalArn, ...] = Field(
        default=(), description="Who may deploy outside the windows and in a freeze, with a reason."
    )


def session_name(principal: str) -> str:
    """Return the name of a principal in sessions of roles that tell people apart: the last part of its ARN."""
    return principal.rpartition("/")[2]


def zone(name: str) -> tzinfo:
    """Return a time zone by its name. Raises ValueError when the system knows none of that name."""
    if name == "UTC":
        return UTC  # also where there is no database of time zones
    try:
        return ZoneInfo(name)
    except (OSError, KeyError) as error:  # a folder of zones; no such zone
        raise ValueError(name) from error
