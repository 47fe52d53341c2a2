"""A moto server, one warm engine process, and a way to evaluate a few lines of Pulumi program."""

import logging
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from corral.local.engine import Credentials, Event, Host, StackResult, run_stacks

ACCOUNT = "123456789012"
REGION = "us-east-1"
CREDENTIALS = Credentials("test", "test")


@pytest.fixture(scope="session")
def engine_host() -> Iterator[Host]:
    with Host() as host:
        yield host


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def endpoint(moto_server: str) -> str:
    """An empty account."""
    urlopen(Request(f"{moto_server}/moto-api/reset", method="POST")).read()
    return moto_server


@pytest.fixture
def client(endpoint: str) -> Callable[[str], Any]:
    """A boto3 client of the account, to look at what was really made."""
    return lambda service: boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class Evaluate:
    """Writes a program and runs it; `events` are those of the last run."""

    def __init__(self, root: Path, endpoint: str, host: Host) -> None:
        self.root, self.endpoint, self.host = root, endpoint, host
        self.events: list[Event] = []
        self.arrived: list[float] = []

    def __call__(self, program: str, *stacks: str, project: str = "") -> dict[str, StackResult]:
        (self.root / "Pulumi.yaml").write_text(f"name: corral\nruntime: python\n{project}")
        (self.root / "__main__.py").write_text(textwrap.dedent(program))
        self.events.clear()
        return run_stacks(
            "dev",
            self.root,
            list(stacks or ("dev",)),
            self.endpoint,
            CREDENTIALS,
            REGION,
            ACCOUNT,
            self._take,
            host=self.host,
        )

    def one(self, program: str) -> StackResult:
        return self(program)["dev"]

    def _take(self, event: Event) -> None:
        self.events.append(event)
        self.arrived.append(time.monotonic())


@pytest.fixture
def evaluate(tmp_path: Path, endpoint: str, engine_host: Host) -> Evaluate:
    return Evaluate(tmp_path, endpoint, engine_host)
