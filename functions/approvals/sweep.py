"""What nobody does by hand: tell again when nobody decides, note what has expired, record what was left unrecorded."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from aws_lambda_powertools import Logger
from boto3.dynamodb.conditions import Attr

from functions.common import approvals as table
from functions.common.approval_notice import tell
from functions.common.approvals import APPROVED, EXPIRED, PENDING, Item
from functions.common.aws import error_code

logger = Logger()

_BY = "approvals"


def sweep() -> dict[str, int]:
    """Go through what is due. Returns how many were told, escalated, expired and recorded.

    Raises RuntimeError if something could not be done, once all else is: the schedule then tries again.
    """
    done: Counter[str] = Counter(told=0, escalated=0, expired=0, recorded=0)
    failed = 0
    for item in _due():
        try:
            done[_settle(item)] += 1
        except Exception as error:
            failed += 1
            logger.error("not settled", extra={"approval": item["id"], "cause": error_code(error)})
    if failed:
        raise RuntimeError(f"{failed} approvals could not be settled: the log says which")
    return dict(done)


def _due() -> Iterator[Item]:
    """Find the items to do something about. The table holds what the last week asked, so it is read whole."""
    now, waits = table.now(), Attr("status").eq(PENDING)
    late = waits & (Attr("escalates_at").lte(now) & Attr("escalated_at").not_exists())
    lapsed = (waits | Attr("status").eq(APPROVED)) & Attr("expires_at").lte(now)
    untold = waits & Attr("notified_at").not_exists()
    behind = Attr("recorded").lt(Attr("steps").size())
    more: dict[str, Any] = {}
    while True:
        found = table.approvals().scan(
            FilterExpression=late | lapsed | untold | behind, ConsistentRead=True, **more
        )
        yield from found["Items"]
        if "LastEvaluatedKey" not in found:
            return
        more = {"ExclusiveStartKey": found["LastEvaluatedKey"]}


def _settle(item: Item) -> str:
    """Do what is due of one item, and say what that was."""
    table.record(item)
    waits, now = item["status"] == PENDING, table.now()
    same = Attr("status").eq(item["status"])
    if item["expires_at"] <= now and item["status"] in (PENDING, APPROVED):
        why = "nobody decided in time" if waits else "approved, and not used in time"
        _write(item, table.step(table.LAPSED, _BY, why), same, status=EXPIRED)
        return "expired"
    if waits and "escalated_at" not in item and item["escalates_at"] <= now:
        first = "Nobody has decided yet, and half of the time is over."
        if tell(item, "Still undecided", first, delegate=item["delegate"]):
            done = table.step(table.ESCALATED, _BY, f"to {item['delegate'] or 'the approvers, again'}")
            _write(
                item, done, same & Attr("escalated_at").not_exists(), escalated_at=now, notified_at=str(now)
            )
            return "escalated"
        raise RuntimeError("nobody could be told")
    if waits and "notified_at" not in item:
        if tell(item, "Approval needed", "A call may not run without a person's decision."):
            done = table.step(table.NOTIFIED, _BY, "the alerts topic")
            _write(item, done, same & Attr("notified_at").not_exists(), notified_at=str(now))
            return "told"
        raise RuntimeError("nobody could be told")
    return "recorded"


def _write(item: Item, done: table.Step, condition: Any, **values: Any) -> None:
    """Write a step and record it. Where somebody else was faster, theirs stands."""
    changed = table.change(item, done, condition, **values)
    if changed is not None:
        table.record(changed)
