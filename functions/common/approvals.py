"""The approvals table: calls that wait for a person, each an item under its team and an id.

PENDING becomes APPROVED once enough people have said yes, or DENIED when one has said no; APPROVED becomes USED by
the call it was given for. After `expires_at` an item gives nothing, whatever its status; EXPIRED says that this was
noticed. `requested_at` tells one question from the next under the same id: what is written to an item is written on
the condition that it is still the same question. All times in whole seconds, but for `requested_at`.

Each step stands in the item's `steps`, written in one with the change it is of, so that no change is without its
step. `recorded` says how many of them the decision stream has. Whoever finds steps that it has not writes them
again: the stream may have a step twice, under one id, and never lacks one of a call that ran.
"""

import json
import os
import time
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from functions.common import records
from functions.common.aws import error_code, table

Item = dict[str, Any]
Step = dict[str, str]
PENDING, APPROVED, DENIED, USED, EXPIRED = "PENDING", "APPROVED", "DENIED", "USED", "EXPIRED"
ASKED, NOTIFIED, ESCALATED = "asked", "notified", "escalated"
YES, NO, LAPSED, RAN = "approved", "denied", "expired", "used"
EVENT = "approval."  # how the event of a step's record begins
_ENDS = (YES, NO, LAPSED)  # of the waiting


def approvals() -> Any:
    """Return the table."""
    return table(os.environ["APPROVALS_TABLE"])


def key_of(item: Item) -> dict[str, str]:
    """Return the key under which an item stands."""
    return {"team": item["team"], "id": item["id"]}


def now() -> int:
    """Return the time in whole seconds."""
    return int(time.time())


def step(name: str, who: str, why: str = "") -> Step:
    """Return a step as it stands in an item: what happened, when, who did it, why."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"step": name, "time": moment, "by": who, "why": why}


def change(item: Item, done: Step, condition: Any, **values: Any) -> Item | None:
    """Set attributes of an item and add a step, in one write. Returns the item as it is then.

    None if it is another question by now, or `condition` does not hold. Raises ClientError for any other failure.
    """
    names = {f"#{number}": name for number, name in enumerate(values)}
    sets = [f"{short} = :{number}" for number, short in enumerate(names)]
    try:
        answer: dict[str, Any] = approvals().update_item(
            Key=key_of(item),
            UpdateExpression=f"SET {', '.join([*sets, '#steps = list_append(#steps, :step)'])}",
            ConditionExpression=Attr("requested_at").eq(item["requested_at"]) & condition,
            ExpressionAttributeNames={**names, "#steps": "steps"},
            ExpressionAttributeValues={
                **{f":{number}": value for number, value in enumerate(values.values())},
                ":step": [done],
            },
            ReturnValues="ALL_NEW",
        )
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
        return None
    return dict(answer["Attributes"])


def unrecorded(item: Item) -> bool:
    """Whether the decision stream lacks a step of an item."""
    return int(item["recorded"]) < len(item["steps"])


def record(item: Item) -> None:
    """Write what the decision stream lacks of an item's steps. Returns once it has them all, raises if it has not."""
    first, last = int(item["recorded"]), len(item["steps"])
    for number in range(first, last):
        records.put(_record(item, number))
        _measure(item, item["steps"][number])
    if first == last:
        return
    item["recorded"] = last
    try:
        approvals().update_item(
            Key=key_of(item),
            UpdateExpression="SET recorded = :last",
            ConditionExpression=Attr("requested_at").eq(item["requested_at"]) & Attr("recorded").lt(last),
            ExpressionAttributeValues={":last": last},
        )
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise  # else somebody else wrote the same, or more


def _record(item: Item, number: int) -> dict[str, Any]:
    done = item["steps"][number]
    return {
        "id": f"{item['id']}-{item['requested_at']}-{number}",
        "time": done["time"],
        "environment": item["environment"],
        "team": item["team"],
        "agent": item["agent_name"],
        "harness_arn": item["agent"],
        "session_id": item["session_id"],
        "event": f"{EVENT}{done['step']}",
        "tool": item["tool"],
        "arguments": json.loads(item["arguments"]),
        "arguments_sha256": item["arguments_sha256"],
        "reason": done["why"] or None,
        "approval_id": item["id"],
        "actor": done["by"],
    }


def _measure(item: Item, done: Step) -> None:
    """Count a step and, of one that ends the waiting, the seconds waited, in CloudWatch's embedded metric format."""
    metrics = EphemeralMetrics(service="")  # the function's name would be one more dimension
    for name, value in (("Environment", "environment"), ("Team", "team"), ("Agent", "agent_name")):
        metrics.add_dimension(name, item[value])
    metrics.add_metric(f"Approval{done['step'].title()}", MetricUnit.Count, 1)
    if done["step"] in _ENDS:
        asked = datetime.fromisoformat(item["requested_at"])
        waited = (datetime.fromisoformat(done["time"]) - asked).total_seconds()
        metrics.add_metric("ApprovalWaiting", MetricUnit.Seconds, max(waited, 0.0))
    metrics.flush_metrics()
