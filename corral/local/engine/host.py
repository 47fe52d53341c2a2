"""The process stacks are forked from: everything heavy is imported once, no thread and no channel is started.

Run as `python -m corral.local.engine.host`. It imports, then reads Jobs from standard input and answers each
on standard output with Events and StackResults as they come, then None; all pickled, by `multiprocessing`.
When its input closes during a job, the job's children end with it.
"""

import contextlib
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import IO, Any

from corral.local.engine.aws import HANDLERS
from corral.local.engine.calls import Calls, forget_own_aws
from corral.local.engine.model import EngineError, Event, Failure, Job, StackResult
from corral.local.engine.monitor import KnownStack
from corral.local.engine.program import run_program
from corral.local.engine.project import Project, read_project

# One class of a module loads the module; modules load lazily.
_NATIVE = (("agentregistry", "Registry"), ("bedrock", "Guardrail"), ("bedrockagentcore", "Harness"))
_SERVICES = (
    *("athena", "cloudcontrol", "cloudtrail", "dynamodb", "firehose", "glue", "iam", "kms"),
    *("lambda", "logs", "s3", "secretsmanager", "sns", "sqs", "sts"),
)
_LOG_TAIL = 20_000
_FORK = multiprocessing.get_context("fork")


def main() -> int:
    """Serve jobs until the input closes. Returns 0 when every stack was made whole, 1 otherwise."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us decides what an interrupt means
    forget_own_aws()
    requests, answers = Connection(os.dup(0), writable=False), Connection(os.dup(1), readable=False)
    os.dup2(2, 1)  # what a program prints must not get among the answers
    _import_all()
    ok = True
    with contextlib.suppress(BrokenPipeError, EOFError), _no_child_left():
        while True:
            job: Job = requests.recv()
            for message in _run(job, requests):
                ok = ok and (not isinstance(message, StackResult) or message.ok)
                answers.send(message)
            answers.send(None)
    return 0 if ok else 1


@contextlib.contextmanager
def _no_child_left() -> Iterator[None]:
    try:
        yield
    finally:
        for child in multiprocessing.active_children():
            child.terminate()
            child.join()


def _import_all() -> None:
    for name, resource in _NATIVE:
        getattr(importlib.import_module(f"pulumi_aws_native.{name}"), resource)
    for token in HANDLERS:
        _, place, resource = token.split(":")
        name = place.split("/")[0]
        getattr(importlib.import_module(f"pulumi_aws.{'lambda_' if name == 'lambda' else name}"), resource)


def _run(job: Job, requests: Connection) -> Iterator[Event | StackResult]:
    """Run the environment's stack, then all others side by side; yields what happens."""
    calls = Calls(job.endpoint, job.credentials, job.region, job.account)
    try:
        project = read_project(job.project_root)
    except EngineError as error:
        for stack in job.stacks:
            yield from _not_started(stack, str(error))
        return
    for service in _SERVICES:
        calls.client(service)
    gc.collect()
    gc.freeze()
    known: dict[str, KnownStack] = {}
    first = [stack for stack in job.stacks if stack == job.environment]
    others = [stack for stack in job.stacks if stack != job.environment]
    for message in _side_by_side(first, project, calls, known, requests):
        yield message
        if isinstance(message, StackResult):
            if not message.ok:
                for stack in others:
                    yield from _not_started(stack, f"not started, because stack {message.stack} failed")
                return
            known[message.stack] = KnownStack(message.outputs, message.secret_outputs)
    yield from _side_by_side(others, project, calls, known, requests)


def _not_started(stack: str, message: str) -> Iterator[Event | StackResult]:
    yield Event("error", stack, message=message)
    yield StackResult(stack, errors=[Failure("", "", "", "", message)])


def _side_by_side(
    stacks: list[str],
    project: Project,
    calls: Calls,
    known: Mapping[str, KnownStack],
    requests: Connection,
) -> Iterator[Event | StackResult]:
    """Fork a child for each stack, at most one a processor at a time; yields what they send as it comes."""
    waiting = list(reversed(stacks))
    running: dict[Connection, tuple[str, ForkProcess, IO[bytes]]] = {}
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            stack = waiting.pop()
            log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 closed once the child is done
            receiver, sender = _FORK.Pipe(duplex=False)
            child = _FORK.Process(
                target=_child, args=(sender, log, project, stack, calls, known), daemon=True
            )
            child.start()
            sender.close()
            running[receiver] = (stack, child, log)
            yield Event("stack-start", stack)
        for ready in wait([requests, *running]):
            if ready is requests:
                raise EOFError
            assert isinstance(ready, Connection)
            message = _receive(ready)
            if isinstance(message, Event):
                yield message
                continue
            stack, child, log = running.pop(ready)
            ready.close()
            child.join()
            result = message or _died(stack, child.exitcode)
            result.log = _tail(log)
            yield Event("stack-done", stack, seconds=result.seconds, message="" if result.ok else "failed")
            yield result


def _receive(connection: Connection) -> Any:
    """Return a child's next message, or None when the child is gone."""
    try:
        return connection.recv()
    except EOFError:
        return None


def _died(stack: str, exit_code: int | None) -> StackResult:
    return StackResult(
        stack, errors=[Failure("", "", "", "", f"its process ended early, with exit code {exit_code}")]
    )


def _child(
    sender: Connection,
    log: IO[bytes],
    project: Project,
    stack: str,
    calls: Calls,
    known: Mapping[str, KnownStack],
) -> None:
    """Evaluate one stack and send what happens. The process's exit code is 1 when anything failed."""
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    # Inherited ends of other pipes would keep them from closing when their owner is gone.
    for descriptor in map(int, os.listdir("/dev/fd")):
        if descriptor > 2 and descriptor != sender.fileno():
            with contextlib.suppress(OSError):
                os.close(descriptor)
    try:
        result = run_program(project, stack, calls, known, sender.send)
    except EngineError as error:
        result = StackResult(stack, errors=[Failure("", "", "", "", str(error))])
    sys.stdout.flush()
    sys.stderr.flush()
    sender.send(result)
    sender.close()
    os._exit(0 if result.ok else 1)  # nothing to tidy up, and a big heap takes long to take apart


def _tail(log: IO[bytes]) -> str:
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - _LOG_TAIL))
    with log:
        return log.read().decode(errors="replace")


if __name__ == "__main__":
    os._exit(main())  # all is sent; taking so many modules apart would take most of a second
