"""Approvals for a terminal: a table of several, one in words."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from corral.approvals import Approval

_LATER = {
    "PENDING": "waits for a decision",
    "APPROVED": "approved: runs when the agent asks again in its session",
}


def table(found: "list[Approval]") -> Table:
    """Return a table of approvals."""
    shown = Table(box=None, pad_edge=False)
    for column in ("id", "agent", "wants to call", "status", "until", "said yes"):
        shown.add_column(column, no_wrap=column in ("id", "until"))
    for each in found:
        shown.add_row(
            *(each["id"], escape(f"{each['team']}/{each['agent']}"), escape(each["tool"])),
            *(
                each["status"].lower(),
                _until(each),
                f"{len(each['approved_by'])} of {each['approvers_needed']}",
            ),
        )
    return shown


def lines(each: "Approval") -> Iterator[str]:
    """Return an approval in words: what is asked, where it stands, what happened when and by whom."""
    yield from each["words"].splitlines()
    yield ""
    yield f"Approval {each['id']}, session {each['session_id']}"
    yield f"Status:  {_LATER.get(each['status'], each['status'].lower())}"
    if each["status"] in _LATER:
        yield f"Until:   {_until(each)}"
    if each["approvers_needed"] > 1:
        yield f"Takes:   {each['approvers_needed']} people, {len(each['approved_by'])} so far"
    if each["delegate"]:
        yield f"Or:      {each['delegate']} decides, from {_moment(each['delegate_from'])} on"
    for step in each["steps"]:
        why = f": {step['why']}" if step["why"] else ""
        yield f"  {_moment(step['time'])}  {step['step']} by {step['by'].rpartition(':')[2]}{why}"


def changed(before: "Approval | None", now: "Approval") -> bool:
    """Whether a watcher is to see an approval again: it is new, decided, or another question by now."""
    watched = ("status", "requested_at", "approved_by")
    return before is None or any(before[name] != now[name] for name in watched)


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _until(each: "Approval") -> str:
    left = int((datetime.fromisoformat(each["expires_at"]) - datetime.now(UTC)).total_seconds()) // 60
    span = "over" if left < 0 else f"in {left // 60} h {left % 60} min" if left >= 60 else f"in {left} min"
    return f"{_moment(each['expires_at'])} ({span})"
