"""One local AWS for all tests of this folder, served as a person would: `corral up dev --local --serve --json`."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

ROOT = Path(__file__).parents[2]
CORRAL = [sys.executable, "-m", "corral"]


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these on one worker: the platform stands up once."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("served"))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project to serve from, so that a developer's own served platform is left alone."""
    return copied(tmp_path_factory.mktemp("project"))


def copied(copy: Path) -> Path:
    """Copy the project into a folder."""
    for name in ("stacks", "components", "corral", "functions", "templates", "policies"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", copy)
    return copy


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a corral command in the project."""
    return subprocess.run([*CORRAL, *arguments], cwd=project, capture_output=True, text=True, timeout=180)


@pytest.fixture(scope="session")
def served(project: Path) -> Iterator[dict[str, Any]]:
    """What `--serve --json` prints when all is up."""
    yield from serving(project)


def serving(project: Path, *options: str) -> Iterator[dict[str, Any]]:
    """Serve a project, and stop that afterwards."""
    process = subprocess.Popen(
        [*CORRAL, "up", "dev", "--local", "--serve", "--json", *options],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    if not line.startswith('{"endpoint"'):
        process.kill()
        raise AssertionError(line + process.stdout.read() + process.stderr.read())
    said = json.loads(line)
    topic = f"arn:aws:sns:{said['region']}:{said['account']}:corral-dev-alerts"
    with urllib.request.urlopen(f"{said['endpoint']}/_corral/notifications?topic={topic}") as answer:
        said["told_at_first"] = json.loads(answer.read())  # before any test has done anything
    yield said
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


@pytest.fixture(scope="session")
def outputs(project: Path, served: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The stacks' outputs; the platform's under the empty name."""
    state = json.loads((project / ".corral" / "dev.json").read_text())
    return dict(state["outputs"])


@pytest.fixture(scope="session")
def admin(served: dict[str, Any]) -> boto3.Session:
    """A boto3 session as the account's administrator."""
    keys = served["admin"]
    return boto3.Session(keys["access_key_id"], keys["secret_access_key"], region_name=served["region"])


@pytest.fixture(autouse=True)
def _local_endpoint(served: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients find the local AWS by environment variable alone."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", served["endpoint"])
