"""The commands around a served local AWS: invoke uses it, a second one is refused, a taken port is named."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CORRAL = [sys.executable, "-m", "corral"]


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CORRAL, *arguments], cwd=project, capture_output=True, text=True, timeout=120)


def test_invoke_uses_the_served_platform(project: Path, served: dict[str, Any]) -> None:
    done = run(project, "invoke", "dev", "support/helpdesk", "what nobody scripted", "--local", "--json")
    assert done.returncode == 0, done.stderr
    assert "scripted model" in json.loads(done.stdout)["answer"]


def test_invoke_names_the_nearest_agent(project: Path, served: dict[str, Any]) -> None:
    done = run(project, "invoke", "dev", "support/helpdisk", "hello", "--local")
    assert done.returncode == 1
    assert "helpdesk" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_second_serve_is_refused_with_the_first_ones_address(project: Path, served: dict[str, Any]) -> None:
    done = run(project, "up", "dev", "--local", "--serve")
    assert done.returncode == 1
    assert served["endpoint"] in done.stdout + done.stderr


def test_an_unknown_team_is_named_with_the_nearest(project: Path, served: dict[str, Any]) -> None:
    done = run(project, "up", "dev", "--local", "--team", "suport")
    assert done.returncode == 1
    assert (
        'there is no team suport. Teams: finance, legal, sales, support. Did you mean "support"?'
        in done.stderr
    )


def test_destroy_stops_what_is_served_and_only_that(project: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(project, tmp_path / "a project", ignore=shutil.ignore_patterns(".corral")))
    with subprocess.Popen(
        [*CORRAL, "up", "dev", "--local", "--serve", "--json", "--team", "sales"],
        cwd=own,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        done = run(tmp_path, "destroy", "dev", "--local", "--json", "--project", str(own))
        assert json.loads(done.stdout) == {"environment": "dev", "endpoint": ready["endpoint"]}
        assert process.wait(timeout=30) == 0
    assert not (own / ".corral/dev.json").exists()
    assert run(own, "destroy", "dev", "--local").returncode == 1


def test_a_taken_port_is_named(project: Path, served: dict[str, Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(project, "up", "dev", "--local", "--port", str(port))
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert str(port) in said
    assert "Traceback" not in said


def test_a_port_that_cannot_be_is_a_usage_error(project: Path) -> None:
    for port in ("-1", "65536"):
        done = run(project, "up", "dev", "--local", "--port", port)
        assert done.returncode == 2
        assert "'--port'" in done.stderr


@pytest.mark.parametrize("command", ["up", "destroy"])
def test_without_local_and_a_pulumi_cli_it_says_how_to_get_one(project: Path, command: str) -> None:
    environment = {**os.environ, "PATH": "/nowhere"}
    done = subprocess.run(
        [*CORRAL, command, "dev"], cwd=project, capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 1
    assert "https://www.pulumi.com/docs/iac/download-install/" in done.stderr
