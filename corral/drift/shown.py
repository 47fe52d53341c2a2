"""What the drift monitor last found of the agents of an environment, read from where it keeps it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.drift_monitor.detect.baseline import Baseline
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.words import shown


@dataclass(frozen=True)
class Row:
    """A metric of an agent. Times in seconds since 1970; a baseline's level as people read it, None without one."""

    agent: str  # team/agent
    metric: str
    state: str
    score: float
    since: int | None
    reason: str
    baseline: str | None
    baseline_version: str | None
    baseline_samples: int | None
    judged_at: int | None

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return dict(vars(self))


def rows(dynamodb: Any, table: str, agents: Sequence[str]) -> list[Row]:
    """Read what is kept of agents (team/agent), in their order. One row an agent and metric.

    `dynamodb` is boto3's client. Raises what it raises.
    """
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items: dict[str, dict[str, Any]] = {}
    for page in pages:
        for item in page["Items"]:
            if "name" not in item:
                continue  # what an owner accepted, which the monitor has not taken up yet
            before = items.get(item["name"]["S"])
            # One of that name that was replaced is kept for a while beside it.
            if before is None or int(before["judged_at"]["N"]) < int(item["judged_at"]["N"]):
                items[item["name"]["S"]] = item
    return [row for name in agents for row in _of(name, items.get(name))]


def _of(name: str, item: Mapping[str, Any] | None) -> list[Row]:
    if item is None:
        never = "the monitor has not judged it yet"
        return [Row(name, metric, "unknown", 0.0, None, never, None, None, None, None) for metric in METRICS]
    found, memories = (json.loads(item[key]["S"]) for key in ("found", "memories"))
    made = []
    for metric in METRICS:
        said, kept = found.get(metric), memories.get(metric) or {}
        if said is None:
            continue
        baseline = Baseline.from_json(kept["baseline"]) if kept.get("baseline") else None
        made.append(
            Row(
                *(name, metric, said["state"], said["score"], said["since"], said["reason"]),
                None if baseline is None else _level(metric, baseline),
                None if baseline is None else baseline.version,
                None if baseline is None else baseline.samples,
                int(item["judged_at"]["N"]),
            )
        )
    return made


def _level(metric: str, baseline: Baseline) -> str:
    of = METRICS[metric]
    return shown(of, math.exp(baseline.level) if of.kind == "amount" else baseline.level)
