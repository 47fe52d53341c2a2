"""Runs functions: one invocation at a time in a worker, with AWS's limits, errors and log lines.

What it takes from AWS: reserved concurrency, timeouts, a memory cap, a new worker after any change of code or
configuration, the runtime's errors and their wording. What it does not: a CPU share by memory size, a /tmp of
its own, layers (files.py says what stands in for Powertools'), and the Python of the function's `Runtime`:
all functions run on the server's own.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

from corral.local.server import service_metrics
from corral.local.server.core import Instead, Invocation, LocalAws
from corral.local.server.functions.environment import LogStream, prepare
from corral.local.server.functions.events import Events
from corral.local.server.functions.files import Files
from corral.local.server.functions.pool import IDLE_SECONDS, Pool, ThrottlingError, Warm
from corral.local.server.functions.process import Worker, WorkerExitError, WorkerTimeoutError
from corral.local.server.functions.resolve import LATEST, Target, resolve

__all__ = ["Execution", "Functions", "ThrottlingError"]

INIT_SECONDS = 10.0  # AWS's limit for loading a function, beside the handler's own timeout
TAIL = 4096  # bytes of log that LogType Tail returns


@dataclass(frozen=True)
class Execution(Invocation):
    """An invocation with what the HTTP answer also says."""

    version: str = LATEST
    request_id: str = ""

    @property
    def tail(self) -> str:
        """The end of the log, as the X-Amz-Log-Result header carries it."""
        return base64.b64encode(self.log.encode()[-TAIL:]).decode()


@dataclass(frozen=True)
class _Outcome:
    """What a worker did: its payload, an error object when `failed`, and a line for the log."""

    payload: bytes
    failed: bool
    line: str = ""


class Functions:
    """Runs the functions of one local AWS. Safe to use from many threads."""

    def __init__(self, aws: LocalAws, idle_seconds: float = IDLE_SECONDS) -> None:
        self._aws = aws
        self._files = Files()
        self._pool = Pool(idle_seconds)
        self.events = Events(self.invoke)

    def invoke(
        self,
        function: str,
        payload: bytes,
        client_context: dict[str, Any] | None = None,
        qualifier: str | None = None,
        instead: Instead | None = None,
    ) -> Execution:
        """Run a function, by name or ARN with an optional qualifier, and wait for it.

        With `instead` no worker runs it: it answers or fails as that says, and its log tells it like Lambda's.

        A failure of the function is an Execution with `error` set. Raises AwsError when nothing ran: no such
        function, a role that cannot be assumed, ThrottlingError.
        """
        target = resolve(self._aws, function, qualifier)
        try:
            return self._invoke(target, payload, client_context, instead)
        except ThrottlingError:
            service_metrics.of_function(self._aws, target.name, {"Throttles": 1})
            raise

    def _invoke(
        self,
        target: Target,
        payload: bytes,
        client_context: dict[str, Any] | None,
        instead: Instead | None,
    ) -> Execution:
        self._pool.enter(target)
        try:
            if instead is not None:
                return self._stand_in(target, instead)
            warm = self._pool.take(target)
            if warm is not None:
                return self._run(target, warm, payload, client_context, None)
            return self._start_and_run(target, payload, client_context)
        finally:
            self._pool.leave(target)

    @property
    def process_ids(self) -> list[int]:
        """Ids of the worker processes there are now."""
        return self._pool.process_ids

    def close(self) -> None:
        """End all workers, running ones too, and remove their files."""
        self.events.close()
        self._pool.close()
        self._files.close()

    def _stand_in(self, target: Target, instead: Instead) -> Execution:
        """Do in place of the function what a scenario has it do."""
        fails = instead.get("fails")
        if fails == "throttled":
            raise ThrottlingError("ReservedFunctionConcurrentInvocationLimitExceeded")
        _, log = prepare(self._aws, target, self._files.code(target.code_digest, target.code))
        request_id = str(uuid.uuid4())
        log.add([f"START RequestId: {request_id} Version: {target.version}"])
        if fails == "timeout":  # reported as if waited for
            ended = WorkerTimeoutError()
            outcome = _ended(ended, request_id, target.timeout_seconds)
            elapsed_ms = target.timeout_seconds * 1000.0
        else:
            outcome = _outcome_instead(instead, request_id)
            elapsed_ms = 1.0
        log.add([outcome.line])
        return self._report(target, log, 0, request_id, outcome, elapsed_ms, None)

    def _start_and_run(
        self, target: Target, payload: bytes, client_context: dict[str, Any] | None
    ) -> Execution:
        """Start a worker, load the function, run it; a failure to load is the invocation's failure."""
        began = time.monotonic()
        code = self._files.code(target.code_digest, target.code)
        variables, log = prepare(self._aws, target, code)
        worker = Worker(code, self._files.layer(), variables)
        warm = Warm(worker, log, target.fingerprint)
        self._pool.add(warm)
        log.add([f"INIT_START Runtime Version: the server's own Python in place of {target.runtime}"])
        request_id = str(uuid.uuid4())
        seconds = max(INIT_SECONDS, target.timeout_seconds)
        try:
            answer = worker.start(seconds)
        except (WorkerTimeoutError, WorkerExitError) as error:
            outcome = _ended(error, request_id, seconds)
        except BaseException:
            self._pool.put(target, warm, keep=False)
            raise
        else:
            init_ms = (time.monotonic() - began) * 1000
            if answer.ok:
                return self._run(target, warm, payload, client_context, init_ms)
            failure = {**json.loads(answer.payload), "requestId": request_id}
            outcome = _Outcome(json.dumps(failure).encode(), True, answer.log or "")
        elapsed_ms = (time.monotonic() - began) * 1000
        try:
            log.add([*worker.take_log(), outcome.line])
            log.add([f"START RequestId: {request_id} Version: {target.version}"])
            return self._report(target, log, worker.memory_mb, request_id, outcome, elapsed_ms, None)
        finally:
            self._pool.put(target, warm, keep=False)

    def _run(
        self,
        target: Target,
        warm: Warm,
        payload: bytes,
        client_context: dict[str, Any] | None,
        init_ms: float | None,
    ) -> Execution:
        keep = False
        try:
            request_id = str(uuid.uuid4())
            early = warm.worker.take_log()
            warm.log.add([*early, f"START RequestId: {request_id} Version: {target.version}"])
            began = time.monotonic()
            outcome = _exchange(target, warm, request_id, payload, client_context)
            elapsed_ms = (time.monotonic() - began) * 1000
            warm.log.add([*warm.worker.take_log(), outcome.line])
            memory_mb = warm.worker.memory_mb
            execution = self._report(target, warm.log, memory_mb, request_id, outcome, elapsed_ms, init_ms)
            keep = True
        finally:
            self._pool.put(target, warm, keep)
        return execution

    def _report(
        self,
        target: Target,
        log: LogStream,
        memory_mb: int,
        request_id: str,
        outcome: _Outcome,
        elapsed_ms: float,
        init_ms: float | None,
    ) -> Execution:
        """Write the closing lines and return what happened."""
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {elapsed_ms:.2f} ms",
            f"Billed Duration: {int(elapsed_ms + (init_ms or 0)) + 1} ms",
            f"Memory Size: {target.memory_mb} MB",
            f"Max Memory Used: {memory_mb} MB",
        ]
        if init_ms is not None:
            parts.append(f"Init Duration: {init_ms:.2f} ms")
        log.add([f"END RequestId: {request_id}", "\t".join(parts)])
        told = {"Invocations": 1, "Errors": float(outcome.failed), "Throttles": 0, "Duration": elapsed_ms}
        service_metrics.of_function(self._aws, target.name, told)
        error = "Unhandled" if outcome.failed else None
        return Execution(200, outcome.payload, error, log.flush(), elapsed_ms, target.version, request_id)


