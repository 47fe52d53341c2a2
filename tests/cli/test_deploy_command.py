"""corral up and destroy without --local: questions, exit codes, JSON. The Pulumi CLI is one that plays recordings."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner, Result

from corral.cli import destroy, up
from tests.deployment.fake_pulumi import FakePulumi, recorded

ROOT = Path(__file__).parents[2]
CORRAL = [sys.executable, "-m", "corral"]
ALL = ["dev", "dev.sales", "dev.support"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(shutil.copytree(ROOT / "tests/fixtures/good", tmp_path / "project"))
    team = folder / "stacks/dev/teams/support.yaml"
    team.write_text(team.read_text().replace("stage: pilot", "stage: experiment"))
    monkeypatch.chdir(folder)
    for name in ("PULUMI_OPTION_CWD", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield folder
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    fake = FakePulumi(tmp_path / "pulumi", existing=ALL)
    fake.install(monkeypatch)
    return fake


def corral(*arguments: str, pulumi: FakePulumi | None = None) -> Result:
    if pulumi:
        pulumi.write()
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("up")(up.command)
    app.command("destroy")(destroy.command)
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize(
    ("arguments", "what_to_do"),
    [
        (("up", "dev", "--serve"), "add --local"),
        (("up", "dev", "--empty"), "goes with --local --serve"),
        (("up", "dev", "--local", "--empty"), "goes with --local --serve"),
        (("up", "dev", "--local", "--preview"), "leave --local out"),
        (("up", "dev", "--parallel", "0"), "--parallel"),
        (("up", "../dev"), "is not the name of an environment"),
    ],
)
def test_usage_errors_say_what_to_do(project: Path, arguments: tuple[str, ...], what_to_do: str) -> None:
    result = corral(*arguments)
    assert result.exit_code == 2
    assert what_to_do in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(("command", "verb"), [("up", "Deploy"), ("destroy", "Destroy")])
def test_with_nobody_to_answer_it_changes_nothing_without_yes(
    project: Path, pulumi: FakePulumi, command: str, verb: str
) -> None:
    result = corral(command, "dev", pulumi=pulumi)
    assert result.exit_code == 2
    assert f"{verb} dev, dev.sales, dev.support on account 111122223333 in us-east-1?" in result.stderr
    assert "give --yes" in result.stderr
    assert not pulumi.notes("begin")


def test_a_preview_asks_nothing(project: Path, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"output": recorded("replace-preview")}
    result = corral("up", "dev", "--preview", pulumi=pulumi)
    assert result.exit_code == 0
    assert "✓ dev  1 to update, 2 to replace, 1 to leave" in result.stdout


def test_it_says_where_to_it_deploys(
    project: Path, pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        result = corral("up", "dev", "--yes", "--team", "sales", pulumi=pulumi)
    assert result.stdout.startswith(f"Deploy dev.sales on the AWS at {endpoint}.\n")
    assert {stack for _, stack in pulumi.order()} == {"dev.sales"}


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://127.0.0.1:x", "nowhere"])
def test_a_local_aws_that_is_gone_is_told_at_once(
    project: Path, pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    result = corral("up", "dev", "--yes", pulumi=pulumi)
    assert result.exit_code == 1
    assert f"AWS_ENDPOINT_URL is {endpoint}, and nothing answers there" in result.stderr
    assert "corral up dev --local --serve --empty again" in result.stderr
    assert not pulumi.notes("begin")


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_question_and_its_answer(project: Path, pulumi: FakePulumi, answer: str) -> None:
    """On a terminal, with standard output elsewhere: the question is not part of the document."""
    pulumi.write()
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [*CORRAL, "up", "dev", "--json"], stdin=theirs, capture_output=True, text=True, timeout=60
    )
    os.close(ours)
    os.close(theirs)
    assert "Deploy dev, dev.sales, dev.support on account" in done.stderr
    if answer == "y":
        assert done.returncode == 0
        assert [entry["stack"] for entry in json.loads(done.stdout)] == ALL
    else:
        assert done.returncode == 1
        assert not done.stdout.strip()
        assert not pulumi.notes("begin")


def test_all_done_is_0(project: Path, pulumi: FakePulumi) -> None:
    result = corral("up", "dev", "--yes", "--json", pulumi=pulumi)
    assert result.exit_code == 0
    assert result.stderr == ""
    first = json.loads(result.stdout)[0]
    assert list(first) == [
        *("stack", "state", "changes", "unchanged", "deprecated", "problems", "seconds", "reason")
    ]


def test_failed_and_skipped_is_1_with_all_of_it_as_json(project: Path, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"output": recorded("failed"), "code": 255}
    result = corral("up", "dev", "--yes", "--json", pulumi=pulumi)
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert [(entry["stack"], entry["state"]) for entry in said] == [
        ("dev", "failed"),
        ("dev.sales", "skipped"),
        ("dev.support", "skipped"),
    ]
    assert said[0]["problems"][0]["place"] == "stacks/dev/platform.yaml:1"


def test_skipped_alone_is_1(project: Path, pulumi: FakePulumi) -> None:
    pulumi.existing = []
    pulumi.stacks["dev"] = {"output": recorded("create")}
    result = corral("up", "dev", "--preview", pulumi=pulumi)
    assert result.exit_code == 1
    assert (
        "- dev.sales  not begun: what dev tells its teams is not known before it is deployed" in result.stdout
    )
    assert result.stdout.splitlines()[-1].startswith("not begun: 2")


def test_a_pulumi_that_is_not_logged_in(project: Path, pulumi: FakePulumi) -> None:
    pulumi.commands["stack ls"] = {"errors": "error: PULUMI_ACCESS_TOKEN must be set for login\n", "code": 3}
    result = corral("up", "dev", "--yes", pulumi=pulumi)
    assert result.exit_code == 1
    assert "Pulumi cannot say which stacks there are: PULUMI_ACCESS_TOKEN must be set" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_130_and_says_how_to_go_on(
    project: Path, pulumi: FakePulumi, number: signal.Signals
) -> None:
    pulumi.stacks["dev"] = {"seconds": 30, "stops": True, "interrupted": recorded("canceled"), "code": 255}
    process = begin(pulumi)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert re.search(r"✗ dev  nothing done .*\n    ✗ interrupted before it was done", output)
    assert "- dev.sales  not begun: dev is not done" in output
    assert errors == "Interrupted. What was done is on record. To go on, run corral up dev again.\n"
    assert len(pulumi.notes("interrupt")) == 1


def test_a_second_interrupt_does_not_wait(project: Path, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"seconds": 30}
    process = begin(pulumi)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    pulumi.wait_for("interrupt")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - started < 20
    assert process.returncode == 130
    assert "Stopped at once: what was under way may not be on record." in errors


def begin(pulumi: FakePulumi) -> "subprocess.Popen[str]":
    """Start a deployment, and wait until the platform's is under way."""
    pulumi.write()
    process = subprocess.Popen(
        [*CORRAL, "up", "dev", "--yes"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pulumi.wait_for("begin")
    return process


def test_the_projects_policies_go_along(project: Path, pulumi: FakePulumi) -> None:
    shutil.copytree(ROOT / "policies", project / "policies")
    corral("up", "dev", "--yes", "--team", "sales", pulumi=pulumi)
    (words,) = [entry["arguments"] for entry in pulumi.notes("begin") if entry["stack"] == "dev.sales"]
    assert words[words.index("--policy-pack") + 1] == str(project / "policies")


def test_it_works_on_the_project_that_pulumi_is_sent_to(
    project: Path, pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A served local AWS has one of its own: its state must not be mixed with the real account's."""
    (project / "other").mkdir()
    monkeypatch.setenv("PULUMI_OPTION_CWD", "other")
    corral("up", "dev", "--yes", pulumi=pulumi)
    assert {entry["cwd"] for entry in pulumi.notes("begin")} == {str(project / "other")}


def test_an_empty_account_without_a_pulumi_says_how_to_get_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    result = corral("up", "dev", "--local", "--serve", "--empty")
    assert result.exit_code == 1
    assert "an empty account is for Pulumi's own engine, and there is no pulumi on PATH" in result.stderr
    assert "https://www.pulumi.com/docs/iac/download-install/" in result.stderr
    assert not (project / ".corral").exists()


@pytest.mark.control("stage-gates")
def test_a_promotion_that_nobody_made_stops_it_before_pulumi_is_begun(
    project: Path, pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = project / "stacks/dev/teams/support.yaml"
    team.write_text(team.read_text().replace("stage: experiment", "stage: pilot", 1))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        result = corral("up", "dev", "--yes", pulumi=pulumi)
    assert result.exit_code == 1
    assert (
        "support/helpdesk is at pilot by support.helpdesk.pilot.yaml, and the platform has no promotion"
        in (result.stderr)
    )
    assert not pulumi.notes("begin")
