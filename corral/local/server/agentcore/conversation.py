"""What was said and called in a session, for people who look into it from outside AWS."""

from __future__ import annotations

from corral.local.server.agentcore.history import Message, message_of
from corral.local.server.agentcore.memory import TYPE_NAME
from corral.local.server.agentcore.state import state_of
from corral.local.server.core import LocalAws


def conversation(aws: LocalAws, session_id: str) -> list[Message]:
    """The messages of a session that are kept in any memory, oldest first; none of an unknown one."""
    events = state_of(aws).memory
    return [
        message_of(event["payload"][0])
        for memory in aws.store.list(TYPE_NAME)
        for event in reversed(events.select(memory["MemoryId"], sessionId=session_id))
    ]
