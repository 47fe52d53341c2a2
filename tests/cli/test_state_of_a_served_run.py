"""The file by which commands find a served local AWS: private, the server's own, removed when it is stale."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from corral.local.session import Deployed, Endpoint, find, forget


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    """A server that answers, as one that took over the port of a killed one would."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def deployed(endpoint: str, process_id: int) -> Deployed:
    return Deployed(Endpoint(endpoint, "us-east-1", "123456789012", "AKIA", "hush"), process_id, {"": {}})


@pytest.fixture
def dead() -> int:
    """The id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_it_is_readable_by_its_owner_alone(tmp_path: Path, endpoint: str) -> None:
    path = tmp_path / ".corral" / "dev.json"
    path.parent.mkdir()
    path.write_text("left behind")
    path.chmod(0o644)
    assert deployed(endpoint, os.getpid()).save(tmp_path, "dev") == path
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["dev.json"]
    assert find(tmp_path, "dev") == deployed(endpoint, os.getpid())


def test_one_of_a_dead_process_is_removed_though_another_server_answers(
    tmp_path: Path, endpoint: str, dead: int
) -> None:
    path = deployed(endpoint, dead).save(tmp_path, "dev")
    assert find(tmp_path, "dev") is None
    assert not path.exists()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", json.dumps({"at": {}, "process_id": 1, "outputs": {}})]
)
def test_one_that_cannot_be_read_is_removed(tmp_path: Path, content: str) -> None:
    path = tmp_path / ".corral" / "dev.json"
    path.parent.mkdir()
    path.write_text(content)
    assert find(tmp_path, "dev") is None
    assert not path.exists()


def test_a_run_that_ends_leaves_the_file_of_another(tmp_path: Path, endpoint: str, dead: int) -> None:
    path = deployed(endpoint, os.getpid()).save(tmp_path, "dev")
    forget(tmp_path, "dev", dead)
    assert path.exists()
    forget(tmp_path, "dev", os.getpid())
    assert not path.exists()
    forget(tmp_path, "dev", os.getpid())
