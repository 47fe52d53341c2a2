"""Changes to moto for groups of schedules that are there already, or are not: moto takes one, and fails on the other.

`tests/local/server/test_moto_scheduler.py` asserts the stock behaviour of each beside the changed one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.scheduler.models import EventBridgeSchedulerBackend


def _once(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse to make a group that is there, whose schedules moto would lose."""

    def create_schedule_group(self: EventBridgeSchedulerBackend, name: str, tags: Any) -> Any:
        if name in self.schedule_groups:
            raise JsonRESTError("ConflictException", f"Schedule group {name} already exists.")
        return stock(self, name, tags)

    return create_schedule_group


def _in_a_group(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Say of a schedule for a group that is not there that it is not."""

    def create_schedule(self: EventBridgeSchedulerBackend, **given: Any) -> Any:
        self.get_schedule_group(given["group_name"])
        return stock(self, **given)

    return create_schedule


def _that_is_there(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Say of a group that is not there that it cannot be deleted for that."""

    def delete_schedule_group(self: EventBridgeSchedulerBackend, name: str | None) -> None:
        self.get_schedule_group(name)
        stock(self, name)

    return delete_schedule_group


CHANGES: list[tuple[Any, str, Any]] = [
    (EventBridgeSchedulerBackend, name, change(getattr(EventBridgeSchedulerBackend, name)))
    for name, change in (
        ("create_schedule_group", _once),
        ("create_schedule", _in_a_group),
        ("delete_schedule_group", _that_is_there),
    )
]
