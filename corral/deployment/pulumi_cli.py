"""The Pulumi CLI as the Automation API runs it, with interrupts that reach each of its processes once."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import InvalidVersionError, create_command_error
from semver import VersionInfo

_OLDEST = VersionInfo(3, 260, 0)
GET_PULUMI = (
    f"Get it from https://www.pulumi.com/docs/iac/download-install/ ({_OLDEST.major}.{_OLDEST.minor} or later), "
    "then run this again."
)

Lines = Callable[[str], object] | None


class PulumiMissingError(Exception):
    """There is no Pulumi CLI that can be used. The text says how to get it."""


class InterruptedBeforeError(Exception):
    """A command was not begun, because an interrupt came before it."""


class PulumiCli(PulumiCommand):
    """The CLI on PATH.

    Each process is in a session of its own: Ctrl-C reaches it through `interrupt` alone. The first one lets
    it finish what it has begun and write its state down; the second ends it at once. None is begun after that.
    """

    def __init__(self) -> None:
        if shutil.which("pulumi") is None:
            raise PulumiMissingError(f"there is no pulumi on PATH. {GET_PULUMI}")
        try:
            super().__init__(version=_OLDEST)
        except (InvalidVersionError, OSError, subprocess.CalledProcessError) as error:
            raise PulumiMissingError(f"the pulumi on PATH is of no use: {error} {GET_PULUMI}") from error
        self.interrupted = False
        self._running: set[subprocess.Popen[str]] = set()
        # Starting a process and noting it down is one step, or an interrupt between the two would not reach it.
        # Re-entrant, as a signal's handler runs in the main thread, which may hold it.
        self._lock = threading.RLock()

    def interrupt(self) -> None:
        """Tell every process that runs now to stop, and begin no other."""
        with self._lock:
            self.interrupted = True
            for process in self._running:
                process.send_signal(signal.SIGINT)  # nothing happens to one that has just ended

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Lines = None,
        on_error: Lines = None,
    ) -> CommandResult:
        """Run one command.

        Raises the Automation API's CommandError when it fails, InterruptedBeforeError after an interrupt.
        """
        process = self._start(args, cwd, additional_env)
        assert process.stdout is not None
        assert process.stderr is not None
        output: list[str] = []
        errors: list[str] = []
        try:
            with process:
                reader = threading.Thread(target=_read, args=(process.stderr, on_error, errors))
                reader.start()
                _read(process.stdout, on_output, output)
                reader.join()
        finally:
            with self._lock:
                self._running.discard(process)
        result = CommandResult("\n".join(output), "\n".join(errors), process.returncode)
        if result.code != 0:
            raise create_command_error(result)
        return result

    def _start(self, args: list[str], cwd: str, additional_env: Mapping[str, str]) -> subprocess.Popen[str]:
        # Without the folder to go to, which `cwd` is already: a relative one would be gone into twice.
        environment = {name: value for name, value in os.environ.items() if name != "PULUMI_OPTION_CWD"}
        with self._lock:
            if self.interrupted:
                raise InterruptedBeforeError
            process = subprocess.Popen(
                [self.command, "--non-interactive", *(word for word in args if word != "--non-interactive")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env={**environment, **additional_env, "PULUMI_AUTOMATION_API": "true"},
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
        return process


def _read(stream: Iterable[str], tell: Lines, lines: list[str]) -> None:
    for line in stream:
        lines.append(line.rstrip())
        if tell:
            tell(lines[-1])
