"""The engine's way in: run the program for an environment's stacks and get each stack's outcome."""

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import corral
from corral.local.engine.model import Credentials, Event, Failure, Job, StackResult

_HOST = "corral.local.engine.host"


class Host:
    """The process that evaluates programs. Start it early: it imports for some seconds while others work.

    It serves one run after the other. Use it as a context manager, or have `run_stacks` make its own.
    """

    def __init__(self) -> None:
        packages = str(Path(corral.__file__).parents[1])
        path = os.pathsep.join(filter(None, (packages, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", _HOST],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # an interrupt is for whoever started us, who then ends this in order
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = Connection(os.dup(self._process.stdin.fileno()), readable=False)
        self._answers = Connection(os.dup(self._process.stdout.fileno()), writable=False)
        self._process.stdin.close()
        self._process.stdout.close()

    def run(self, job: Job, on_event: Callable[[Event], None]) -> dict[str, StackResult]:
        """Run one job; see `run_stacks`."""
        results: dict[str, StackResult] = {}
        try:
            self._requests.send(job)
            while (message := self._answers.recv()) is not None:
                if isinstance(message, StackResult):
                    results[message.stack] = message
                else:
                    on_event(message)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            code = self._process.wait()
            lost = Failure("", "", "", "", f"the engine's process ended early, with exit code {code}")
            for stack in job.stacks:
                results.setdefault(stack, StackResult(stack, errors=[lost]))
        except BaseException:
            self.close()  # an interrupted run must not go on unseen, nor its events reach the next one
            raise
        return results

    def close(self) -> None:
        """End the process and the stacks it still runs. Closing twice is fine."""
        self._requests.close()
        self._answers.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run_stacks(
    environment_name: str,
    project_root: Path,
    stacks: list[str],
    endpoint: str,
    credentials: Credentials,
    region: str,
    account: str,
    on_event: Callable[[Event], None],
    *,
    host: Host | None = None,
) -> dict[str, StackResult]:
    """Evaluate the program for `stacks` and create every resource at `endpoint`.

    The stack named as the environment runs first, the others after it side by side; if it fails they are not
    started, and their results say so. Nothing raises for what a program or a resource gets wrong: every stack
    asked for has a result, and `StackResult.ok` says whether it is whole.

    `host` is one made earlier, to have its imports done by now; without it the run makes its own.
    """
    job = Job(environment_name, project_root, tuple(stacks), endpoint, credentials, region, account)
    if host is not None:
        return host.run(job, on_event)
    with Host() as own:
        return own.run(job, on_event)
