"""The workers there are: idle ones by function version, busy ones, how many run, and the end of each."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from corral.local.server.core import AwsError
from corral.local.server.functions.environment import LogStream
from corral.local.server.functions.process import Worker
from corral.local.server.functions.resolve import Target

# For functions that reserve nothing. AWS's default for an account is 1,000; a process each would be too many here.
ACCOUNT_CONCURRENCY = 64
IDLE_SECONDS = 300.0
# A worker's credentials last an hour, as the session's that assumed the role does.
MAX_AGE_SECONDS = 50 * 60.0


class ThrottlingError(AwsError):
    """No free slot. `reason` is one of AWS's ThrottleReason values."""

    def __init__(self, reason: str) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.", 429)
        self.reason = reason


@dataclass(eq=False)
class Warm:
    """A worker with what belongs to it."""

    worker: Worker
    log: LogStream
    fingerprint: str
    started: float = field(default_factory=time.monotonic)
    idle_since: float = 0.0

    def serves(self, target: Target) -> bool:
        """Whether it runs exactly this code and configuration, and its credentials are good."""
        young = time.monotonic() - self.started < MAX_AGE_SECONDS
        return young and self.fingerprint == target.fingerprint and self.worker.alive


class Pool:
    """Hands out workers. Safe to use from many threads."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Condition()
        self._idle: dict[str, list[Warm]] = defaultdict(list)
        self._busy: set[Warm] = set()
        self._running: Counter[str] = Counter()
        self._unreserved = 0
        self._closed = threading.Event()
        threading.Thread(target=self._reap, name="lambda-reaper", daemon=True).start()

    @property
    def process_ids(self) -> list[int]:
        """Ids of the worker processes there are now."""
        with self._lock:
            every = [*self._busy, *(warm for idle in self._idle.values() for warm in idle)]
        return [warm.worker.process_id for warm in every]

    def enter(self, target: Target) -> None:
        """Take one of the function's concurrency slots, or raise ThrottlingError."""
        with self._lock:
            self._refuse_closed()
            reserved = target.reserved_concurrency
            if reserved is not None and self._running[target.name] >= reserved:
                raise ThrottlingError("ReservedFunctionConcurrentInvocationLimitExceeded")
            # What is reserved is there, however busy all others are: those share the rest.
            if reserved is None and self._unreserved >= ACCOUNT_CONCURRENCY:
                raise ThrottlingError("ConcurrentInvocationLimitExceeded")
            self._running[target.name] += 1
            self._unreserved += reserved is None

    def leave(self, target: Target) -> None:
        """Give the slot back."""
        with self._lock:
            self._running[target.name] -= 1
            self._unreserved -= target.reserved_concurrency is None

    def take(self, target: Target) -> Warm | None:
        """Take an idle worker for a target, and end those that a change has outdated."""
        with self._lock:
            key = _key(target)
            idle = self._idle[key]
            usable = [warm for warm in idle if warm.serves(target)]
            outdated = [warm for warm in idle if warm not in usable]
            found = usable.pop() if usable else None
            self._idle[key] = usable
            if found is not None:
                self._busy.add(found)
        for warm in outdated:
            warm.worker.close()
        return found

    def add(self, warm: Warm) -> None:
        """Take a new worker in, as busy."""
        with self._lock:
            if not self._closed.is_set():
                self._busy.add(warm)
                return
        warm.worker.close()
        self._refuse_closed()

    def put(self, target: Target, warm: Warm, keep: bool) -> None:
        """Give a busy worker back, to be kept for the next invocation or ended."""
        with self._lock:
            keep = keep and not self._closed.is_set() and warm.worker.alive
            if keep:
                warm.idle_since = time.monotonic()
                self._idle[_key(target)].append(warm)
                self._busy.discard(warm)
        if not keep:
            warm.worker.close()
            with self._lock:
                self._busy.discard(warm)
                self._lock.notify_all()

    def close(self) -> None:
        """End all workers, busy ones too, and wait until they are gone."""
        with self._lock:
            self._closed.set()
            idle = [warm for each in self._idle.values() for warm in each]
            self._idle.clear()
            for warm in (*self._busy, *idle):  # all at once: each takes a while to be gone
                warm.worker.terminate()
        for warm in idle:
            warm.worker.close()
        with self._lock:
            self._lock.wait_for(lambda: not self._busy, timeout=5)

    def _refuse_closed(self) -> None:
        if self._closed.is_set():
            raise AwsError("ServiceException", "the local AWS is closing", 503)

    def _reap(self) -> None:
        """End workers that have waited too long, until closed."""
        while not self._closed.wait(min(5.0, self._idle_seconds)):
            since = time.monotonic() - self._idle_seconds
            old: list[Warm] = []
            with self._lock:
                for key, idle in self._idle.items():
                    old += [warm for warm in idle if warm.idle_since < since]
                    self._idle[key] = [warm for warm in idle if warm.idle_since >= since]
            for warm in old:
                warm.worker.close()


def _key(target: Target) -> str:
    return f"{target.name}:{target.version}"
