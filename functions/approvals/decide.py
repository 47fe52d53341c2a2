"""Approve and deny: one conditional write each, and on record before it is answered."""

from boto3.dynamodb.conditions import Attr

from functions.approvals.approver import Approver
from functions.common import approvals as table
from functions.common.approvals import APPROVED, DENIED, PENDING, Item
from functions.common.errors import ApiError

_ROUNDS = 3  # another approver may be faster; then it is read again


def find(team: str, key: str) -> Item:
    """Return an approval of a team. ApiError if there is none."""
    found = table.approvals().get_item(Key={"team": team, "id": key}, ConsistentRead=True).get("Item")
    if found is None:
        raise ApiError(404, "unknown_approval", f"Team {team} has no approval {key}.")
    return dict(found)


def decide(approver: Approver, key: str, approve: bool, reason: str) -> Item:
    """Say yes or no to a call. Returns the item as it is then.

    Raises ApiError if this person may not, or nothing is left to decide. Anything else that is raised once the
    decision is written leaves it without effect: the supervisor uses no grant that is not on record.
    """
    for _ in range(_ROUNDS):
        item = find(approver.team, key)
        _check_open(item)
        approver.check(item)
        if approve and approver.arn in item["approved_by"]:
            raise ApiError(409, "decided", "You have approved this: it takes another person as well.")
        done = _approve(item, approver, reason) if approve else _deny(item, approver, reason)
        if done is not None:
            table.record(done)
            return done
    raise ApiError(409, "busy", "Others are deciding on this right now. Look at it and try again.")


def status(item: Item) -> str:
    """Return an item's status; what nobody has decided or used in time has expired, noticed or not."""
    lapsed = item["expires_at"] <= table.now() and item["status"] in (PENDING, APPROVED)
    return table.EXPIRED if lapsed else str(item["status"])


def _check_open(item: Item) -> None:
    now = status(item)
    if now != PENDING:
        raise ApiError(409, "decided", f"Nothing is left to decide: approval {item['id']} is {now}.")


def _approve(item: Item, approver: Approver, reason: str) -> Item | None:
    said = [*item["approved_by"], approver.arn]
    enough = len(said) >= int(item["approvers_needed"])
    condition = _still_open() & Attr("approved_by").size().eq(len(item["approved_by"]))
    return table.change(
        item,
        table.step(table.YES, approver.arn, reason),
        condition,
        approved_by=said,
        status=APPROVED if enough else PENDING,
    )


def _deny(item: Item, approver: Approver, reason: str) -> Item | None:
    done = table.step(table.NO, approver.arn, reason)
    return table.change(item, done, _still_open(), status=DENIED, reason=reason)


def _still_open() -> Attr:
    return Attr("status").eq(PENDING) & Attr("expires_at").gt(table.now())
