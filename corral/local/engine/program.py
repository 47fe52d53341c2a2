"""Evaluates the Pulumi program for one stack, in this process, which must be used for nothing else after."""

import asyncio
import gc
import json
import os
import runpy
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pulumi.runtime import set_all_config, settings
from pulumi.runtime.mocks import MockEngine, set_mocks
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.stack import run_in_stack

from corral.local.engine.calls import Calls
from corral.local.engine.lines import exception_line
from corral.local.engine.model import EngineError, Event, Failure, StackResult
from corral.local.engine.monitor import KnownStack, Monitor
from corral.local.engine.project import Project, read_config

_STALLED_SECONDS = 120.0  # longer than any one call may take
_BOUNDARIES = "corral:boundaries"  # the setting of components/boundary.py
ORGANIZATION = "organization"  # what the CLI calls it too, on a backend of its own


class _Log(MockEngine):
    """Takes what the program logs: a logged error fails the run, as it does with the real engine."""

    def __init__(self, result: StackResult) -> None:
        super().__init__(None)
        self._result = result

    def Log(self, request: Any) -> None:  # noqa: N802 pulumi's name
        if request.severity == engine_pb2.ERROR:
            self._result.errors.append(Failure("", "", request.urn, "", request.message))
        elif request.severity == engine_pb2.WARNING:
            self._result.warnings.append(request.message)


def run_program(
    project: Project,
    stack: str,
    calls: Calls,
    known_stacks: Mapping[str, KnownStack],
    on_event: Callable[[Event], None],
    *,
    bootstrapped: bool = False,
) -> StackResult:
    """Run the program for one stack; all that went wrong is in the result. Raises EngineError for bad config.

    An account that nobody `bootstrapped`, as a fresh local one, gets its boundaries from the stack.
    The garbage collector is switched off: with it the time a resource takes grows with their
    number.
    """
    started = time.perf_counter()
    config = _config(project, stack, calls)
    if not bootstrapped:
        config.pop(_BOUNDARIES, None)
    # Without this an f-string over an Output is a resource name with an explanation in it.
    os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "1"
    gc.disable()
    monitor = Monitor(stack, project.name, str(project.root), calls, known_stacks, on_event)
    os.chdir(project.working_folder)
    sys.argv = [str(project.program)]
    asyncio.run(_evaluate(project, stack, monitor, config))
    result = monitor.result
    result.seconds = time.perf_counter() - started
    return result


def _config(project: Project, stack: str, calls: Calls) -> dict[str, str]:
    """Return the stack's configuration; what it tells the AWS providers must be what this run does."""
    config = read_config(project, stack)
    for provider in ("aws", "aws-native"):
        region = config.setdefault(f"{provider}:region", calls.region)
        if region != calls.region:
            raise EngineError(f"stack {stack}: {provider}:region is {region}, this run is in {calls.region}")
        accounts = config.get(f"{provider}:allowedAccountIds")
        if accounts is not None and calls.account not in json.loads(accounts):
            raise EngineError(
                f"stack {stack}: {provider}:allowedAccountIds is {accounts}, this run is in {calls.account}"
            )
    return config


async def _evaluate(project: Project, stack: str, monitor: Monitor, config: dict[str, str]) -> None:
    # One thread makes all calls: the same order every run, and no two at once against a server.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
    settings.SETTINGS.outputs.clear()
    set_all_config(config, [])
    set_mocks(
        monitor.mocks,
        project=project.name,
        stack=stack,
        preview=False,
        monitor=monitor,
        organization=ORGANIZATION,
    )
    settings.SETTINGS.engine = _Log(monitor.result)
    settings.SETTINGS.root_directory = str(project.root)
    settings.set_root_resource(None)  # type: ignore[arg-type]  # set_mocks made one; run_in_stack makes its own
    try:
        await run_in_stack(lambda: _run(project, monitor))
    except Exception as error:
        monitor.program_fault(error, exception_line(error, str(project.root)))
    # With nothing else under way the SDK does not wait for the stack's own outputs.
    await _finish(monitor, str(project.root))


async def _run(project: Project, monitor: Monitor) -> None:
    """Run the program and all it set going. Faults are recorded; none stops what does not depend on it."""
    root = str(project.root)
    try:
        runpy.run_path(str(project.program), run_name="__main__")
    except (Exception, SystemExit) as error:  # a sys.exit in a program must not pass for success either
        monitor.program_fault(error, exception_line(error, root))
    await _finish(monitor, root)


async def _finish(monitor: Monitor, root: str) -> None:
    """Wait for everything under way and record what failed."""
    while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        done, _ = await asyncio.wait(tasks, timeout=_STALLED_SECONDS)
        if not done:
            monitor.program_fault(TimeoutError("the program waits for a value that never comes"), "")
            break
    for fault in sorted(_take_faults(), key=lambda error: exception_line(error, root)):
        monitor.program_fault(fault, exception_line(fault, root))


def _take_faults() -> list[BaseException]:
    """Collect what failed from where the SDK keeps it; left there, the first would end the run."""
    manager = settings._get_rpc_manager()
    with settings.SETTINGS.lock:
        tasks = [*settings.SETTINGS.outputs, *manager.rpcs]
        settings.SETTINGS.outputs.clear()
    manager.clear()
    faults = [task.exception() for task in tasks if task.done() and not task.cancelled()]
    return [fault for fault in faults if fault is not None]