def _exchange(
    target: Target, warm: Warm, request_id: str, payload: bytes, client_context: dict[str, Any] | None
) -> _Outcome:
    trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
    header = {
        "request_id": request_id,
        "arn": target.arn,
        "deadline_ms": int((time.time() + target.timeout_seconds) * 1000),
        "client_context": client_context,
        "trace_id": trace,
    }
    try:
        answer = warm.worker.run(header, payload, target.timeout_seconds)
    except (WorkerTimeoutError, WorkerExitError) as error:
        return _ended(error, request_id, target.timeout_seconds)
    return _Outcome(answer.payload, not answer.ok, answer.log or "")


def _outcome_instead(instead: Instead, request_id: str) -> _Outcome:
    """What comes of an answer, or an exception, that a scenario has a function give."""
    if instead.get("fails") is None:
        line = "What it answers is the scenario's: the function did not run."
        return _Outcome(json.dumps(instead["returns"]).encode(), False, line)
    kind, reason = "RuntimeError", "the scenario has this call fail"
    failure = {"errorMessage": reason, "errorType": kind, "requestId": request_id, "stackTrace": []}
    return _Outcome(json.dumps(failure).encode(), True, f"[ERROR] {kind}: {reason}")


def _ended(error: WorkerTimeoutError | WorkerExitError, request_id: str, seconds: float) -> _Outcome:
    """Describe a worker that did not answer."""
    if isinstance(error, WorkerTimeoutError):
        kind, reason = "Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds"
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = f"{now} {request_id} {reason}"
    else:
        kind, reason = "Runtime.OutOfMemory" if error.out_of_memory else "Runtime.ExitError", str(error)
        line = f"RequestId: {request_id} Error: {reason}\n{kind}"
    message = f"RequestId: {request_id} Error: {reason}"
    return _Outcome(json.dumps({"errorType": kind, "errorMessage": message}).encode(), True, line)
