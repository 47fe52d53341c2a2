"""Which agents there are to watch, as their teams' stacks wrote them, and which of them people have stopped."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from functions.common.aws import client
from functions.common.overrides import SUSPENDED, Override, everything, scopes, strictest
from functions.drift_monitor.detect.metrics import METRICS, Metric
from functions.drift_monitor.verdict import Wanted

_CANARY = {"Endpoint": "canary"}  # as the supervisor measures what is tried


@dataclass(frozen=True)
class Watched:
    """An agent to judge. `service` is the name its scores are kept under, `accuracy` the evaluator that gives them.

    `tolerances`: the template's, by metric. `suspended`: why, if a person stopped it. `canary`: what its team asks of
    new versions, whose scores are kept under `canary_service`. `endpoint`: one more dimension of its metrics.
    """

    arn: str  # of its harness
    environment: str
    team: str
    name: str
    version: str
    topic: str
    service: str
    accuracy: str
    tolerances: Mapping[str, float]
    priced: bool
    suspended: str | None = None
    canary: Wanted | None = None
    canary_service: str = ""
    endpoint: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """Its name, as people write it: team/agent."""
        return f"{self.team}/{self.name}"

    @property
    def dimensions(self) -> dict[str, str]:
        """The dimensions of its metrics."""
        return {"Environment": self.environment, "Team": self.team, "Agent": self.name, **self.endpoint}

    @property
    def tried(self) -> "Watched":
        """The same agent where its canary answers."""
        return replace(self, arn=f"{self.arn} canary", service=self.canary_service, endpoint=_CANARY)

    def metric(self, name: str) -> Metric:
        """A metric as this agent is held to it."""
        share = self.tolerances.get(name)
        return METRICS[name] if share is None else replace(METRICS[name], tolerance=share)


def watched() -> list[Watched]:
    """Read all agents of the environment, in the order of their names. Raises on an item that cannot be read."""
    above = {each.scope: each for each in everything()}
    found = [_read(item, above) for item in _items() if item["item"]["S"] == "config" and "watch" in item]
    return sorted(found, key=lambda agent: (agent.team, agent.name))


def _read(item: Mapping[str, Any], above: Mapping[str, Override]) -> Watched:
    said, team = json.loads(item["watch"]["S"]), item["team"]["S"]
    canary = json.loads(item["canary"]["S"]) if "canary" in item else None
    holds = strictest(above[scope] for scope in scopes(team, item["key"]["S"]) if scope in above)
    return Watched(
        arn=item["agent"]["S"],
        environment=item["environment"]["S"],
        team=team,
        name=item["name"]["S"],
        version=said["version"],
        topic=said["topic"],
        service=said["service"],
        accuracy=said["accuracy"],
        tolerances=said["tolerances"],
        priced="price" in item,
        suspended=holds.reason if holds is not None and holds.mode == SUSPENDED else None,
        canary=canary and Wanted(canary["share"], canary["hours"], canary["at_least"]),
        canary_service=canary["service"] if canary else "",
    )


def _items() -> Iterator[dict[str, Any]]:
    pages = client("dynamodb").get_paginator("scan").paginate(TableName=os.environ["AGENTS_TABLE"])
    for page in pages:
        yield from page["Items"]
