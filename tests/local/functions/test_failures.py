"""Every way a function can fail, with AWS's error for it; the next invocation works again."""

import contextlib
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends

from corral.local.server.core import AwsError, LocalAws
from corral.local.server.functions import Functions, ThrottlingError
from corral.local.server.functions import pool as pools
from tests.local.functions.support import REGION, Deploy

PER_EVENT = """
import os, signal, sys, time, datetime, decimal, subprocess

def fail():
    raise ValueError("no such order")

def handler(event, context):
    match event.get("do"):
        case "sleep": subprocess.Popen(["sleep", "60"]); time.sleep(60)
        case "exit": os._exit(3)
        case "sys.exit": sys.exit(4)
        case "signal": os.kill(os.getpid(), signal.SIGSEGV)
        case "quit": os._exit(0)
        case "datetime": return {"at": datetime.datetime(2026, 1, 1)}
        case "set": return {1}
        case "decimal": return [decimal.Decimal("1.5"), decimal.Decimal(3)]
        case "big": return "x" * 10_000_000
        case "raise": fail()
        case "memory": return len(bytearray(512 * 1024 * 1024))
        case "flood": print("x" * 5_000_000); return "printed"
        case "bytes": return b"\\x00raw"
        case "cycle":
            loop = []; loop.append(loop); return loop
    return os.getpid()
"""


def failure(aws: Any, do: str) -> tuple[Any, dict[str, Any]]:
    execution = aws.functions.invoke("f", json.dumps({"do": do}).encode())
    assert execution.error == "Unhandled"
    assert execution.status == 200
    return execution, json.loads(execution.payload)


@pytest.fixture
def function(aws: LocalAws, deploy: Deploy) -> LocalAws:
    deploy(PER_EVENT, Timeout=30)  # half a gigabyte takes a busy machine a while
    return aws


def update_configuration(aws: Any, **changed: int) -> None:
    backend = lambda_backends[aws.account][REGION]
    backend.update_function_configuration("f", None, changed)  # type: ignore[arg-type]


def works_again(aws: Any) -> int:
    execution = aws.functions.invoke("f", b"{}")
    assert execution.error is None
    return int(execution.payload)


