"""How a run ends when it does not end by itself: quietly, and with nothing of it left."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

UP = [sys.executable, "-m", "corral", "up", "dev", "--local", "--team", "sales"]


def children(process_id: int) -> dict[int, str]:
    """A process's descendants that are not dead, by id, with their command lines."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == process_id and state != "Z":
                child = int(stat.parent.name)
                found |= {child: stat.with_name("cmdline").read_text(), **children(child)}
    return found


def until_gone(process_ids: list[int], seconds: float = 20) -> list[int]:
    """Those processes that are still alive when the time is over."""
    deadline = time.monotonic() + seconds
    while alive := [one for one in process_ids if is_alive(one)]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(0.1)
    return []


def is_alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def running(project: Path) -> Iterator["subprocess.Popen[str]"]:
    """A run whose server and engine are under way."""
    interruptible = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{interruptible}; import os, sys; os.execv(sys.executable, {UP!r})"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        while sum("corral.local" in command for command in children(process.pid).values()) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(2)
        yield process
        process.kill()


def test_an_interrupted_run_is_quiet_and_leaves_no_process(running: "subprocess.Popen[str]") -> None:
    started = list(children(running.pid))
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert (running.returncode, said) == (130, "")
    assert until_gone(started) == []


def test_a_killed_run_leaves_no_process(running: "subprocess.Popen[str]") -> None:
    started = list(children(running.pid))
    running.kill()
    running.wait()
    assert until_gone(started) == []


def test_a_local_aws_that_is_lost_half_way_is_said(running: "subprocess.Popen[str]") -> None:
    (server,) = [one for one, command in children(running.pid).items() if "corral.local.server" in command]
    os.kill(server, signal.SIGKILL)
    out, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "Traceback" not in out + said
