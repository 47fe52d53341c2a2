"""The tags of every resource, from one source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pulumi_aws_native import TagArgs

TEAM_TAG = "corral:team"  # the cost allocation tag that budgets go by
_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9 ._:/=+@-]")  # in a tag's value, by the strictest of the services


@dataclass(frozen=True)
class Tags:
    """Whose a resource is. `team` is "platform" for what all teams share."""

    environment: str
    team: str
    owner: str
    cost_center: str | None = None
    agent: str | None = None

    def of_agent(self, agent: str) -> "Tags":
        """Return the tags of one agent of this team."""
        return replace(self, agent=agent)

    def as_dict(self) -> Mapping[str, str]:
        """Return the tags as pulumi_aws, and some of pulumi_aws_native, want them."""
        values = {
            "corral:environment": self.environment,
            TEAM_TAG: self.team,
            "corral:agent": self.agent,
            "corral:owner": self.owner,
            "corral:cost-center": self.cost_center,
        }
        return {key: _NOT_ALLOWED.sub("-", value) for key, value in values.items() if value is not None}

    def as_list(self) -> list[TagArgs]:
        """Return the tags as the rest of pulumi_aws_native wants them."""
        return [TagArgs(key=key, value=value) for key, value in self.as_dict().items()]
