"""Calls that wait for a person: asked for once, granted once, for exactly these arguments in this session.

An approval is an item of the approvals table. Its id follows from agent, tool, arguments and session, so that
the same call asked again finds the same item. PENDING becomes APPROVED or DENIED by a person; APPROVED
becomes USED here, by a conditional write, before the call is allowed: of any number of calls at the same time
one gets the grant. A denial stands until the item expires. An item that is USED or has expired gives nothing
any more: the call is held again under the same id, as a new question.
"""

import hashlib
import json
import os
import time
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from functions.common.aws import client, error_code, table
from functions.common.canonical import canonical_json, digest
from functions.supervisor.agents import Agent
from functions.supervisor.decision import Decision, deny
from functions.supervisor.hook import Hook

logger = Logger()

WAITING_SECONDS = 24 * 3600
_ROUNDS = 3  # another call may change the item between reading and writing; then it is read again
_SHOWN_CHARACTERS = 2000


class UnsettledError(Exception):
    """The item cannot be understood, or would not stand still."""


def approval_id(agent: str, tool: str, arguments_sha256: str, session_id: str) -> str:
    """Return the id of the approval that one call needs."""
    return hashlib.sha256("|".join((agent, tool, arguments_sha256, session_id)).encode()).hexdigest()[:16]


def settle(hook: Hook, agent: Agent) -> Decision:
    """Use the grant for this call, or ask for one, or say how far it is."""
    wanted: dict[str, Any] = {
        "agent": hook.harness_arn,
        "tool": hook.tool,
        "arguments_sha256": digest(hook.arguments),
        "session_id": hook.session_id,
    }
    wanted["id"] = key = approval_id(*wanted.values())
    for _ in range(_ROUNDS):
        item = _approvals().get_item(Key={"id": key}, ConsistentRead=True).get("Item")
        if item is None or item["expires_at"] <= time.time() or item["status"] == "USED":
            if _ask(wanted, item, hook, agent):
                return deny(f"pending approval {key}: a person has been asked to decide", key)
        elif item["status"] == "PENDING":
            if "notified_at" not in item:
                _notify(item, agent)
            return deny(f"pending approval {key}: a person has yet to decide", key)
        elif item["status"] == "DENIED":
            return deny(f"approval denied {key}: do not ask for this again", key)
        elif item["status"] == "APPROVED" and _use(wanted):
            return Decision(True, f"approval {key}", key, item.get("decided_by"))
    raise UnsettledError(key)


def _approvals() -> Any:
    return table(os.environ["APPROVALS_TABLE"])


def _use(wanted: dict[str, Any]) -> bool:
    """Turn APPROVED into USED, if it is still there, still valid, and for this very call."""
    now = int(time.time())
    condition = Attr("status").eq("APPROVED") & Attr("expires_at").gt(now)
    for name in ("agent", "tool", "arguments_sha256", "session_id"):
        condition = condition & Attr(name).eq(wanted[name])
    return _written(
        _approvals().update_item,
        Key={"id": wanted["id"]},
        UpdateExpression="SET #status = :used, used_at = :now",
        ConditionExpression=condition,
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":used": "USED", ":now": now},
    )


def _ask(wanted: dict[str, Any], previous: dict[str, Any] | None, hook: Hook, agent: Agent) -> bool:
    """Put the question, in the place of one that has run its course. False if another call was faster."""
    now = datetime.now(UTC)
    item = {
        **wanted,
        "agent_name": agent.name,
        "team": agent.team,
        "arguments": canonical_json(hook.arguments),
        "status": "PENDING",
        "requested_at": now.isoformat(timespec="microseconds"),
        "expires_at": int(now.timestamp()) + WAITING_SECONDS,
    }
    condition = Attr("id").not_exists()
    if previous is not None:
        same_question = Attr("requested_at").eq(previous["requested_at"])
        condition = condition | (same_question & Attr("status").eq(previous["status"]))
    if not _written(_approvals().put_item, Item=item, ConditionExpression=condition):
        return False
    _notify(item, agent)
    return True


def _notify(item: dict[str, Any], agent: Agent) -> None:
    """Tell the approvers. If that fails the call stays held, and the next attempt tries again."""
    expires = datetime.fromtimestamp(int(item["expires_at"]), UTC).isoformat(timespec="minutes")
    arguments = json.dumps(json.loads(item["arguments"]), indent=2, ensure_ascii=False)
    if len(arguments) > _SHOWN_CHARACTERS:
        arguments = f"{arguments[:_SHOWN_CHARACTERS]}\n(cut here; the table has all of it)"
    message = (
        f"Agent {agent.name} of team {agent.team} wants to call {item['tool']} and may not without a "
        f"person's decision.\n\nApproval: {item['id']}\nEnvironment: {agent.environment}\n"
        f"Arguments: {arguments}\nSession: {item['session_id']}\n"
        f"Asked: {item['requested_at']}\nExpires: {expires}\n\n"
        "The call runs once, with exactly these arguments, if it is approved.\n"
    )
    try:
        client("sns").publish(
            TopicArn=os.environ["ALERTS_TOPIC_ARN"],
            Subject=f"Approval needed: {agent.team}/{agent.name} {item['tool']}"[:100],
            Message=message,
        )
        _written(
            _approvals().update_item,
            Key={"id": item["id"]},
            UpdateExpression="SET notified_at = :now",
            ConditionExpression=Attr("requested_at").eq(item["requested_at"]),
            ExpressionAttributeValues={":now": datetime.now(UTC).isoformat(timespec="seconds")},
        )
    except Exception as error:
        logger.error("approvers not told", extra={"approval": item["id"], "cause": error_code(error)})


def _written(write: Any, **arguments: Any) -> bool:
    """Do a conditional write. False if its condition did not hold."""
    try:
        write(**arguments)
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True
