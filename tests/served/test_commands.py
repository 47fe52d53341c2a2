"""The commands around a served local AWS: invoke uses it, a second one is refused, a taken port is named."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def test_up_without_local_says_where_to_go(project: Path, served: dict[str, Any]) -> None:
    done = run(project, "up", "dev")
    assert done.returncode == 2
    assert "docs/deploy.md" in done.stdout + done.stderr
