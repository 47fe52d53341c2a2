"""A platform whose trail is an organization's, made by a delegated administrator: its records are found and whole."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from corral.spec.load import load_environment
from tests.served.conftest import CORRAL, run

ORGANIZATION, MANAGEMENT = "o-a1b2c3d4e5", "999988887777"


@pytest.fixture(scope="module")
def of_one(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own that says so."""
    copy = Path(
        shutil.copytree(project, tmp_path_factory.mktemp("organization") / "project", ignore=_without_state)
    )
    file = copy / "stacks/dev/platform.yaml"
    text, said = file.read_text(), f'organization: {{id: {ORGANIZATION}, management_account: "{MANAGEMENT}"}}'
    assert text.count("audit: {") == 1
    file.write_text(text.replace("audit: {", f"audit: {{{said}, "))
    return copy


_without_state = shutil.ignore_patterns(".corral")


@pytest.fixture(scope="module")
def at(of_one: Path) -> Iterator[dict[str, Any]]:
    """What `--serve --json` prints of it."""
    command = [*CORRAL, "up", "dev", "--local", "--team", "support", "--serve", "--json"]
    process = subprocess.Popen(command, cwd=of_one, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    if not line.startswith('{"endpoint"'):
        process.kill()
        raise AssertionError(line + process.stdout.read() + process.stderr.read())
    yield json.loads(line)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


@pytest.fixture
def client(at: dict[str, Any]) -> Any:
    """client(service) as the account's administrator."""
    keys = at["admin"]
    session = boto3.Session(keys["access_key_id"], keys["secret_access_key"], region_name=at["region"])
    return lambda service: session.client(service, endpoint_url=at["endpoint"])


def outputs(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / ".corral/dev.json").read_text())["outputs"][""])


def verified(project: Path) -> tuple[int, dict[str, Any]]:
    done = run(project, "audit", "verify", "dev", "--local", "--since", "1d", "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.control("trail", "complete-records")
def test_its_records_are_whole_and_the_command_names_the_account(of_one: Path, at: dict[str, Any]) -> None:
    helpdesk = load_environment(of_one / "stacks/dev").agents["support"]["helpdesk"]
    [said] = [scenario.user for scenario in helpdesk.scenarios if scenario.case == "happy-path"]
    answered = run(of_one, "invoke", "dev", "support/helpdesk", said, "--local")
    assert answered.returncode == 0, answered.stderr
    code, found = verified(of_one)
    assert [check["problems"] for check in found["checks"]] == [[], [], [], [], []]
    assert {check["name"]: check["now"] for check in found["checks"]}["tables"] == "records of us-east-1"
    assert (found["matched"] > 0, found["gaps"], code) == (True, [], 0)
    arn = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/corral-dev-trail"
    assert f"--trail-arn {arn} " in found["validate_logs"]
    assert f" --account-id {at['account']} " in found["validate_logs"]


def test_queries_read_the_organizations_files(of_one: Path, at: dict[str, Any], client: Any) -> None:
    told = run(of_one, "audit", "query", "governance-changes", "dev", "--local", "--since", "1d", "--json")
    assert told.returncode == 0, told.stderr
    assert {"gateway", "roles and boundaries"} <= {row["area"] for row in json.loads(told.stdout)}
    bucket = outputs(of_one)["audit_bucket"]
    listed = client("s3").list_objects_v2(Bucket=bucket, Prefix="AWSLogs/", Delimiter="/")
    assert [each["Prefix"] for each in listed["CommonPrefixes"]] == [f"AWSLogs/{ORGANIZATION}/"]
