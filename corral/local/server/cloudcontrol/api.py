"""Cloud Control API: create, read, update, delete and list resources, with its asynchronous form.

A request is done when its answer comes, yet the answer says IN_PROGRESS, as AWS's does; the first status
request then finds SUCCESS or FAILED.
"""

from __future__ import annotations

import json
import time
import uuid
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from corral.local.server.cloudcontrol import handler_calls, patch
from corral.local.server.cloudcontrol.schema import schema_of
from corral.local.server.cloudcontrol.store import ResourceStore, identifier_of
from corral.local.server.core import AwsError, Call, Properties, not_implemented

_PAGE = 100

# Errors answered at once; every other one ends the request as FAILED with a handler's error code.
_IMMEDIATE = {
    "ValidationException",
    "TypeNotFoundException",
    "UnsupportedActionException",
    "NotUpdatableException",
    "InvalidRequestException",
}
_HANDLER_CODES = {
    "AccessDeniedException": "AccessDenied",
    "AlreadyExistsException": "AlreadyExists",
    "ResourceNotFoundException": "NotFound",
    "NotImplemented": "GeneralServiceException",
}
_KNOWN_HANDLER_CODES = {"InvalidRequest", "NotStabilized", "ResourceConflict"}


@dataclass
class _Requests:
    """Requests made so far: final events by request token, and (request, token) by client token."""

    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    client_tokens: dict[str, tuple[str, str]] = field(default_factory=dict)


_REQUESTS: weakref.WeakKeyDictionary[ResourceStore, _Requests] = weakref.WeakKeyDictionary()


def handle(call: Call) -> dict[str, Any]:
    """Answer one Cloud Control operation."""
    operation = _OPERATIONS.get(call.operation)
    if operation is None:
        raise not_implemented("cloudcontrol", call.operation)
    return operation(call, _store(call))


def _store(call: Call) -> ResourceStore:
    store = call.aws.store
    assert isinstance(store, ResourceStore)
    return store


def _create(call: Call, store: ResourceStore) -> dict[str, Any]:
    type_name = call.params["TypeName"]
    desired = _json(call.params["DesiredState"], "DesiredState")
    return _requested(call, store, "CREATE", None, lambda: store.create(type_name, desired))


def _update(call: Call, store: ResourceStore) -> dict[str, Any]:
    type_name, identifier = call.params["TypeName"], call.params["Identifier"]
    try:
        operations = json.loads(call.params["PatchDocument"])
    except ValueError as fault:
        raise AwsError("InvalidRequestException", f"PatchDocument is not JSON: {fault}") from None

    def run() -> Properties:
        return store.update(type_name, identifier, patch.apply(store.get(type_name, identifier), operations))

    return _requested(call, store, "UPDATE", identifier, run)


def _delete(call: Call, store: ResourceStore) -> dict[str, Any]:
    type_name, identifier = call.params["TypeName"], call.params["Identifier"]

    def run() -> Properties:
        gone = store.get(type_name, identifier)
        store.delete(type_name, identifier)
        return gone

    return _requested(call, store, "DELETE", identifier, run)


def _requested(
    call: Call,
    store: ResourceStore,
    operation: str,
    identifier: str | None,
    run: Callable[[], Properties],
) -> dict[str, Any]:
    """Run a request and keep how it ended; the same ClientToken again answers the same request."""
    with store.lock:
        requests = _REQUESTS.setdefault(store, _Requests())
        client_token = call.params.get("ClientToken")
        request = json.dumps([call.operation, call.params], sort_keys=True, default=str)
        if client_token in requests.client_tokens:
            known, token = requests.client_tokens[client_token]
            if known != request:
                message = f"The client token '{client_token}' was used for another request."
                raise AwsError("ClientTokenConflictException", message)
            return {"ProgressEvent": _started(requests.events[token])}
        schema = schema_of(call.params["TypeName"], call.aws.region)
        token = str(uuid.uuid4())
        event: dict[str, Any] = {
            "TypeName": call.params["TypeName"],
            "RequestToken": token,
            "Operation": operation,
            "OperationStatus": "SUCCESS",
            "EventTime": time.time(),
        }
        if identifier is not None:
            event["Identifier"] = identifier
        try:
            properties = run()
        except AwsError as error:
            if error.code in _IMMEDIATE:
                raise
            code = _HANDLER_CODES.get(error.code, error.code)
            event |= {
                "OperationStatus": "FAILED",
                "ErrorCode": code if code in _KNOWN_CODES else "GeneralServiceException",
                "StatusMessage": f'Resource handler returned message: "{error.message}"',
            }
        else:
            handler_calls.record(call, operation, properties)
            if operation != "DELETE":
                event["Identifier"] = identifier_of(schema, properties)
                event["ResourceModel"] = json.dumps(schema.readable(properties))
        requests.events[token] = event
        if client_token is not None:
            requests.client_tokens[client_token] = (request, token)
        return {"ProgressEvent": _started(event)}


