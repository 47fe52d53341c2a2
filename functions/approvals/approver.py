"""Who decides: a person in the approver role of a team, as AWS has verified them.

The person is the name of the role's session. The role's trust gives each of a team's approvers one name and no
other, and so does the operator role's for those who hold both: one person has the same name in either.
"""

import os
from dataclasses import dataclass
from typing import Any

from functions.common.approvals import Item, now
from functions.common.aws import table
from functions.common.errors import ApiError
from functions.common.session import began

_ROLE_SUFFIX = "-approver"


@dataclass(frozen=True)
class Approver:
    """A person of a team's approver role. `arn` is that of the role's session."""

    arn: str
    team: str
    name: str

    @classmethod
    def of(cls, event: dict[str, Any]) -> "Approver":
        """Return who sent a request to the function's URL. ApiError if that is no approver of any team."""
        caller = ((event["requestContext"].get("authorizer") or {}).get("iam") or {}).get("userArn")
        role, _, name = (caller or "").removeprefix(_roles()).partition("/")
        team = role.removesuffix(_ROLE_SUFFIX)
        # A URL without IAM authentication is a mistake that must not let anybody decide.
        if not caller or not caller.startswith(_roles()) or team in ("", role) or not name:
            raise ApiError(403, "forbidden", "Approvals are decided in the approver role of a team.")
        return cls(caller, team, name)

    def check(self, item: Item) -> None:
        """Check that this person may decide on a call. ApiError says why not."""
        agents = table(os.environ["AGENTS_TABLE"])
        key = {"agent": item["agent"], "item": "config"}
        config = agents.get_item(Key=key, ConsistentRead=True).get("Item")
        if config is None or config["team"] != self.team:
            raise ApiError(409, "no_agent", "The agent that asked is no more: its call does not run.")
        if began(item["session_id"], f"{_roles()}{self.team}-operator/{self.name}", item["agent_name"]):
            message = "You asked for this yourself, by what you said to the agent: somebody else decides."
            raise ApiError(403, "requester", message)
        if self.name in config["approvers"]:
            return
        if self.name != item["delegate"]:
            raise ApiError(403, "forbidden", f"{self.name} is no approver of this agent's calls.")
        if now() < item["escalates_at"]:
            raise ApiError(
                403, "not_yet", "A delegate decides once the approvers have let half of the time pass."
            )


def _roles() -> str:
    """How the ARNs begin of sessions of teams' roles: arn:aws:sts::<account>:assumed-role/corral-<env>-team-."""
    return os.environ["TEAM_ROLES"]
