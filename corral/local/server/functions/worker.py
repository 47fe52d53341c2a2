"""The program inside a worker process: loads one Lambda function and runs its handler, one request at a time.

It stands in for AWS's Python runtime (awslambdaric), whose error shapes, context object and log format it
follows. It imports nothing of ours and runs without site-packages: what the handler can import is its own
code, the stand-in for the layer, and the standard library.

Frames on both pipes are two big-endian lengths, a JSON header and a body. Prints are not protocol: stdout and
stderr are the function's log.
"""

import importlib
import json
import logging
import math
import os
import queue
import resource
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import Any

FRAME = struct.Struct(">II")
MAX_RESPONSE = 6 * 1024 * 1024 + 100  # bytes, the number AWS names in its error
OUT_OF_MEMORY = 137  # exit status: what a shell reports of a process that the kernel killed

_request_id = ""


class FaultError(Exception):
    """An error of the runtime's own making, not raised by the handler."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


class _Fields:
    """An object whose attributes are the entries of a dict, None when absent."""

    def __init__(self, names: tuple[str, ...], values: dict[str, Any] | None) -> None:
        for name in names:
            setattr(self, name, (values or {}).get(name))


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, header: dict[str, Any]) -> None:
        self.aws_request_id: str = header["request_id"]
        self.invoked_function_arn: str = header["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = _Fields(("cognito_identity_id", "cognito_identity_pool_id"), None)
        self.tenant_id = None
        self.client_context = None
        given = header.get("client_context")
        if given is not None:
            self.client_context = _Fields(("custom", "env", "client"), given)
        self._deadline_ms: int = header["deadline_ms"]

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the handler may still run, in milliseconds."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return math.nan if value.is_nan() else math.copysign(math.inf, value)
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def load(handler: str) -> Callable[[Any, Context], Any]:
    """Import the handler `module.function`; FaultError says what AWS would say when that fails."""
    module_name, dot, function_name = handler.rpartition(".")
    if not dot:
        message = f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)"
        raise FaultError("Runtime.MalformedHandlerName", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise FaultError(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        where = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        message = f"Syntax error in module '{module_name}': {error}"
        raise FaultError("Runtime.UserCodeSyntaxError", message, [where]) from error
    function: Callable[[Any, Context], Any] | None = getattr(module, function_name, None)
    if function is None:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise FaultError("Runtime.HandlerNotFound", message)
    return function


def run(function: Callable[[Any, Context], Any], header: dict[str, Any], payload: bytes) -> bytes:
    """Run the handler on a JSON payload and return its answer as bytes."""
    try:
        event = json.loads(payload or b"{}")
    except ValueError as error:
        raise FaultError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
    answer = function(event, Context(header))
    if isinstance(answer, bytes):
        encoded = answer
    else:
        try:
            encoded = json.dumps(answer, default=_plain).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise FaultError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    if len(encoded) > MAX_RESPONSE:
        message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
        raise FaultError("Function.ResponseSizeTooLarge", message)
    return encoded


def describe(error: BaseException) -> tuple[dict[str, Any], str]:
    """Return the error object AWS would answer, and the text it would log."""
    if isinstance(error, FaultError):
        kind, trace = error.kind, error.trace
    else:
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        while own and own[0].filename.startswith("<frozen importlib"):
            own.pop(0)
        kind, trace = type(error).__name__, traceback.format_list(own)
    result = {"errorMessage": str(error), "errorType": kind, "requestId": _request_id, "stackTrace": trace}
    lines = [f"[ERROR] {kind}: {error}"]
    if trace:
        lines += ["Traceback (most recent call last):", *(line.rstrip("\n") for line in trace)]
    return result, "\n".join(lines)


class _Log(logging.Handler):
    """The root logger's handler, in the format of AWS's runtime."""

    def __init__(self) -> None:
        super().__init__()
        layout = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
        self.setFormatter(logging.Formatter(layout, "%Y-%m-%dT%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        record.aws_request_id = _request_id
        sys.stdout.write(self.format(record) + "\n")


def _peak_memory_mb() -> int:
    try:
        with open("/proc/self/status") as status:
            kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):  # not Linux
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes // 1024


def _write(descriptor: int, header: dict[str, Any], body: bytes = b"") -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    head = json.dumps({**header, "memory_mb": _peak_memory_mb()}).encode()
    data = memoryview(FRAME.pack(len(head), len(body)) + head + body)
    while data:
        data = data[os.write(descriptor, data) :]


def _read_requests(descriptor: int, requests: "queue.SimpleQueue[tuple[dict[str, Any], bytes]]") -> None:
    """Pass requests on until the server closes its end or dies, then end the process at once."""
    try:
        with os.fdopen(descriptor, "rb") as pipe:
            while prefix := pipe.read(FRAME.size):
                head, body = FRAME.unpack(prefix)
                requests.put((json.loads(pipe.read(head)), pipe.read(body)))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    os._exit(0)


def main() -> None:
    """Serve requests from one pipe, answers to the other, under the function's memory cap."""
    global _request_id
    request_fd, response_fd = int(sys.argv[1]), int(sys.argv[2])
    sys.path[:0] = sys.argv[3:]
    sys.argv[1:] = []
    threading.stack_size(512 * 1024)  # the usual 8 MB a thread would count against the cap
    cap = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logging.Formatter.converter = time.gmtime
    logging.getLogger().addHandler(_Log())

    requests: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(request_fd, requests), daemon=True).start()
    try:
        function = load(os.environ["_HANDLER"])
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception as error:
        result, log = describe(error)
        _write(response_fd, {"ok": False, "log": log}, json.dumps(result).encode())
        os._exit(1)
    _write(response_fd, {"ok": True})

    while True:
        header, payload = requests.get()
        _request_id = header["request_id"]
        os.environ["_X_AMZN_TRACE_ID"] = header["trace_id"]
        try:
            _write(response_fd, {"ok": True}, run(function, header, payload))
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except Exception as error:
            result, log = describe(error)
            _write(response_fd, {"ok": False, "log": log}, json.dumps(result).encode())


if __name__ == "__main__":
    main()
