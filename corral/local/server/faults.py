"""Faults to order: the next calls of an operation fail or take long, to see what everything around them does."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, fields
from typing import Any

from corral.local.server.core import AwsError, Call

_KINDS = {"str": str, "int": int, "float": (int, float)}


@dataclass
class Fault:
    """What happens to calls of `service`:`operation` whose path, query or body contains a text.

    They wait for `seconds`, then fail with `code`, or go on when that is empty. It happens `times` times.
    """

    service: str
    operation: str
    code: str = ""
    message: str = "a fault that was ordered"
    status: int = 400  # SDKs try again after a 5xx and after a code that means throttling
    contains: str = ""
    times: int = 1
    seconds: float = 0.0


class Faults:
    """The faults that are ordered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[Fault] = []

    def order(self, wanted: Any) -> int:
        """Take the place of all that was ordered; returns `left()`. AwsError for what is not a list of faults."""
        if not isinstance(wanted, list):
            raise AwsError("BadRequest", 'the body must have "faults", a list')
        ordered = [_fault(each) for each in wanted]
        with self._lock:
            self._ordered = ordered
        return self.left()

    def left(self) -> int:
        """How many times one is still to happen."""
        with self._lock:
            return sum(fault.times for fault in self._ordered)

    def strike(self, call: Call) -> None:
        """Let happen to a call what was ordered for it: wait, or raise AwsError."""
        fault = self._due(call) if self._ordered else None
        if fault is None:
            return
        time.sleep(fault.seconds)
        if fault.code:
            raise AwsError(fault.code, fault.message, fault.status)

    def _due(self, call: Call) -> Fault | None:
        with self._lock:
            for fault in self._ordered:
                if fault.times > 0 and _is_of(fault, call):
                    fault.times -= 1
                    return fault
        return None


def _is_of(fault: Fault, call: Call) -> bool:
    if (fault.service, fault.operation) != (call.service, call.operation):
        return False
    http = call.http
    return any(
        fault.contains in text
        for text in (http.path, http.query_string, http.body.decode(errors="replace"), str(call.params))
    )


def _fault(wanted: Any) -> Fault:
    if not isinstance(wanted, dict):
        raise AwsError("BadRequest", "a fault must be an object")
    known = {field.name: _KINDS[str(field.type)] for field in fields(Fault)}
    for name, value in wanted.items():
        if name not in known:
            raise AwsError("BadRequest", f"a fault has no {name}; it has {', '.join(known)}")
        if not isinstance(value, known[name]) or isinstance(value, bool):  # type: ignore[arg-type]
            raise AwsError("BadRequest", f"{name} cannot be {value!r}")
    if missing := [name for name in ("service", "operation") if name not in wanted]:
        raise AwsError("BadRequest", f"a fault needs {' and '.join(missing)}")
    return Fault(**wanted)
