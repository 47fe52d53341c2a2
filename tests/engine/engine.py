"""A copy of the project, a served empty account, and the real Pulumi CLI working on the two."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import urllib3

ROOT = Path(__file__).parents[2]
CORRAL = [sys.executable, "-m", "corral"]
_SECONDS = 300


@dataclass(frozen=True)
class Step:
    """One resource an update dealt with: what the engine did with it, and which inputs differed."""

    operation: str
    type: str
    name: str
    properties: tuple[str, ...]


@dataclass(frozen=True)
class Update:
    """A run of the CLI: its exit code, all it said, and its steps without those that left a resource as it was."""

    code: int
    said: str
    steps: tuple[Step, ...]
    unchanged: int

    def touched(self) -> dict[str, str]:
        """Each resource that was touched, with the operation; a replacement counts once."""
        shown = [
            step for step in self.steps if step.operation not in ("create-replacement", "delete-replaced")
        ]
        return {step.name: step.operation for step in shown}

    def counts(self) -> Counter[str]:
        """How many resources were created, updated, ..."""
        return Counter(self.touched().values())


@dataclass
class Engine:
    """The CLI in a project of its own."""

    project: Path
    environment: dict[str, str]
    endpoint: str
    process: "subprocess.Popen[str]"

    def command(self, *arguments: str, **other: Any) -> "subprocess.Popen[str]":
        """Start a pulumi command in a session of its own, as a terminal would."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**self.environment, **other},
            cwd=self.project,
            start_new_session=True,
        )

    def corral(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a corral command, with nobody to answer it."""
        return subprocess.Popen(
            [*CORRAL, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**self.environment, "COLUMNS": "200"},
            cwd=self.project,
        )

    def run(self, *arguments: str, **other: str) -> subprocess.CompletedProcess[str]:
        """Run a pulumi command to its end."""
        with self.command(*arguments, **other) as process:
            said, _ = process.communicate(timeout=_SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, said, "")

    def update(self, action: str, stack: str, *arguments: str, **other: str) -> Update:
        """Run up, preview, refresh or destroy, and read what it did from its event log."""
        log = self.project / f"{stack}-{time.monotonic_ns()}.events"
        sure = [] if action == "preview" else ["--yes", "--skip-preview"]
        done = self.run(action, "--stack", stack, "--event-log", str(log), *sure, *arguments, **other)
        return Update(done.returncode, done.stdout, *_steps(log))

    def up(self, stack: str, *arguments: str, **other: str) -> Update:
        """Run up, which must succeed."""
        done = self.update("up", stack, *arguments, **other)
        assert done.code == 0, done.said
        return done

    def init(self, *stacks: str) -> None:
        """Create stacks."""
        for stack in stacks:
            done = self.run("stack", "init", stack)
            assert done.returncode == 0, done.stdout

    def state(self, stack: str) -> list[dict[str, Any]]:
        """The resources in a stack's state, secrets encrypted."""
        done = self.run("stack", "export", "--stack", stack)
        assert done.returncode == 0, done.stdout
        return list(json.loads(done.stdout)["deployment"].get("resources", []))

    def outputs(self, stack: str) -> dict[str, Any]:
        """A stack's outputs."""
        done = self.run("stack", "output", "--json", "--stack", stack)
        assert done.returncode == 0, done.stdout
        return dict(json.loads(done.stdout))

    def client(self, service: str) -> Any:
        """A boto3 client of the account's administrator."""
        keys = self.environment
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=keys["AWS_REGION"],
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        )

    def faults(self, *faults: dict[str, Any]) -> None:
        """Order faults of the local AWS."""
        answer = urllib3.request(
            "PUT", f"{self.endpoint}/_corral/faults", body=json.dumps({"faults": faults})
        )
        assert answer.status == 200, answer.data

    def faults_left(self) -> int:
        """How many of the ordered faults are still to strike."""
        return int(urllib3.request("GET", f"{self.endpoint}/_corral/faults").json()["left"])

    @contextmanager
    def edited(self, file: str, before: str, after: str) -> Iterator[None]:
        """Replace a text, which must be there, in a file of the project for the length of a `with`."""
        path = self.project / file
        original = path.read_text()
        assert before in original
        path.write_text(original.replace(before, after))
        try:
            yield
        finally:
            path.write_text(original)


def _steps(log: Path) -> tuple[tuple[Step, ...], int]:
    steps, unchanged = [], 0
    for line in log.read_text().splitlines() if log.exists() else ():
        step = json.loads(line).get("resOutputsEvent", {}).get("metadata")
        if step is None or step["type"].startswith(("corral:", "pulumi:")):
            continue
        if step["op"] in ("same", "refresh", "read"):
            unchanged += 1
        else:
            name = step["urn"].rpartition("::")[2]
            steps.append(Step(step["op"], step["type"], name, tuple(step.get("diffs") or ())))
    return tuple(steps), unchanged


@contextmanager
def serving(folder: Path) -> Iterator[Engine]:
    """A copy of the project with an empty account of its own."""
    project = folder / "project"
    for name in ("stacks", "functions", "templates", "policies"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", project)
    (project / ".venv").symlink_to(sys.prefix)  # the policy pack's own Python
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    plain |= {
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DEBUG_COMMANDS": "true",
    }  # the latter for --event-log
    process = subprocess.Popen(
        [*CORRAL, "up", "dev", "--local", "--serve", "--empty", "--json"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=plain,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    assert line.startswith("{"), line + process.stderr.read()
    ready = json.loads(line)
    try:
        yield Engine(project, {**plain, **ready["aws"], **ready["pulumi"]}, ready["endpoint"], process)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
