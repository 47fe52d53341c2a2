"""The events of AgentCore memories: short-term memory, kept in this process."""

from __future__ import annotations

import itertools
import threading
import uuid
from datetime import datetime
from typing import Any

Event = dict[str, Any]


class MemoryEvents:
    """Events by memory, actor and session. Safe to share between threads; hands out the events themselves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, list[Event]] = {}
        self._tokens: dict[tuple[str, str], Event] = {}
        self._numbers = itertools.count()

    def add(self, memory_id: str, event: Event, token: str | None) -> Event:
        """Keep an event, give it an id, return it; a repeated client token returns the first one."""
        with self._lock:
            if token is not None and (memory_id, token) in self._tokens:
                return self._tokens[memory_id, token]
            when: datetime = event["eventTimestamp"]
            # AWS's form: milliseconds, a hash, hex digits. The number keeps ids of one millisecond in order.
            identifier = f"{int(when.timestamp() * 1000):019d}#{next(self._numbers):08x}"
            kept = event | {"memoryId": memory_id, "eventId": identifier}
            kept.setdefault("sessionId", str(uuid.uuid4()))
            self._events.setdefault(memory_id, []).append(kept)
            if token is not None:
                self._tokens[memory_id, token] = kept
            return kept

    def select(self, memory_id: str, **equal: str) -> list[Event]:
        """The events of a memory whose members equal the given ones, newest first."""
        with self._lock:
            events = [
                event
                for event in self._events.get(memory_id, ())
                if all(event[name] == value for name, value in equal.items())
            ]
        return sorted(events, key=lambda event: str(event["eventId"]), reverse=True)

    def remove(self, memory_id: str, event: Event) -> None:
        """Forget one event."""
        with self._lock:
            self._events[memory_id] = [
                kept for kept in self._events[memory_id] if kept["eventId"] != event["eventId"]
            ]
