"""The commands of docs/local-aws.md, run as they stand against a running server."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.functions.support import REGION, SERVED_ACCOUNT, Served

DOCUMENT = Path(__file__).parents[3] / "docs" / "local-aws.md"


def block(kind: str) -> str:
    found = re.search(rf"<!-- test: {kind} -->\n```\w+\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def environment(served: Served) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ENDPOINT_URL": served.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_ACCESS_KEY_ID": str(served.administrator.access_key),
        "AWS_SECRET_ACCESS_KEY": str(served.administrator.secret_key),
    }


def test_the_document_names_the_variables_the_examples_need() -> None:
    text = DOCUMENT.read_text()
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_DISABLE_HOST_PREFIX_INJECTION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ):
        assert f"{name}=" in text


def test_boto3(served: Served) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block("python")],
        env=environment(served),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"arn:aws:iam::{SERVED_ACCOUNT}:user/administrator"


@pytest.mark.skipif(shutil.which("aws") is None, reason="the aws CLI is not installed")
def test_aws_cli(served: Served) -> None:
    script = "set -eu\n" + block("shell")
    done = subprocess.run(
        ["sh", "-c", script], env=environment(served), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert f"arn:aws:iam::{SERVED_ACCOUNT}:user/administrator" in done.stdout


def test_mcp_client_imports() -> None:
    """It needs a platform to talk to (tests/served does that): here it must load."""
    done = subprocess.run(
        [sys.executable, "-c", "__name__ = 'loaded'\n" + block("import")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
