"""One worker process: started for one version of a function, used for one invocation at a time."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corral.local.server.functions.worker import FRAME, OUT_OF_MEMORY

PROGRAM = Path(__file__).with_name("worker.py")
MAX_LOG = 1024 * 1024  # bytes kept of what one invocation prints
_CHUNK = 1 << 16


class WorkerTimeoutError(Exception):
    """The deadline passed; the worker has been killed."""


class WorkerExitError(Exception):
    """The worker ended by itself; the message is how AWS words it."""

    def __init__(self, status: int) -> None:
        self.out_of_memory = status == OUT_OF_MEMORY
        if status < 0 or self.out_of_memory:
            name = "killed" if self.out_of_memory or -status == signal.SIGKILL else _signal_name(-status)
            super().__init__(f"Runtime exited with error: signal: {name}")
        elif status == 0:
            super().__init__("Runtime exited without providing a reason")
        else:
            super().__init__(f"Runtime exited with error: exit status {status}")


@dataclass(frozen=True)
class Answer:
    """What a worker answered: `ok` or an error object in `payload`, and the error as text for the log."""

    ok: bool
    payload: bytes
    log: str | None
    memory_mb: int


class Worker:
    """A process that has loaded, or is loading, a function. Not thread-safe: its user owns it."""

    def __init__(self, code: Path, layer: Path, environment: dict[str, str]) -> None:
        """Start the process; `start` waits until the handler is loaded."""
        request_read, self._requests = os.pipe()
        self._responses, response_write = os.pipe()
        python = [sys.executable, "-I", "-S", "-X", "utf8", str(PROGRAM)]
        try:
            self._process = subprocess.Popen(
                [*python, str(request_read), str(response_write), str(code), str(layer)],
                env=environment,
                cwd=code,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(request_read, response_write),
                # Ctrl-C is for the server, and killing takes the handler's children along.
                start_new_session=True,
            )
        finally:
            os.close(request_read)
            os.close(response_write)
        assert self._process.stdout is not None
        self._log_pipe = self._process.stdout
        for descriptor in (self._requests, self._log_pipe.fileno()):
            os.set_blocking(descriptor, False)
        self._log = bytearray()
        self._dropped = 0
        self.memory_mb = 0

    @property
    def process_id(self) -> int:
        """The operating system's id of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def start(self, seconds: float) -> Answer:
        """Wait until the handler is loaded, or failed to. Raises WorkerTimeoutError, WorkerExitError."""
        return self._exchange(b"", time.monotonic() + seconds)

    def run(self, header: dict[str, Any], payload: bytes, seconds: float) -> Answer:
        """Run the handler once. Raises WorkerTimeoutError (the process is then gone), WorkerExitError."""
        head = json.dumps(header).encode()
        request = FRAME.pack(len(head), len(payload)) + head + payload
        return self._exchange(request, time.monotonic() + seconds)

    def take_log(self) -> list[str]:
        """Return the lines printed since the last call."""
        self._drain_log()
        lines = self._log.decode(errors="replace").splitlines()
        if self._dropped:
            lines.append(f"(the local AWS dropped {self._dropped} bytes of log)")
        self._log.clear()
        self._dropped = 0
        return lines

    def terminate(self) -> None:
        """End the process and all it started. Any thread may; the one that owns the worker collects it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the process and all it started, and collect it."""
        self.terminate()
        self._process.wait()
        self._drain_log()

    def close(self) -> None:
        """Kill the process and close the pipes."""
        self.kill()
        for descriptor in (self._requests, self._responses):
            os.close(descriptor)
        self._log_pipe.close()

    def _exchange(self, request: bytes, deadline: float) -> Answer:
        unsent = memoryview(request)
        received = bytearray()
        poll = select.poll()
        poll.register(self._responses, select.POLLIN)
        poll.register(self._log_pipe, select.POLLIN)
        if unsent:
            poll.register(self._requests, select.POLLOUT)
        log_open = True
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                self.kill()
                raise WorkerTimeoutError
            for descriptor, _ in poll.poll(left * 1000):
                if descriptor == self._requests:
                    unsent = self._send(unsent)
                    if not unsent:
                        poll.unregister(self._requests)
                elif descriptor == self._responses:
                    data = os.read(self._responses, _CHUNK)
                    if not data:
                        self._raise_exit()
                    received += data
                    if answer := self._parse(received):
                        return answer
                elif log_open and not self._drain_log():
                    log_open = False
                    poll.unregister(self._log_pipe)

    def _send(self, unsent: memoryview) -> memoryview:
        try:
            return unsent[os.write(self._requests, unsent[:_CHUNK]) :]
        except BlockingIOError:
            return unsent
        except BrokenPipeError:
            return unsent[len(unsent) :]  # the process is going; the answer pipe will say so

    def _parse(self, received: bytearray) -> Answer | None:
        if len(received) < FRAME.size:
            return None
        head_size, body_size = FRAME.unpack_from(received)
        if len(received) < FRAME.size + head_size + body_size:
            return None
        head = json.loads(received[FRAME.size : FRAME.size + head_size])
        self.memory_mb = head["memory_mb"]
        return Answer(head["ok"], bytes(received[FRAME.size + head_size :]), head.get("log"), self.memory_mb)

    def _raise_exit(self) -> None:
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:  # it closed the pipe and went on
            self.kill()
            status = -signal.SIGKILL
        raise WorkerExitError(status)

    def _drain_log(self) -> bool:
        """Read what has been printed; False once nothing can write any more."""
        while not self._log_pipe.closed:
            try:
                data = os.read(self._log_pipe.fileno(), _CHUNK)
            except BlockingIOError:
                return True
            if not data:
                return False
            kept = data[: max(0, MAX_LOG - len(self._log))]
            self._log += kept
            self._dropped += len(data) - len(kept)
        return False


def _signal_name(number: int) -> str:
    description = signal.strsignal(number)
    return description.lower() if description else str(number)
