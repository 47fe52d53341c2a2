"""Who is asking, and what they may override: operators their own team, the platform's operators everything.

Lambda has verified the signature; what it tells is a session of a role, without the role's path. A role's name may be
given by whoever may make roles, each team's deployers below their team's path: so IAM is asked for the path.
"""

import os
import re

from functions.common.aws import client, error_code
from functions.common.errors import ApiError

_SESSION = re.compile(r"arn:[a-z-]+:sts::\d{12}:assumed-role/([^/]+)/[^/]+")
PLATFORM = "platform"


def team_of(caller_arn: str) -> str | None:
    """Return the team whose operator the caller is, None for the platform's own. Raises ApiError 403 for others."""
    session = _SESSION.fullmatch(caller_arn)
    name = session[1] if session else ""
    environment = os.environ["ENVIRONMENT"]
    of_team = re.fullmatch(rf"corral-{environment}-team-(.+)-operator", name)
    owner = of_team[1] if of_team else PLATFORM
    if (of_team or name == f"corral-{environment}-operator") and _path(
        name
    ) == f"/corral/{environment}/{owner}/":
        return of_team[1] if of_team else None
    raise ApiError(
        403,
        "forbidden",
        f"{caller_arn} is neither an operator of a team nor of the platform: take that role first.",
    )


def check(team: str | None, scope: str) -> None:
    """Refuse a scope that is not within a team; None, the platform, has all. Raises ApiError 403."""
    if team is not None and scope.partition("/")[0] != team:
        what = "the whole environment" if scope == "*" else scope
        raise ApiError(
            403, "forbidden", f"Operators of team {team} may override {team} and its agents, not {what}."
        )


def _path(role: str) -> str:
    try:
        return str(client("iam").get_role(RoleName=role)["Role"]["Path"])
    except Exception as error:
        raise ApiError(
            502, "unavailable", f"IAM does not say whose role {role} is: {error_code(error)}"
        ) from error
