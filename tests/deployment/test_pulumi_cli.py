"""The Pulumi CLI as a process: found or not, read, failing, interrupted."""

import os
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import CommandError, CommandResult, ConcurrentUpdateError

from corral.deployment.pulumi_cli import InterruptedBeforeError, PulumiCli, PulumiMissingError
from tests.deployment.fake_pulumi import FakePulumi

Start = Callable[[PulumiCli, str], "Future[CommandResult]"]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    def begin(cli: PulumiCli, stack: str) -> "Future[CommandResult]":
        pool = ThreadPoolExecutor(1)
        future = pool.submit(cli.run, ["up", "--stack", stack], str(tmp_path), {})
        pool.shutdown(wait=False)
        return future

    return begin


def test_without_one_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        PulumiMissingError, match=r"no pulumi on PATH\. Get it from https://www\.pulumi\.com/"
    ):
        PulumiCli()


def test_one_that_is_too_old_is_refused_with_both_versions(pulumi: FakePulumi) -> None:
    pulumi.version = "v3.259.9"
    pulumi.write()
    with pytest.raises(
        PulumiMissingError, match=r"3\.260\.0, your current CLI version is 3\.259\.9.*Get it from"
    ):
        PulumiCli()


def test_one_that_does_not_run_is_refused(pulumi: FakePulumi) -> None:
    (pulumi.folder / "program.py").write_text("raise SystemExit(1)")
    with pytest.raises(PulumiMissingError, match="of no use"):
        PulumiCli()


def test_output_and_errors_are_read_line_by_line(pulumi: FakePulumi, tmp_path: Path) -> None:
    pulumi.stacks["dev"] = {"output": "one\nzwei Grüße\n", "errors": "warning: w\n"}
    pulumi.write()
    output: list[str] = []
    errors: list[str] = []
    done = PulumiCli().run(["up", "--stack", "dev"], str(tmp_path), {}, output.append, errors.append)
    assert output == done.stdout.splitlines() == ["one", "zwei Grüße"]
    assert errors == done.stderr.splitlines() == ["warning: w"]


def test_more_than_a_pipe_holds_on_both_sides(pulumi: FakePulumi, tmp_path: Path) -> None:
    pulumi.stacks["dev"] = {"output": "x" * 70 + "\n", "errors": ("y" * 70 + "\n") * 5000}
    pulumi.stacks["dev"]["output"] *= 5000
    pulumi.write()
    done = PulumiCli().run(["up", "--stack", "dev"], str(tmp_path), {})
    assert len(done.stdout.splitlines()) == len(done.stderr.splitlines()) == 5000


def test_a_failing_command_raises_with_what_it_said(pulumi: FakePulumi, tmp_path: Path) -> None:
    pulumi.stacks["dev"] = {"errors": "error: no\n", "code": 255}
    pulumi.stacks["locked"] = {"errors": "error: the stack is currently locked by 1 lock(s).\n", "code": 255}
    pulumi.write()
    with pytest.raises(CommandError, match="error: no"):
        PulumiCli().run(["up", "--stack", "dev"], str(tmp_path), {})
    with pytest.raises(ConcurrentUpdateError):
        PulumiCli().run(["up", "--stack", "locked"], str(tmp_path), {})


def test_it_runs_in_the_folder_it_is_told_alone(
    pulumi: FakePulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CLI itself goes to PULUMI_OPTION_CWD: a relative one would be gone into twice."""
    (tmp_path / "there").mkdir()
    told = tmp_path / "told"
    executable = pulumi.folder / "bin/pulumi"
    executable.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo v3.260.0 || env > {told}\n')
    monkeypatch.setenv("PULUMI_OPTION_CWD", "there")
    PulumiCli().run(["up"], str(tmp_path / "there"), {"EXTRA": "1"})
    lines = told.read_text().splitlines()
    assert "EXTRA=1" in lines
    assert f"PWD={tmp_path / 'there'}" in lines
    assert not [line for line in lines if line.startswith("PULUMI_OPTION_CWD=")]


def test_an_interrupt_reaches_each_running_process_once_and_again(pulumi: FakePulumi, start: Start) -> None:
    pulumi.stacks = {name: {"seconds": 20} for name in ("one", "two")} | {"over": {}}
    pulumi.write()
    cli = PulumiCli()
    start(cli, "over").result()
    running = [start(cli, "one"), start(cli, "two")]
    pulumi.wait_for("begin", 3)
    cli.interrupt()
    pulumi.wait_for("interrupt", 2)
    assert sorted(entry["stack"] for entry in pulumi.notes("interrupt")) == ["one", "two"]
    assert not any(one.done() for one in running)
    cli.interrupt()
    for one in running:
        with pytest.raises(CommandError, match="code: 255"):
            one.result(timeout=20)
    assert sorted(entry["stack"] for entry in pulumi.notes("interrupt")) == ["one", "one", "two", "two"]
    cli.interrupt()


def test_ctrl_c_of_the_terminal_does_not_reach_it(pulumi: FakePulumi, start: Start) -> None:
    """Which would make two of one: a terminal sends it to all of the group in its foreground."""
    pulumi.stacks["one"] = {"seconds": 20, "stops": True}
    pulumi.write()
    cli = PulumiCli()
    running = start(cli, "one")
    pulumi.wait_for("begin")
    (process,) = cli._running
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
    cli.interrupt()
    with pytest.raises(CommandError):
        running.result(timeout=20)


def test_an_interrupt_while_nothing_runs_is_harmless_and_nothing_begins_after_it(
    pulumi: FakePulumi, tmp_path: Path
) -> None:
    cli = PulumiCli()
    cli.interrupt()
    cli.interrupt()
    with pytest.raises(InterruptedBeforeError):
        cli.run(["up", "--stack", "dev"], str(tmp_path), {})
    assert not pulumi.notes("begin")


def test_an_interrupt_while_a_process_starts_waits_for_it(
    pulumi: FakePulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its start and its being noted down it could be reached by none."""
    pulumi.stacks["dev"] = {"seconds": 20, "stops": True}
    pulumi.write()
    cli = PulumiCli()
    started, interrupting = threading.Event(), threading.Event()
    real = subprocess.Popen

    def slow(*arguments: Any, **options: Any) -> Any:
        process = real(*arguments, **options)
        pulumi.wait_for("begin")
        started.set()
        interrupting.wait(timeout=20)
        return process

    monkeypatch.setattr("corral.deployment.pulumi_cli.subprocess.Popen", slow)
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(cli.run, ["up", "--stack", "dev"], str(tmp_path), {})
        assert started.wait(timeout=20)
        interrupt = pool.submit(cli.interrupt)
        with pytest.raises(TimeoutError):
            interrupt.result(timeout=0.3)
        interrupting.set()
        interrupt.result(timeout=20)
        with pytest.raises(CommandError):
            running.result(timeout=20)
    assert len(pulumi.notes("interrupt")) == 1


def test_a_callback_that_fails_leaves_no_process_behind(pulumi: FakePulumi, tmp_path: Path) -> None:
    pulumi.stacks["dev"] = {"output": "x\n"}
    pulumi.write()
    cli = PulumiCli()

    def fail(line: str) -> None:
        raise ZeroDivisionError(line)

    with pytest.raises(ZeroDivisionError):
        cli.run(["up", "--stack", "dev"], str(tmp_path), {}, fail)
    assert not cli._running
