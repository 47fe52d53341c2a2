"""The Pulumi CLI as the Automation API runs it, with interrupts that reach each of its processes once."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error

GET_PULUMI = (
    "Get it from https://www.pulumi.com/docs/iac/download-install/ (3.260 or later), then run this again."
)

Lines = Callable[[str], object] | None


class PulumiMissingError(Exception):
    """There is no Pulumi CLI. The text says how to get it."""


class PulumiCli(PulumiCommand):
    """The CLI on PATH.

    Each process is in a session of its own: Ctrl-C reaches it through `interrupt` alone. The first one lets
    it finish what it has begun and write its state down; the second ends it at once.
    """

    def __init__(self) -> None:
        if shutil.which("pulumi") is None:
            raise PulumiMissingError(f"there is no pulumi on PATH. {GET_PULUMI}")
        super().__init__()
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def interrupt(self) -> None:
        """Tell every process that runs now to stop."""
        with self._lock:
            for process in self._running:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGINT)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Lines = None,
        on_error: Lines = None,
    ) -> CommandResult:
        """Run one command. Raises the Automation API's CommandError when it fails."""
        environment = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        process = subprocess.Popen(
            [self.command, "--non-interactive", *(word for word in args if word != "--non-interactive")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=environment,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        with self._lock:
            self._running.add(process)
        output: list[str] = []
        errors: list[str] = []
        with process:
            reader = threading.Thread(target=_read, args=(process.stderr, on_error, errors))
            reader.start()
            _read(process.stdout, on_output, output)
            reader.join()
        with self._lock:
            self._running.discard(process)
        result = CommandResult("\n".join(output), "\n".join(errors), process.returncode)
        if result.code != 0:
            raise create_command_error(result)
        return result


def _read(stream: Iterable[str], tell: Lines, lines: list[str]) -> None:
    for line in stream:
        lines.append(line.rstrip())
        if tell:
            tell(lines[-1])
