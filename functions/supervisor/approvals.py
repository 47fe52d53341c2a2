"""Calls that wait for a person: asked for once, granted once, for exactly these arguments in this session.

The id of an approval follows from agent, tool, arguments and session, so that the same call asked again finds the
same item of the table. People decide through the approvals function. APPROVED becomes USED here, by a conditional
write, before the call is allowed: of any number of calls at the same time one gets the grant. A denial stands until
the item expires. An item that is USED or has expired gives nothing any more: the call is held again under the same
id, as a new question. No question is replaced, and no grant used, before the decision stream has each of its steps.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from functions.common import approvals as table
from functions.common.approval_notice import tell, until
from functions.common.approvals import APPROVED, DENIED, EXPIRED, PENDING, USED, Item
from functions.common.aws import error_code
from functions.common.canonical import canonical_json, digest
from functions.supervisor.agents import Agent, Rule
from functions.supervisor.decision import Decision, deny
from functions.supervisor.hook import Hook

KEPT_SECONDS = 7 * 24 * 3600  # after it has expired, for people who look back; the audit records stay longer
_ROUNDS = 3  # another call may change the item between reading and writing; then it is read again


class UnsettledError(Exception):
    """The item cannot be understood, or would not stand still."""


def approval_id(agent: str, tool: str, arguments_sha256: str, session_id: str) -> str:
    """Return the id of the approval that one call needs."""
    return hashlib.sha256("|".join((agent, tool, arguments_sha256, session_id)).encode()).hexdigest()[:16]


def settle(hook: Hook, agent: Agent, rule: Rule) -> Decision:
    """Use the grant for this call, or ask for one, or say how far it is."""
    wanted: dict[str, Any] = {
        "agent": hook.harness_arn,
        "tool": hook.tool,
        "arguments_sha256": digest(hook.arguments),
        "session_id": hook.session_id,
    }
    wanted["id"] = approval_id(*wanted.values())
    wanted["team"] = agent.team
    for _ in range(_ROUNDS):
        item = table.approvals().get_item(Key=table.key_of(wanted), ConsistentRead=True).get("Item")
        if item is not None:
            table.record(item)
        if item is None or item["expires_at"] <= table.now() or item["status"] in (USED, EXPIRED):
            if (asked := _ask(wanted, item, hook, agent, rule)) is not None:
                return _pending(asked, "a person has been asked to decide")
        elif item["status"] == PENDING:
            if "notified_at" not in item:
                _notify(item)
            return _pending(item, "a person has yet to decide")
        elif item["status"] == DENIED:
            said = f" The approver says: {item['reason']}" if item.get("reason") else ""
            return deny(f"approval denied {item['id']}: do not ask for this again.{said}", item["id"])
        elif item["status"] == APPROVED and (used := _use(wanted, item)) is not None:
            return Decision(True, f"approval {used['id']}", used["id"], ", ".join(used["approved_by"]))
    raise UnsettledError(wanted["id"])


def _pending(item: Item, state: str) -> Decision:
    """Hold the call, and let the agent tell its user: nobody is to wait for an answer that does not come."""
    return deny(
        f"pending approval {item['id']}: {state}, until {until(item)}. The call did not run. Do not try it again now: "
        "tell the user what waits for a decision and until when, and to ask again in this session after it.",
        item["id"],
    )


def _use(wanted: dict[str, Any], item: Item) -> Item | None:
    """Turn APPROVED into USED, if it is still there, still valid, and for this very call. Returns what was used."""
    moment = table.now()
    condition = Attr("status").eq(APPROVED) & Attr("expires_at").gt(moment)
    for name in ("agent", "tool", "arguments_sha256", "session_id"):
        condition = condition & Attr(name).eq(wanted[name])
    done = table.step(table.RAN, wanted["agent"])
    used = table.change(item, done, condition, status=USED, used_at=moment)
    if used is not None:
        table.record(used)
    return used


def _ask(wanted: dict[str, Any], previous: Item | None, hook: Hook, agent: Agent, rule: Rule) -> Item | None:
    """Put the question, in the place of one that has run its course. None if another call was faster."""
    moment = datetime.now(UTC)
    seconds, asked = rule.within_minutes * 60, int(moment.timestamp())
    item = {
        **wanted,
        "agent_name": agent.name,
        "environment": agent.environment,
        "arguments": canonical_json(hook.arguments),
        "tool_does": rule.tool_does,
        "because": rule.because,
        "approvers_needed": rule.approvers,
        "approved_by": [],
        "delegate": rule.delegate,
        "status": PENDING,
        "requested_at": moment.isoformat(timespec="microseconds"),
        "escalates_at": asked + seconds // 2,
        "expires_at": asked + seconds,
        "kept_until": asked + seconds + KEPT_SECONDS,
        "steps": [table.step(table.ASKED, hook.harness_arn, rule.because)],
        "recorded": 0,
    }
    condition = Attr("id").not_exists()
    if previous is not None:
        same = Attr("requested_at").eq(previous["requested_at"]) & Attr("status").eq(previous["status"])
        condition = condition | (same & Attr("steps").size().eq(len(previous["steps"])))
    try:
        table.approvals().put_item(Item=item, ConditionExpression=condition)
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
        return None
    table.record(item)
    _notify(item)
    return item


def _notify(item: Item) -> None:
    """Tell the approvers. If that fails the call stays held, and the next attempt tries again."""
    if tell(item, "Approval needed", "A call may not run without a person's decision."):
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        done = table.step(table.NOTIFIED, "supervisor", "the alerts topic")
        told = table.change(item, done, Attr("notified_at").not_exists(), notified_at=moment)
        if told is not None:
            table.record(told)
