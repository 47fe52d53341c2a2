"""Whether someone may deploy something now, by the decision rights of platform.yaml.

What AWS lets a person do is IAM's to say; this says what the company lets them do. It is asked before Pulumi is
begun, by people's commands and by pipelines alike, since both run `corral up`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from corral.spec.errors import listed
from corral.spec.load import Environment
from corral.spec.rights import DAYS, PLATFORM, Deploy, Freeze, Right, Window, zone

_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOUR = "%H:%M"


class RightsError(Exception):
    """Someone may not deploy this now. The text says what is closed, until when, and who may all the same."""


@dataclass(frozen=True)
class Wanted:
    """What is to be deployed or destroyed: the platform itself or not, and teams."""

    platform: bool
    teams: Sequence[str]

    @property
    def names(self) -> list[str]:
        """Each part by the name that freezes exempt it by."""
        return [*([PLATFORM] if self.platform else []), *self.teams]


def check(
    environment: Environment,
    wanted: Wanted,
    caller: Callable[[], str],
    reason: str | None = None,
    now: datetime | None = None,
) -> str | None:
    """Check that the caller may do it now. `reason` is why closed hours or a freeze are to be overridden.

    Returns what is to be kept on record of an override, or None when there was nothing to override. Raises
    RightsError. `caller` gives the ARN of who asks, as STS tells it; it is asked only if that matters.
    """
    deploy = environment.platform.deploy
    if deploy is None:
        return None
    who = ""
    if deploy.rights:
        who = caller()
        _check_rights(environment, deploy, wanted, who)
    closed = closures(deploy, wanted, now or datetime.now(UTC))
    if not closed:
        return None
    may = f"With --override-freeze REASON may deploy: {listed(deploy.override)}."
    if reason is None:
        raise RightsError("\n".join([*closed, may]))
    who = who or caller()
    if not any(is_session_of(who, principal) for principal in deploy.override):
        raise RightsError("\n".join([*closed, f"{who} may not override that. {may}"]))
    return f"override by {who}: {reason} ({' '.join(closed)})"


def is_session_of(caller: str, principal: str) -> bool:
    """Whether a caller, as STS tells its ARN, is an IAM principal or a session of it.

    STS leaves a role's path out; two roles of an account cannot share a name.
    """
    _, _, _, _, account, who = caller.split(":", 5)
    _, _, _, _, wanted_account, wanted = principal.split(":", 5)
    if account != wanted_account:
        return False
    if wanted == "root":
        return True  # everyone in the account, as in IAM's own policies
    if who.startswith("assumed-role/"):
        return wanted.startswith("role/") and who.split("/")[1] == wanted.rpartition("/")[2]
    return who == wanted


def closures(deploy: Deploy, wanted: Wanted, now: datetime) -> list[str]:
    """Return why deployments are closed at a time, each reason with when that ends. Nothing when they are open."""
    where = zone(deploy.time_zone)
    here = now.astimezone(where)
    found = []
    for freeze in deploy.freezes:
        frozen = [name for name in wanted.names if name not in freeze.exempt]
        if frozen and freeze.start <= here.date() <= freeze.until:
            found.append(_frozen(freeze, frozen, deploy))
    if deploy.windows and not _open(deploy.windows, here):
        opens = _next_opening(deploy.windows, here, where)
        found.append(
            f"Deployments are closed on {_DAY_NAMES[here.weekday()]} at {here.strftime(_HOUR)} {deploy.time_zone}; "
            f"they open on {_DAY_NAMES[opens.weekday()]}, {opens.strftime('%Y-%m-%d at %H:%M')}."
        )
    return found


def _check_rights(environment: Environment, deploy: Deploy, wanted: Wanted, who: str) -> None:
    mine = [right for right in deploy.rights if any(is_session_of(who, arn) for arn in right.principals)]
    name = environment.platform.environment
    problems = []
    if wanted.platform and not any(right.teams is None for right in mine):
        may = _principals(right for right in deploy.rights if right.teams is None)
        problems.append(f"{who} may not deploy the platform {name}. Allowed: {listed(may)}.")
    for team in wanted.teams:
        for stage, agents in _stages(environment, team).items():
            if any(_covers(right, team, stage) for right in mine):
                continue
            may = _principals(right for right in deploy.rights if _covers(right, team, stage))
            what = (
                f"agents at stage {stage} of team {team} ({', '.join(agents)})" if stage else f"team {team}"
            )
            problems.append(f"{who} may not deploy {what}. Allowed: {listed(may)}.")
    if problems:
        raise RightsError("\n".join(problems))


def _stages(environment: Environment, team: str) -> Mapping[str, list[str]]:
    """The agents of a team by stage; for one without agents the empty stage, which every right covers."""
    found: dict[str, list[str]] = {}
    for agent in environment.agents[team].values():
        found.setdefault(agent.stage, []).append(agent.name)
    return found or {"": []}


def _covers(right: Right, team: str, stage: str) -> bool:
    return (right.teams is None or team in right.teams) and (not stage or stage in right.stages)


def _principals(rights: Iterable[Right]) -> set[str]:
    return {arn for right in rights for arn in right.principals}


def _frozen(freeze: Freeze, frozen: Sequence[str], deploy: Deploy) -> str:
    exempt = f", {listed(freeze.exempt)} exempt" if freeze.exempt else ""
    return (
        f"{listed(frozen)} may not be deployed from {freeze.start} until {freeze.until}, that day included "
        f"({deploy.time_zone}){exempt}: {freeze.reason.rstrip('.')}."
    )


def _open(windows: Sequence[Window], here: datetime) -> bool:
    day, time = DAYS[here.weekday()], here.strftime(_HOUR)
    return any(day in window.days and window.start <= time < window.end for window in windows)


def _next_opening(windows: Sequence[Window], here: datetime, where: tzinfo) -> datetime:
    """The next time that a window starts: within a week and a day, as each has a day."""
    starts = []
    for ahead in range(8):
        day = here.date() + timedelta(days=ahead)
        for window in windows:
            hour, minute = divmod(int(window.start.replace(":", "")), 100)
            if DAYS[day.weekday()] in window.days and hour < 24:
                starts.append(datetime(day.year, day.month, day.day, hour, minute, tzinfo=where))
    return min(start for start in starts if start > here)
