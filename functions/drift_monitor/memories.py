"""What is kept of each agent from one pass to the next: the detector's memory, and what was last found and said."""

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from functions.common.aws import client
from functions.common.drift import KEPT_SECONDS, accepted_key
from functions.drift_monitor.detect.memory import Memory

_READ, _WRITTEN = 100, 25  # items in one call
_ROUNDS = 5  # of what DynamoDB did not get to


@dataclass
class Found:
    """What was last found of a metric. `since`: when this state began. `told`: whether the team has been."""

    state: str
    score: float
    reason: str
    since: int
    told: bool = False


@dataclass
class Kept:
    """What is kept of one agent, by metric. `name`: team/agent, for people who look.

    `accepted`: when its owner last took a metric as it was then, in epoch seconds.
    """

    name: str = ""
    memories: dict[str, Memory] = field(default_factory=dict)
    found: dict[str, Found] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)


class UnfinishedError(Exception):
    """DynamoDB would not take or give everything."""


def read(agents: Sequence[str]) -> dict[str, Kept]:
    """Read what is kept of some agents, by their ARN; of a new one, nothing."""
    table = os.environ["DRIFT_TABLE"]
    items: dict[str, Mapping[str, Any]] = {}
    keys = [key for agent in agents for key in (agent, accepted_key(agent))]
    for part in _parts(keys, _READ):
        asked: dict[str, Any] = {table: {"Keys": [{"agent": {"S": agent}} for agent in part]}}
        for _ in range(_ROUNDS):
            answer = client("dynamodb").batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(table, ()):
                items[item["agent"]["S"]] = item
            asked = answer.get("UnprocessedKeys") or {}
            if not asked:
                break
            time.sleep(0.2)
        if asked:
            raise UnfinishedError("some of what is kept was not given")
    return {agent: _from(items.get(agent), items.get(accepted_key(agent))) for agent in agents}


def write(kept: Mapping[str, Kept], now: int) -> None:
    """Keep it."""
    table = os.environ["DRIFT_TABLE"]
    items = [{"PutRequest": {"Item": _item(agent, each, now)}} for agent, each in kept.items()]
    for part in _parts(items, _WRITTEN):
        asked: dict[str, Any] = {table: part}
        for _ in range(_ROUNDS):
            asked = client("dynamodb").batch_write_item(RequestItems=asked).get("UnprocessedItems") or {}
            if not asked:
                break
            time.sleep(0.2)
        if asked:
            raise UnfinishedError("some of what is to be kept was not taken")


def _item(agent: str, kept: Kept, now: int) -> dict[str, Any]:
    return {
        "agent": {"S": agent},
        "name": {"S": kept.name},
        "judged_at": {"N": str(now)},
        "memories": {"S": _json({name: memory.to_json() for name, memory in kept.memories.items()})},
        "found": {"S": _json({name: asdict(found) for name, found in kept.found.items()})},
        "expires_at": {"N": str(now + KEPT_SECONDS)},
    }


def _from(item: Mapping[str, Any] | None, accepted: Mapping[str, Any] | None) -> Kept:
    kept = Kept()
    if item is not None:
        kept.name = item["name"]["S"]
        kept.memories = {
            name: Memory.from_json(data) for name, data in json.loads(item["memories"]["S"]).items()
        }
        kept.found = {name: Found(**data) for name, data in json.loads(item["found"]["S"]).items()}
    for name, value in (accepted or {}).items():
        if name not in ("agent", "expires_at"):
            kept.accepted[name] = int(value["N"])
    return kept


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _parts(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (items[first : first + size] for first in range(0, len(items), size))
