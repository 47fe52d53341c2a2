"""Which records a trail selects: advanced event selectors, basic ones, or, with none, management events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Record = Mapping[str, Any]


def selects(trail: Any, record: Record) -> bool:
    """Whether a trail of moto's selects a record."""
    if trail.advanced_event_selectors:
        return any(_advanced(selector, record) for selector in trail.advanced_event_selectors)
    if trail.event_selectors:
        return any(_basic(selector, record) for selector in trail.event_selectors)
    return bool(record["managementEvent"])


def _advanced(selector: Mapping[str, Any], record: Record) -> bool:
    return all(_field(field, record) for field in selector.get("FieldSelectors", []))


_FIELDS: dict[str, Callable[[Record], Iterable[str]]] = {
    "eventCategory": lambda record: [record["eventCategory"]],
    "eventName": lambda record: [record["eventName"]],
    "eventSource": lambda record: [record["eventSource"]],
    "eventType": lambda record: [record["eventType"]],
    "readOnly": lambda record: [str(record["readOnly"]).lower()],
    "resources.type": lambda record: [each["type"] for each in record.get("resources") or []],
    "resources.ARN": lambda record: [each["ARN"] for each in record.get("resources") or []],
    "userIdentity.arn": lambda record: [record["userIdentity"]["arn"]],
}

_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "StartsWith": lambda value, wanted: value.startswith(wanted),
    "EndsWith": lambda value, wanted: value.endswith(wanted),
}


def _field(field: Mapping[str, Any], record: Record) -> bool:
    read = _FIELDS.get(field["Field"])
    if read is None:
        return False
    values = list(read(record))
    for name, test in _TESTS.items():
        if name in field and not _any(test, values, field[name]):
            return False
        if f"Not{name}" in field and _any(test, values, field[f"Not{name}"]):
            return False
    return True


def _any(test: Callable[[str, str], bool], values: list[str], wanted: list[str]) -> bool:
    return any(test(value, each) for value in values for each in wanted)


def _basic(selector: Mapping[str, Any], record: Record) -> bool:
    kind = selector.get("ReadWriteType", "All")
    if kind != "All" and (kind == "ReadOnly") != record["readOnly"]:
        return False
    if record["managementEvent"]:
        excluded = selector.get("ExcludeManagementEventSources") or []
        return bool(selector.get("IncludeManagementEvents", True)) and record["eventSource"] not in excluded
    return any(
        each["type"] == data["Type"]
        and any(each["ARN"].startswith(value) for value in data.get("Values") or [])
        for data in selector.get("DataResources") or []
        for each in record.get("resources") or []
    )
