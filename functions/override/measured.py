"""What was measured of an agent over a period, and whether it keeps to a gate: read here, so that nobody else says it.

What cannot be measured does not pass, and its value says why.
"""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.common.aws import client, table
from functions.common.emf import NAMESPACE
from functions.common.overrides import in_force
from functions.override.targets import Agent

DAY_SECONDS = 24 * 3600
JUDGED_WITHIN_SECONDS = DAY_SECONDS  # a monitor that has stood still says nothing of today
_METRICS = ("JourneyCompletion", "ErrorRate", "HumanOverrideRate", "CostPerTask")
_JUDGED = (
    "quiet",
    "watch",
    "better",
)  # the monitor's states in which an accuracy has been compared, and is no alarm
_SUSPENDED = "suspended"  # how the monitor's reason begins for an agent that it did not judge

Figure = dict[str, Any]  # `what`, its `value` and `limit` as people read them, and whether it is `ok`


def figures(
    agent: Agent, gate: dict[str, Any], config: dict[str, Any], moves: list[dict[str, Any]]
) -> list[Figure]:
    """Look at all that a gate asks.

    `config` is the agent's item, `moves` are the times people moved it to another version. Raises botocore's errors.
    """
    sums = _sums(agent, gate["days"])
    tasks = round(sums["JourneyCompletion"][1])
    found = [
        _figure(
            f"tasks in {gate['days']} days", str(tasks), f"at least {gate['tasks']}", tasks >= gate["tasks"]
        ),
        _rate("error rate", sums["ErrorRate"], gate["error_rate"], "calls", config),
        _rate(
            "human override rate",
            sums["HumanOverrideRate"],
            gate["human_override_rate"],
            "decided calls",
            config,
        ),
        _cost(sums["CostPerTask"], gate["cost_per_task_usd"], config),
        _accuracy(agent, gate["accuracy_drift"]),
        _trail(),
        _decisions(),
    ]
    above = in_force(agent.team, agent.key.partition("/")[2])
    found.append(_figure("put above it", above.mode if above else "nothing", "nothing", above is None))
    if gate["rehearsed"]:
        back = [str(move["at"]) for move in moves if not move["lifted"] and move["arn"] == agent.arn]
        said = f"on {back[-1][:10]}" if back else "never"
        found.append(_figure("rollback rehearsed", said, "once", bool(back)))
    return found


def _sums(agent: Agent, days: int) -> dict[str, tuple[float, float]]:
    """Return sum and count of each metric over the last days."""
    until = datetime.now(UTC)
    dimensions = {"Environment": os.environ["ENVIRONMENT"], "Team": agent.team, "Agent": agent.agent}
    queries = [
        {
            "Id": f"{letter}{index}",
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                },
                "Period": DAY_SECONDS,
                "Stat": statistic,
            },
        }
        for index, name in enumerate(_METRICS)
        for letter, statistic in (("s", "Sum"), ("n", "SampleCount"))
    ]
    totals = {str(query["Id"]): 0.0 for query in queries}
    pages = (
        client("cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(MetricDataQueries=queries, StartTime=until - timedelta(days=days), EndTime=until)
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            totals[result["Id"]] += sum(result["Values"])
    return {name: (totals[f"s{index}"], totals[f"n{index}"]) for index, name in enumerate(_METRICS)}


def _rate(what: str, measured: tuple[float, float], limit: float, of: str, config: dict[str, Any]) -> Figure:
    total, count = measured
    wanted = f"at most {limit:.1%}"
    if not config["tools"]:
        return _figure(what, "it has no tools", wanted, True)
    if count < 1:
        return _figure(what, f"not known: no {of} were measured", wanted, False)
    return _figure(what, f"{total / count:.1%} of {round(count)} {of}", wanted, total / count <= limit)


def _cost(measured: tuple[float, float], limit: float | None, config: dict[str, Any]) -> Figure:
    """Hold it to the gate's limit, else to the agent's own. Without prices nothing is measured."""
    what, (total, count) = "cost per task", measured
    if "cap" not in config:
        return _figure(what, "not known: platform.yaml has no prices", "measured", False)
    most = limit or float(json.loads(config["cap"])["usd"])
    wanted = f"at most {most:.4f} USD"
    if count < 1:
        return _figure(what, "not known: no task's was measured", wanted, False)
    mean = total / count
    return _figure(what, f"{mean:.4f} USD over {round(count)} tasks", wanted, mean <= most)


def _accuracy(agent: Agent, limit: float) -> Figure:
    """What the drift monitor last found. What it has not judged, or not of late, has not passed."""
    what, wanted = "accuracy drift", f"a score below {limit:.2f}"
    item = (
        table(os.environ["DRIFT_TABLE"]).get_item(Key={"agent": agent.arn}, ConsistentRead=True).get("Item")
    )
    if item is None:
        return _figure(what, "not known: the drift monitor has not judged it yet", wanted, False)
    age = time.time() - float(item["judged_at"])
    if age > JUDGED_WITHIN_SECONDS:
        hours = round(age / 3600)
        return _figure(what, f"not known: the drift monitor judged it last {hours} hours ago", wanted, False)
    found = json.loads(item["found"]).get("accuracy") or {}
    state, reason = str(found.get("state", "not judged")), str(found.get("reason", ""))
    if state not in _JUDGED or reason.startswith(_SUSPENDED):
        alarms = state in ("drift", "silent")
        return _figure(what, f"{'' if alarms else 'not known: '}{state}: {reason}"[:300], wanted, False)
    score = float(found["score"])
    return _figure(what, f"{state}, score {score:.2f}", wanted, score < limit)


def _trail() -> Figure:
    """Whether the trail takes records now, and got the last ones to its bucket."""
    status = client("cloudtrail").get_trail_status(Name=os.environ["TRAIL_ARN"])
    error = status.get("LatestDeliveryError")
    said = "records" if status["IsLogging"] else "is stopped"
    return _figure(
        "audit trail",
        f"{said}, last delivery: {error}" if error else said,
        "records",
        status["IsLogging"] and not error,
    )


def _decisions() -> Figure:
    """Whether the stream takes records of decisions, without which the supervisor allows nothing."""
    described = client("firehose").describe_delivery_stream(DeliveryStreamName=os.environ["DECISIONS_STREAM"])
    state = str(described["DeliveryStreamDescription"]["DeliveryStreamStatus"])
    return _figure("decision records", state.lower(), "active", state == "ACTIVE")


def _figure(what: str, value: str, limit: str, ok: bool) -> Figure:
    return {"what": what, "value": value, "limit": limit, "ok": bool(ok)}