def gone(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


def left_in_group(group: int, seconds: float = 5) -> list[str]:
    """Names of a group's processes that do not end: one that is killed dies when the kernel gets round to it."""
    deadline = time.monotonic() + seconds
    while (found := running_in_group(group)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def running_in_group(group: int) -> list[str]:
    """Names of processes of a group that are not dead (a container's init may leave dead orphans about)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, rest = stat.read_text().rsplit(")", 1)
            state, _, in_group = rest.split()[:3]
            if int(in_group) == group and state != "Z":
                found.append(name)
    return found


def test_timeout_kills_the_worker_and_its_children(function: Any) -> None:
    update_configuration(function, Timeout=1)
    old = works_again(function)
    began = time.monotonic()
    execution, error = failure(function, "sleep")
    assert 0.9 < time.monotonic() - began < 3
    reason = "Task timed out after 1.00 seconds"
    assert error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {execution.request_id} Error: {reason}",
    }
    assert f"{execution.request_id} {reason}" in execution.log
    assert gone(old)
    assert left_in_group(old) == []  # the sleep it started too
    assert works_again(function) != old


@pytest.mark.parametrize(
    ("do", "reason"),
    [
        ("exit", "Runtime exited with error: exit status 3"),
        ("sys.exit", "Runtime exited with error: exit status 4"),
        ("signal", "Runtime exited with error: signal: segmentation fault"),
        ("quit", "Runtime exited without providing a reason"),
    ],
)
def test_crash(function: Any, do: str, reason: str) -> None:
    execution, error = failure(function, do)
    message = f"RequestId: {execution.request_id} Error: {reason}"
    assert error == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert message in execution.log
    assert works_again(function)


def test_exception(function: Any) -> None:
    execution, error = failure(function, "raise")
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such order")
    assert error["requestId"] == execution.request_id
    assert [line.splitlines()[0].rsplit(", ", 1)[1] for line in error["stackTrace"]] == [
        "in handler",
        "in fail",
    ]
    assert "app.py" in error["stackTrace"][0]
    assert "[ERROR] ValueError: no such order\nTraceback (most recent call last):" in execution.log


@pytest.mark.parametrize(
    ("do", "what"),
    [
        ("datetime", "Object of type datetime is not JSON serializable"),
        ("set", "Object of type set is not JSON serializable"),
        ("cycle", "Circular reference detected"),
    ],
)
def test_not_json(function: Any, do: str, what: str) -> None:
    error = failure(function, do)[1]
    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"] == f"Unable to marshal response: {what}"


def test_decimals_and_bytes_are_answers(function: Any) -> None:
    assert function.functions.invoke("f", b'{"do": "decimal"}').payload == b"[1.5, 3]"
    assert function.functions.invoke("f", b'{"do": "bytes"}').payload == b"\x00raw"


def test_ten_megabytes(function: Any) -> None:
    error = failure(function, "big")[1]
    assert error["errorType"] == "Function.ResponseSizeTooLarge"
    assert error["errorMessage"] == (
        "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    )
    assert works_again(function)


def test_memory(function: Any) -> None:
    error = failure(function, "memory")[1]
    assert error["errorType"] == "Runtime.OutOfMemory"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert works_again(function)
    update_configuration(function, MemorySize=1024)
    assert function.functions.invoke("f", b'{"do": "memory"}').payload == b"536870912"


def test_a_flood_of_log_is_cut_and_says_so(function: Any) -> None:
    execution = function.functions.invoke("f", b'{"do": "flood"}')
    assert execution.payload == b'"printed"'
    assert len(execution.log) < 1_200_000
    assert "bytes of log)" in execution.log


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        (
            "import nowhere",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'nowhere'",
        ),
        (
            "x = 1",
            "gone.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'gone': No module named 'gone'",
        ),
        ("x = 1", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        (
            "x = 1",
            "app",
            "Runtime.MalformedHandlerName",
            "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
        ),
        (
            "def (",
            "app.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'app': ",
        ),
        ("import os\nos.environ['TABLE_NAME']", "app.handler", "KeyError", "'TABLE_NAME'"),
        (
            "import os\nos._exit(9)",
            "app.handler",
            "Runtime.ExitError",
            "Runtime exited with error: exit status 9",
        ),
    ],
)
def test_does_not_load(aws: Any, deploy: Deploy, source: str, handler: str, kind: str, message: str) -> None:
    deploy(source, Handler=handler)
    execution, error = failure(aws, "")
    assert error["errorType"] == kind
    assert message in error["errorMessage"]
    assert message in execution.log
    assert aws.functions.process_ids == []


def test_a_broken_archive(aws: Any, deploy: Deploy) -> None:
    deploy("", Code={"ZipFile": "bm90IGEgemlw"})
    with pytest.raises(AwsError, match="could not unzip") as raised:
        aws.functions.invoke("f", b"{}")
    assert raised.value.code == "InvalidZipFileException"


@pytest.mark.control("cascade-limits")
def test_reserved_concurrency(aws: Any, deploy: Deploy) -> None:
    deploy("import time\ndef handler(e, c):\n    time.sleep(0.4)\n", Timeout=5)
    lambdas = lambda_backends[aws.account][REGION]
    lambdas.put_function_concurrency("f", "2")
    barrier = threading.Barrier(3)

    def one() -> str:
        barrier.wait()
        try:
            aws.functions.invoke("f", b"{}")
        except ThrottlingError as error:
            return error.reason
        return "ran"

    with ThreadPoolExecutor(3) as threads:
        outcomes = sorted(each.result() for each in [threads.submit(one) for _ in range(3)])
    assert outcomes == ["ReservedFunctionConcurrentInvocationLimitExceeded", "ran", "ran"]
    assert aws.functions.invoke("f", b"{}").error is None
    lambdas.put_function_concurrency("f", "0")
    with pytest.raises(ThrottlingError) as raised:
        aws.functions.invoke("f", b"{}")
    assert (raised.value.code, raised.value.status) == ("TooManyRequestsException", 429)


def test_account_concurrency(aws: Any, deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "ACCOUNT_CONCURRENCY", 0)
    deploy(PER_EVENT)
    with pytest.raises(ThrottlingError) as raised:
        aws.functions.invoke("f", b"{}")
    assert raised.value.reason == "ConcurrentInvocationLimitExceeded"
    lambda_backends[aws.account][REGION].put_function_concurrency("f", "1")
    assert aws.functions.invoke("f", b"{}").error is None  # what is reserved is there for it


def test_two_hundred_invocations_on_eight_threads(aws: Any, deploy: Deploy) -> None:
    deploy("import os\ndef handler(e, c):\n    return [e['n'] * 2, os.getpid()]\n", name="f")
    deploy("def handler(e, c):\n    return [e['n'] * 3, 0]\n", name="g")

    def one(number: int) -> tuple[bool, int]:
        name, factor = ("f", 2) if number % 2 else ("g", 3)
        execution = aws.functions.invoke(name, json.dumps({"n": number}).encode())
        doubled, process_id = json.loads(execution.payload)
        return doubled == number * factor, process_id

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(one, range(200)))
    assert all(right for right, _ in outcomes)
    used = {process_id for _, process_id in outcomes} - {0}
    assert len(used) <= 8
    processes = aws.functions.process_ids
    assert used <= set(processes)
    assert len(processes) <= 16
    aws.functions.close()
    assert all(gone(process_id) for process_id in processes)


def test_close_ends_what_is_running(aws: Any, deploy: Deploy) -> None:
    deploy("import time\ndef handler(e, c):\n    time.sleep(30)\n", Timeout=60)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(aws.functions.invoke, "f", b"{}")
        while not aws.functions.process_ids:
            time.sleep(0.01)
        process_id = aws.functions.process_ids[0]
        time.sleep(0.2)
        aws.functions.close()
        assert gone(process_id)
        assert running.result(timeout=5).error == "Unhandled"
    with pytest.raises(AwsError, match="closing"):
        aws.functions.invoke("f", b"{}")


def test_idle_workers_are_ended(aws: Any, deploy: Deploy) -> None:
    functions = Functions(aws, idle_seconds=0.2)
    deploy(PER_EVENT)
    process_id = int(functions.invoke("f", b"{}").payload)
    deadline = time.monotonic() + 5
    while not gone(process_id) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert gone(process_id)
    assert functions.process_ids == []
    assert functions.invoke("f", b"{}").error is None
    functions.close()
