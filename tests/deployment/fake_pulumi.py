"""An executable in the place of the Pulumi CLI: it says what it was told to, and notes down how it was used."""

import json
import os
import shlex
import stat
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

EVENTS = Path(__file__).parent / "events"

_PROGRAM = """
import fcntl, json, os, signal, sys, time
folder, arguments = sys.argv[1], [word for word in sys.argv[2:] if word != "--non-interactive"]
stack = arguments[arguments.index("--stack") + 1] if "--stack" in arguments else ""
if arguments[:2] == ["stack", "init"]:
    stack = arguments[2]
interrupts = 0

def note(what):
    with open(folder + "/notes.jsonl", "a") as notes:
        fcntl.flock(notes, fcntl.LOCK_EX)
        streams = os.environ.get("PULUMI_ENABLE_STREAMING_JSON_PREVIEW") == "true"
        entry = {"what": what, "stack": stack, "arguments": arguments, "cwd": os.getcwd(), "streams": streams}
        notes.write(json.dumps(entry) + "\\n")

def interrupted(*_):
    global interrupts
    interrupts += 1
    note("interrupt")
    if interrupts == 2:
        os._exit(255)

signal.signal(signal.SIGINT, interrupted)
with open(folder + "/plan.json") as file:
    plan = json.load(file)
if arguments == ["version"]:
    print(plan["version"])
    sys.exit()
note("begin")
if arguments[0] == "stack":
    does = plan["commands"].get(" ".join(arguments[:2]), {})
else:
    does = plan["stacks"].get(stack, {})
if arguments[:2] == ["stack", "ls"] and not does:
    print(json.dumps([{"name": name, "current": False} for name in plan["existing"]]))
    sys.exit()
sys.stdout.write(does.get("output", ""))
sys.stdout.flush()
end = time.monotonic() + does.get("seconds", 0)
while time.monotonic() < end and not (interrupts and does.get("stops")):
    time.sleep(0.01)
if interrupts:
    sys.stdout.write(does.get("interrupted", ""))
sys.stderr.write(does.get("errors", ""))
note("end")
sys.exit(does.get("code", int(bool(interrupts))))
"""


def recorded(name: str) -> str:
    """What the real engine said, as lines of JSON."""
    return (EVENTS / f"{name}.jsonl").read_text()


@dataclass
class FakePulumi:
    """What it is to say, and what became of it. `write` it before each use."""

    folder: Path
    existing: Sequence[str] = ()
    version: str = "v3.260.0"
    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    commands: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self) -> None:
        """Let the executable know."""
        known = ("existing", "version", "stacks", "commands")
        plan = json.dumps({name: getattr(self, name) for name in known})
        (self.folder / "plan.json").write_text(plan)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be the first `pulumi` on PATH."""
        (self.folder / "bin").mkdir(parents=True)
        (self.folder / "program.py").write_text(_PROGRAM)
        executable = self.folder / "bin/pulumi"
        words = shlex.join([sys.executable, "-I", "-S", str(self.folder / "program.py"), str(self.folder)])
        executable.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        executable.chmod(executable.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        self.write()

    def notes(self, what: str = "") -> list[dict[str, Any]]:
        """Everything noted so far, or what is of one kind."""
        path = self.folder / "notes.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [entry for entry in map(json.loads, lines) if what in ("", entry["what"])]

    def wait_for(self, what: str, count: int = 1, *, of_a_stack: bool = True) -> None:
        """Wait until something was noted so often."""
        deadline = time.monotonic() + 20
        while len([entry for entry in self.notes(what) if entry["stack"] or not of_a_stack]) < count:
            assert time.monotonic() < deadline, f"no {what} came: {self.notes()}"
            time.sleep(0.01)

    def order(self) -> list[tuple[str, str]]:
        """Begin and end of each stack's commands other than init, in the order they came."""
        return [
            (entry["what"], entry["stack"])
            for entry in self.notes()
            if entry["stack"] and entry["arguments"][0] != "stack"
        ]

    def most_at_once(self) -> int:
        """The greatest number of stacks that were worked on at one time."""
        running = most = 0
        for what, _ in self.order():
            running += {"begin": 1, "end": -1}.get(what, 0)
            most = max(most, running)
        return most
