"""A local AWS with nothing but moto's backends behind it, and functions deployed into it from source text."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends
from moto.iam.models import iam_backends

from corral.local.server import identity
from corral.local.server.core import LocalAws
from corral.local.server.functions import Functions
from tests.local.functions.support import REGION, SERVED_ACCOUNT, TRUST, Decisions, Deploy, Served, encoded

_accounts = itertools.count(200000000000)


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    account = str(next(_accounts))
    made: Any = LocalAws(account, REGION, "http://127.0.0.1:9", None, None, None, Decisions(), None, None)  # type: ignore[arg-type]
    made.assume_role = lambda role, session: identity.assume_role(account, REGION, role, session)
    made.functions = Functions(made)
    iam_backends[account]["aws"].create_role("runner", TRUST, "/", None, "", [], "3600")
    yield made
    made.functions.close()


@pytest.fixture
def deploy(aws: LocalAws) -> Deploy:
    """deploy(source, name=, **configuration) -> the function's name."""

    def made(source: str, name: str = "f", **configuration: Any) -> str:
        spec = {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Role": f"arn:aws:iam::{aws.account}:role/runner",
            "Timeout": 5,
            "MemorySize": 256,
            "Code": {"ZipFile": encoded({"app.py": source})},
            **configuration,
        }
        lambda_backends[aws.account][aws.region].create_function(spec)
        return name

    return made


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    command = [sys.executable, "-m", "corral.local.server", "--account", SERVED_ACCOUNT, "--region", REGION]
    process = subprocess.Popen(
        [*command, "--watch-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    yield Served(json.loads(process.stdout.readline()))
    process.stdin.close()
    assert process.wait(timeout=20) == 0
