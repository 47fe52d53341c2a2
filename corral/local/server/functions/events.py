"""Asynchronous invocations: a queue, background runs, and retries.

As on AWS an event is tried again twice after an error of the function (or as often as its event invoke config
says), and longer while it is throttled. The waits are seconds instead of minutes. Dead-letter queues and
destinations are not served: an event given up on is named in the server's log.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from corral.local.server.core import AwsError
from corral.local.server.functions.pool import ThrottlingError

_LOG = logging.getLogger(__name__)

RETRIES = 2
RETRY_SECONDS = (1.0, 2.0)  # AWS waits 1 and 2 minutes
THROTTLED_SECONDS = 0.5
MAX_AGE_SECONDS = 300.0  # how long a throttled event is kept; AWS keeps it 6 hours
THREADS = 4


class Runner(Protocol):
    """Runs a function; what `Functions.invoke` is."""

    def __call__(self, function: str, payload: bytes, client_context: None, qualifier: str | None) -> Any:
        """Run it and return an Execution."""


@dataclass(order=True)
class _Event:
    due: float
    number: int
    function: str = field(compare=False)
    qualifier: str | None = field(compare=False)
    payload: bytes = field(compare=False)
    retries: int = field(compare=False)
    accepted: float = field(compare=False)
    failures: int = field(compare=False, default=0)


class Events:
    """The queue of one local AWS. Its threads start with the first event and end with `close`."""

    def __init__(self, run: Runner, retry_seconds: tuple[float, ...] = RETRY_SECONDS) -> None:
        self._run = run
        self._retry_seconds = retry_seconds
        self._waiting: list[_Event] = []
        self._condition = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._count = 0
        self._active = 0
        self._closed = False

    def put(self, function: str, qualifier: str | None, payload: bytes, retries: int = RETRIES) -> None:
        """Accept an event."""
        now = time.monotonic()
        with self._condition:
            self._count += 1
            heapq.heappush(
                self._waiting, _Event(now, self._count, function, qualifier, payload, retries, now)
            )
            if len(self._threads) < THREADS:
                thread = threading.Thread(target=self._work, name="lambda-events", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._condition.notify()

    def drain(self, seconds: float) -> bool:
        """Wait until no event is left, retries included; False if some are after that many seconds."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._waiting and not self._active, seconds)

    def close(self) -> None:
        """Drop what is waiting and end the threads."""
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._condition.notify_all()

    def _work(self) -> None:
        while (event := self._next()) is not None:
            again = self._try(event)
            with self._condition:
                self._active -= 1
                if again is not None and not self._closed:
                    event.due = time.monotonic() + again
                    heapq.heappush(self._waiting, event)
                self._condition.notify_all()

    def _next(self) -> _Event | None:
        with self._condition:
            while not self._closed:
                now = time.monotonic()
                if self._waiting and self._waiting[0].due <= now:
                    self._active += 1
                    return heapq.heappop(self._waiting)
                self._condition.wait(self._waiting[0].due - now if self._waiting else None)
        return None

    def _try(self, event: _Event) -> float | None:
        """Run an event once; return after how many seconds to try again, None when done with it."""
        try:
            execution = self._run(event.function, event.payload, None, event.qualifier)
        except ThrottlingError:
            if time.monotonic() - event.accepted < MAX_AGE_SECONDS:
                return THROTTLED_SECONDS
            _drop(event, "throttled for too long")
            return None
        except AwsError as error:
            _drop(event, str(error))
            return None
        except Exception:
            _LOG.exception("fault while running %s", event.function)
            return None
        if execution.error is None:
            return None
        if event.failures >= event.retries:
            _drop(event, f"failed {event.failures + 1} times")
            return None
        event.failures += 1
        return self._retry_seconds[min(event.failures, len(self._retry_seconds)) - 1]


def _drop(event: _Event, why: str) -> None:
    _LOG.warning("%s: event dropped: %s", event.function, why)
