"""What AgentCore's data plane remembers between calls, one per local AWS."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field

from corral.local.server.agentcore.compiled import CompiledGateway
from corral.local.server.agentcore.history import SessionMessages
from corral.local.server.agentcore.memory_events import MemoryEvents
from corral.local.server.agentcore.rate_limits import RateLimiter
from corral.local.server.core import LocalAws, Store


@dataclass
class State:
    """Compiled gateways by ARN, request counts, events of every memory, messages of sessions without one."""

    gateways: dict[str, CompiledGateway] = field(default_factory=dict)
    limiter: RateLimiter = field(default_factory=RateLimiter)
    memory: MemoryEvents = field(default_factory=MemoryEvents)
    sessions: SessionMessages = field(default_factory=SessionMessages)


_STATES: weakref.WeakKeyDictionary[Store, State] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def state_of(aws: LocalAws) -> State:
    """The state that goes with this local AWS's resources; it ends with them."""
    with _LOCK:
        return _STATES.setdefault(aws.store, State())
