"""The agent registry: records, their way to approval, and the search that finds only approved ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from moto.core.utils import get_service_model

from corral.local.server.cloudcontrol.projection import project
from corral.local.server.cloudcontrol.store import ResourceStore
from corral.local.server.core import AwsError, Call, Properties, not_implemented

_REGISTRY = "AWS::AgentRegistry::Registry"
_RECORD = "AWS::AgentRegistry::RegistryRecord"
_CONTROL = "agent-registry-control"
_DATA = "agent-registry"

# Status asked for -> statuses it may follow.
_TRANSITIONS = {
    "APPROVED": {"PENDING_APPROVAL", "REJECTED"},
    "REJECTED": {"PENDING_APPROVAL", "APPROVED"},
    "DEPRECATED": {"DRAFT", "PENDING_APPROVAL", "APPROVED", "REJECTED"},
}


def _records(store: ResourceStore, registry_id: str) -> list[Properties]:
    found = store.get(_REGISTRY, registry_id)
    return [each for each in store.list(_RECORD) if each["RegistryArn"] == found["RegistryArn"]]


def _record(call: Call, store: ResourceStore) -> Properties:
    wanted = call.params["recordId"].rpartition("/")[2]
    for record in _records(store, call.params["registryId"]):
        if record["RecordId"] == wanted:
            return record
    raise AwsError("ResourceNotFoundException", f"There is no record {wanted} in this registry", 404)


def _shaped(call: Call, record: Properties) -> dict[str, Any]:
    return project(get_service_model(call.service).operation_model(call.operation).output_shape, record, {})


def _get(call: Call, store: ResourceStore) -> dict[str, Any]:
    return _shaped(call, _record(call, store))


def _list(call: Call, store: ResourceStore) -> dict[str, Any]:
    records = _records(store, call.params["registryId"])
    return _page(call, _filtered(records, call.params.get("filters", [])))


def _filtered(records: list[Properties], filters: list[dict[str, Any]]) -> list[Properties]:
    for each in filters:
        name = {"name": "Name", "status": "Status", "recordType": "RecordType"}.get(each["name"])
        if name is None:
            raise not_implemented("agent-registry", f"filter {each['name']}")
        records = [record for record in records if record[name] in each["values"]]
    return records


def _page(call: Call, records: list[Properties]) -> dict[str, Any]:
    output = get_service_model(call.service).operation_model(call.operation).output_shape
    start = int(call.params.get("nextToken") or 0)
    end = start + int(call.params.get("maxResults") or 100)
    shape = output.members["registryRecords"].member
    answer: dict[str, Any] = {"registryRecords": [project(shape, each, {}) for each in records[start:end]]}
    return answer | ({"nextToken": str(end)} if end < len(records) and "nextToken" in output.members else {})


def _submit(call: Call, store: ResourceStore) -> dict[str, Any]:
    record = _record(call, store)
    if record["Status"] != "DRAFT":
        raise AwsError(
            "ConflictException", f"The record is {record['Status']}, only a DRAFT can be submitted"
        )
    return _shaped(call, store.set_read_only(_RECORD, record["RecordArn"], Status="PENDING_APPROVAL"))


def _set_status(call: Call, store: ResourceStore) -> dict[str, Any]:
    record, wanted = _record(call, store), call.params["status"]
    if record["Status"] not in _TRANSITIONS.get(wanted, set()):
        raise AwsError("ConflictException", f"A record that is {record['Status']} cannot become {wanted}")
    changed = store.set_read_only(_RECORD, record["RecordArn"], Status=wanted)
    return _shaped(call, changed) | {"statusReason": call.params["statusReason"]}


# Discovery: approved records only.


def _discoverable(store: ResourceStore, registry_id: str) -> list[Properties]:
    approved = [each for each in _records(store, registry_id) if each["Status"] == "APPROVED"]
    return [{"RecordVersion": "1", **each} for each in approved]


def _search(call: Call, store: ResourceStore) -> dict[str, Any]:
    """Rank by how many of the query's words a record has: the local stand-in for AWS's semantic search."""
    registries = call.params["registryIds"]
    if len(registries) != 1:
        raise AwsError("ValidationException", "Specify exactly one registry identifier")
    if call.params.get("filters"):
        raise not_implemented("agent-registry", "SearchDiscoverableRegistryRecords with filters")
    words = set(_words(call.params["searchQuery"]))
    scored = [
        (len(words & set(_words(_text(record)))), record) for record in _discoverable(store, registries[0])
    ]
    scored.sort(key=lambda pair: -pair[0])
    call.params.setdefault("maxResults", 10)
    return _page(call, [record for score, record in scored if score])


def _text(record: Properties) -> str:
    shown = ("Name", "DisplayName", "Description", "RecordType", "Descriptors", "CustomMetadata")
    return json.dumps([record.get(name, "") for name in shown])


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _list_discoverable(call: Call, store: ResourceStore) -> dict[str, Any]:
    records = _discoverable(store, call.params["registryId"])
    return _page(call, _filtered(records, call.params.get("filters", [])))


def _batch(call: Call, store: ResourceStore) -> dict[str, Any]:
    found, errors = [], []
    for entry in call.params["entries"]:
        known = {each["RecordId"]: each for each in _discoverable(store, entry["registryId"])}
        for identifier in entry["recordIds"]:
            if identifier in known:
                found.append(known[identifier])
            else:
                place = {"registryId": entry["registryId"], "recordId": identifier}
                errors.append(place | {"errorCode": "RESOURCE_NOT_FOUND", "message": "no such record"})
    return _page(call, found) | {"errors": errors}


OPERATIONS: dict[tuple[str, str], Callable[[Call, ResourceStore], dict[str, Any]]] = {
    (_CONTROL, "GetRegistryRecord"): _get,
    (_CONTROL, "ListRegistryRecords"): _list,
    (_CONTROL, "SubmitRegistryRecordForApproval"): _submit,
    (_CONTROL, "UpdateRegistryRecordStatus"): _set_status,
    (_DATA, "SearchDiscoverableRegistryRecords"): _search,
    (_DATA, "ListDiscoverableRegistryRecords"): _list_discoverable,
    (_DATA, "BatchGetDiscoverableRegistryRecord"): _batch,
}
