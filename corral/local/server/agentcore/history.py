"""The messages of a session, so that a second request with the same session id goes on where the first ended.

With an AgentCore memory they are its events, written and read as the execution role; without one they live
as long as the session's environment would, here in this process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from corral.local.server.agentcore.harness_config import Memory
from corral.local.server.core import Caller, LocalAws

Message = dict[str, Any]
_ROLES = {"USER": "user", "ASSISTANT": "assistant"}
_DEFAULT_ACTOR = "default"
_MAX_TEXT = 100_000  # characters of a conversational payload
_PAGE = 100


class SessionMessages:
    """Messages of sessions without a memory, by harness and session. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: dict[tuple[str, str], list[Message]] = {}

    def read(self, harness_arn: str, session_id: str) -> list[Message]:
        """The messages so far, oldest first."""
        with self._lock:
            return list(self._messages.get((harness_arn, session_id), ()))

    def add(self, harness_arn: str, session_id: str, message: Message) -> None:
        """Keep one more message."""
        with self._lock:
            self._messages.setdefault((harness_arn, session_id), []).append(message)


@dataclass(frozen=True)
class History:
    """How one invocation reads and keeps messages."""

    read: Callable[[], list[Message]]
    add: Callable[[Message], None]


def in_process(sessions: SessionMessages, harness_arn: str, session_id: str) -> History:
    """A session without a memory."""
    return History(
        read=lambda: sessions.read(harness_arn, session_id),
        add=lambda message: sessions.add(harness_arn, session_id, message),
    )


def in_memory(aws: LocalAws, role: Caller, memory: Memory, session_id: str) -> History:
    """A session kept in an AgentCore memory."""
    place = {
        "memoryId": memory.arn.rpartition("/")[2],
        "actorId": memory.actor_id or _DEFAULT_ACTOR,
        "sessionId": session_id,
    }

    def read() -> list[Message]:
        newest_first: list[Message] = []
        token: dict[str, str] = {}
        while True:
            page = aws.perform("bedrock-agentcore", "ListEvents", place | {"maxResults": _PAGE} | token, role)
            newest_first += [message_of(event["payload"][0]) for event in page["events"]]
            enough = memory.messages is not None and len(newest_first) >= memory.messages
            if enough or "nextToken" not in page:
                return _whole_turns(newest_first[: memory.messages][::-1])
            token = {"nextToken": page["nextToken"]}

    def add(message: Message) -> None:
        event = {"eventTimestamp": datetime.now(UTC), "payload": [_payload(message)]}
        aws.perform("bedrock-agentcore", "CreateEvent", place | event, role)

    return History(read, add)


def _payload(message: Message) -> dict[str, Any]:
    """A message as an event's payload: conversational when it is one text, else a document."""
    content = message["content"]
    if len(content) == 1 and 0 < len(content[0].get("text", "")) <= _MAX_TEXT:
        return {"conversational": {"role": message["role"].upper(), "content": content[0]}}
    return {"blob": message}


def message_of(payload: dict[str, Any]) -> Message:
    """The message that an event's payload holds."""
    if "blob" in payload:
        blob: Message = payload["blob"]
        return blob
    said = payload["conversational"]
    return {"role": _ROLES[said["role"]], "content": [said["content"]]}


def _whole_turns(messages: list[Message]) -> list[Message]:
    """Drop what a cut left at the start: a conversation begins with a user's text."""
    for index, message in enumerate(messages):
        if message["role"] == "user" and all("toolResult" not in block for block in message["content"]):
            return messages[index:]
    return []
