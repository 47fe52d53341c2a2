"""What AgentCore's data plane remembers between calls, one per local AWS."""

from __future__ import annotations

import threading
import time
import uuid
import weakref
from collections import deque
from dataclasses import dataclass, field

from corral.local.server.agentcore.compiled import CompiledGateway
from corral.local.server.agentcore.history import Message, SessionMessages
from corral.local.server.agentcore.memory_events import MemoryEvents
from corral.local.server.agentcore.rate_limits import RateLimiter
from corral.local.server.core import LocalAws, Store

_EVALUABLE = 1000  # invocations, the newest, that evaluations can still read


@dataclass
class Invoked:
    """What was said in one invocation of a harness: a trace, in AWS's words."""

    harness: str
    endpoint: str
    session_id: str
    messages: list[Message] = field(default_factory=list)
    trace_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    began: int = field(default_factory=time.time_ns)
    evaluated: bool = False


@dataclass
class State:
    """Compiled gateways by ARN, request counts, events of every memory, messages of sessions without one.

    Also what was invoked lately.
    """

    gateways: dict[str, CompiledGateway] = field(default_factory=dict)
    limiter: RateLimiter = field(default_factory=RateLimiter)
    memory: MemoryEvents = field(default_factory=MemoryEvents)
    sessions: SessionMessages = field(default_factory=SessionMessages)
    invoked: deque[Invoked] = field(default_factory=lambda: deque(maxlen=_EVALUABLE))


_STATES: weakref.WeakKeyDictionary[Store, State] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def state_of(aws: LocalAws) -> State:
    """The state that goes with this local AWS's resources; it ends with them."""
    with _LOCK:
        return _STATES.setdefault(aws.store, State())
