"""What a scope stands for: the agents that are deployed, by team, name and key."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr

from functions.common.aws import table
from functions.common.errors import ApiError
from functions.common.overrides import ENVIRONMENT

SCOPE = re.compile(r"\*|[a-z][a-z0-9-]{0,39}(/[a-z][a-z0-9-]{0,39})?")


@dataclass(frozen=True)
class Scope:
    """A scope as people name it, and the `key` it has in the table. Team and agent are None where it is wider."""

    key: str
    team: str | None = None
    agent: str | None = None

    @property
    def name(self) -> str:
        """How people call it."""
        if self.team is None:
            return f"environment {os.environ['ENVIRONMENT']}"
        return self.team if self.agent is None else f"{self.team}/{self.agent}"


def scope_of(named: str) -> Scope:
    """Return the scope "*", a team, or <team>/<agent>. Raises ApiError 404 for an agent that is not deployed."""
    if named == ENVIRONMENT:
        return Scope(ENVIRONMENT)
    team, _, agent = named.partition("/")
    keys = deployed(team)
    if not keys:
        raise ApiError(404, "unknown_team", f"No agent of a team {team} is deployed.")
    if not agent:
        return Scope(team, team)
    if agent not in keys:
        raise ApiError(
            404, "unknown_agent", f"Team {team} has no agent {agent}. It has {', '.join(sorted(keys))}."
        )
    return Scope(f"{team}/{keys[agent]}", team, agent)


def deployed(team: str | None = None) -> dict[str, str]:
    """Return the key of each agent by its name: a team's, or of all teams by <team>/<name>."""
    return {
        item["name"] if team is not None else f"{item['team']}/{item['name']}": item["key"]
        for item in items(team)
    }


def stopped_by(alarm: str) -> tuple[Scope, int] | None:
    """Return the agent that an alarm of this name suspends, and its cool-down in hours; None if it suspends none."""
    for item in items():
        asked = json.loads(item.get("watch", "{}")).get("suspend")
        if asked is not None and asked["alarm"] == alarm:
            scope = Scope(f"{item['team']}/{item['key']}", item["team"], item["name"])
            return scope, asked["cooldown_hours"]
    return None


def items(team: str | None = None) -> Iterator[dict[str, Any]]:
    """Read what is known of each agent, of a team or of all."""
    wanted = Attr("item").eq("config")
    if team is not None:
        wanted &= Attr("team").eq(team)
    start: dict[str, object] = {}
    while True:
        page = table(os.environ["AGENTS_TABLE"]).scan(FilterExpression=wanted, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