_KNOWN_CODES = _KNOWN_HANDLER_CODES | set(_HANDLER_CODES.values())


def _started(event: dict[str, Any]) -> dict[str, Any]:
    """An event as it was when the request had just been taken."""
    names = ["TypeName", "RequestToken", "Operation", "EventTime"]
    if event["Operation"] != "CREATE":
        names.append("Identifier")
    return {name: event[name] for name in names} | {"OperationStatus": "IN_PROGRESS"}


def _status(call: Call, store: ResourceStore) -> dict[str, Any]:
    token = call.params["RequestToken"]
    event = _REQUESTS.get(store, _Requests()).events.get(token)
    if event is None:
        raise AwsError("RequestTokenNotFoundException", f"Request with token {token} was not found")
    return {"ProgressEvent": event}


def _get(call: Call, store: ResourceStore) -> dict[str, Any]:
    type_name = call.params["TypeName"]
    properties = store.get(type_name, call.params["Identifier"])
    return {"TypeName": type_name, "ResourceDescription": _described(call, type_name, properties)}


def _list(call: Call, store: ResourceStore) -> dict[str, Any]:
    type_name = call.params["TypeName"]
    schema = schema_of(type_name, call.aws.region)
    model = _json(call.params.get("ResourceModel") or "{}", "ResourceModel")
    missing = [name for name in schema.list_required if name not in model]
    if missing:
        message = f"Missing or invalid ResourceModel property in {type_name} list handler request input. "
        raise AwsError("InvalidRequestException", f"{message}Required property: [{', '.join(missing)}]")
    wanted = {name: _last(model[name]) for name in schema.list_required}
    found = [
        properties
        for properties in store.list(type_name)
        if all(_last(properties.get(name, "")) == value for name, value in wanted.items())
    ]
    start = int(call.params.get("NextToken") or 0)
    end = start + int(call.params.get("MaxResults") or _PAGE)
    page: dict[str, Any] = {
        "TypeName": type_name,
        "ResourceDescriptions": [_described(call, type_name, each) for each in found[start:end]],
    }
    return page | ({"NextToken": str(end)} if end < len(found) else {})


def _last(identifier: str) -> str:
    """A parent may be given by its ARN or by its id."""
    return identifier.rpartition("/")[2]


def _described(call: Call, type_name: str, properties: Properties) -> dict[str, str]:
    schema = schema_of(type_name, call.aws.region)
    return {
        "Identifier": identifier_of(schema, properties),
        "Properties": json.dumps(schema.readable(properties)),
    }


def _json(text: str, name: str) -> Properties:
    try:
        content = json.loads(text)
    except ValueError as fault:
        raise AwsError("InvalidRequestException", f"{name} is not JSON: {fault}") from None
    if not isinstance(content, dict):
        raise AwsError("InvalidRequestException", f"{name} must be a JSON object")
    return content


_OPERATIONS: dict[str, Callable[[Call, ResourceStore], dict[str, Any]]] = {
    "CreateResource": _create,
    "UpdateResource": _update,
    "DeleteResource": _delete,
    "GetResource": _get,
    "ListResources": _list,
    "GetResourceRequestStatus": _status,
}
