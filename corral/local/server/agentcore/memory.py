"""AgentCore memory: short-term events with IAM on the memory, actor and session.

ListEvents answers newest first (inferred from how AWS's SDK reads it). No long-term strategy runs here, so
RetrieveMemoryRecords finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from corral.local.server.agentcore.memory_events import Event
from corral.local.server.agentcore.state import state_of
from corral.local.server.core import AwsError, Call, not_implemented

TYPE_NAME = "AWS::BedrockAgentCore::Memory"
_PAGE = 20


def create_event(call: Call) -> dict[str, Any]:
    """Keep an event; a repeated client token keeps none."""
    memory = _memory(call)
    names = ("actorId", "sessionId", "payload", "branch", "metadata")
    event = {name: call.params[name] for name in names if name in call.params}
    when = call.params["eventTimestamp"]
    event["eventTimestamp"] = when if isinstance(when, datetime) else datetime.fromtimestamp(when, UTC)
    return {"event": state_of(call.aws).memory.add(memory, event, call.params.get("clientToken"))}


def list_events(call: Call) -> dict[str, Any]:
    """List a session's events, newest first, a page at a time."""
    chosen = call.params.get("filter", {})
    if chosen.get("branch", {}).get("includeParentBranches"):
        raise not_implemented("bedrock-agentcore", "ListEvents with includeParentBranches")
    events = _session(call)
    if "branch" in chosen:
        branch = chosen["branch"]["name"]
        events = [event for event in events if event.get("branch", {}).get("name") == branch]
    for expression in chosen.get("eventMetadata", ()):
        events = [event for event in events if _matches(event, expression)]
    page, token = _page(call, events)
    if not call.params.get("includePayloads", True):
        page = [event | {"payload": []} for event in page]
    return {"events": page} | token


def get_event(call: Call) -> dict[str, Any]:
    """Return one event."""
    return {"event": _event(call)}


def delete_event(call: Call) -> dict[str, Any]:
    """Delete one event."""
    event = _event(call)
    state_of(call.aws).memory.remove(event["memoryId"], event)
    return {"eventId": event["eventId"]}


def list_sessions(call: Call) -> dict[str, Any]:
    """List an actor's sessions, the latest used first."""
    events = state_of(call.aws).memory.select(_memory(call), actorId=call.params["actorId"])
    oldest: dict[str, Event] = {}
    for event in events:
        oldest[event["sessionId"]] = event
    summaries = [
        {"sessionId": name, "actorId": event["actorId"], "createdAt": event["eventTimestamp"]}
        for name, event in oldest.items()
    ]
    page, token = _page(call, summaries)
    return {"sessionSummaries": page} | token


def list_actors(call: Call) -> dict[str, Any]:
    """List the actors of a memory."""
    events = state_of(call.aws).memory.select(_memory(call))
    actors = sorted({event["actorId"] for event in events})
    page, token = _page(call, [{"actorId": actor} for actor in actors])
    return {"actorSummaries": page} | token


def retrieve_memory_records(call: Call) -> dict[str, Any]:
    """Find long-term records: always none, since no strategy runs here."""
    _memory(call)
    return {"memoryRecordSummaries": []}


OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "CreateEvent": create_event,
    "ListEvents": list_events,
    "GetEvent": get_event,
    "DeleteEvent": delete_event,
    "ListSessions": list_sessions,
    "ListActors": list_actors,
    "RetrieveMemoryRecords": retrieve_memory_records,
}


def _memory(call: Call) -> str:
    """The id of the memory a call names, when the caller may do this with it."""
    identifier: str = call.params["memoryId"].rpartition("/")[2]
    found = call.aws.store.find(TYPE_NAME, MemoryId=identifier)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Memory not found: {identifier}", 404)
    keys = {
        f"bedrock-agentcore:{key}": call.params[key] for key in ("actorId", "sessionId") if key in call.params
    }
    call.trail["resources"] = [
        {"accountId": call.aws.account, "type": TYPE_NAME, "ARN": found["MemoryArn"]},
    ]
    call.aws.authorize(call.caller, f"bedrock-agentcore:{call.operation}", found["MemoryArn"], context=keys)
    return identifier


def _session(call: Call) -> list[Event]:
    return state_of(call.aws).memory.select(
        _memory(call), actorId=call.params["actorId"], sessionId=call.params["sessionId"]
    )


def _event(call: Call) -> Event:
    for event in _session(call):
        if event["eventId"] == call.params["eventId"]:
            return event
    raise AwsError("ResourceNotFoundException", f"Event not found: {call.params['eventId']}", 404)


def _matches(event: Event, expression: dict[str, Any]) -> bool:
    value = event.get("metadata", {}).get(expression["left"]["metadataKey"])
    if expression["operator"] == "EXISTS":
        return value is not None
    if expression["operator"] == "NOT_EXISTS":
        return value is None
    return bool(value == expression["right"]["metadataValue"])


def _page(call: Call, items: list[Any]) -> tuple[list[Any], dict[str, str]]:
    start, size = call.params.get("nextToken", "0"), call.params.get("maxResults", _PAGE)
    if not start.isdecimal():
        raise AwsError("ValidationException", "nextToken is not one this service gave")
    end = int(start) + size
    return items[int(start) : end], ({"nextToken": str(end)} if end < len(items) else {})
