"""Updates that end before they are done, by an interrupt and by a kill, and the way back from each."""

import json
import os
import signal
import subprocess
import time
from typing import Any

import pytest

from tests.engine.engine import Engine

SLOW: dict[str, Any] = {
    "service": "lambda",
    "operation": "CreateFunction",
    "contains": "corral-dev-supervisor",
    "seconds": 3.0,
}


def begun(engine: Engine, process: "subprocess.Popen[str]") -> None:
    """Wait until the slow call has reached AWS and has not been answered yet."""
    deadline = time.monotonic() + 120
    while engine.faults_left():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def pending(engine: Engine, stack: str) -> list[dict[str, Any]]:
    """What the state says was being done when the engine ended."""
    done = engine.run("stack", "export", "--stack", stack)
    return list(json.loads(done.stdout)["deployment"].get("pending_operations") or [])


def whole(engine: Engine, stack: str) -> None:
    engine.up(stack)
    assert engine.up(stack, "--expect-no-changes").steps == ()
    refreshed = engine.update("refresh", stack, "--expect-no-changes")
    assert refreshed.code == 0, refreshed.said


@pytest.fixture
def slow(engine: Engine) -> Any:
    engine.faults(SLOW)
    yield
    engine.faults()


@pytest.mark.control("convergence")
def test_an_interrupted_update_ends_what_it_began_and_goes_on_at_the_next(engine: Engine, slow: None) -> None:
    engine.init("dev")
    with engine.command("up", "--stack", "dev", "--yes", "--skip-preview") as process:
        begun(engine, process)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in said
    assert pending(engine, "dev") == []
    made = {each["urn"].rpartition("::")[2] for each in engine.state("dev")}
    assert "dev-supervisor-function" in made  # the call under way was waited for
    assert "dev" in made
    whole(engine, "dev")
    gone = engine.update("destroy", "dev")
    assert gone.code == 0, gone.said


@pytest.mark.control("convergence")
def test_a_killed_update_is_recovered_from_as_the_documentation_says(engine: Engine, slow: None) -> None:
    one_by_one = ("up", "--stack", "dev", "--yes", "--skip-preview", "--parallel", "1")
    with engine.command(*one_by_one) as process:
        begun(engine, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    time.sleep(SLOW["seconds"] + 1)  # AWS ends what it was asked for, though nobody waits for it

    locked = engine.update("up", "dev")
    assert locked.code != 0
    assert "pulumi cancel" in locked.said
    assert engine.run("cancel", "--stack", "dev", "--yes").returncode == 0

    unknown = [each["resource"] for each in pending(engine, "dev")]
    assert [each["urn"].rpartition("::")[2] for each in unknown] == ["dev-supervisor-function"]
    cleared = engine.run("refresh", "--stack", "dev", "--yes", "--skip-preview", "--clear-pending-creates")
    assert cleared.returncode == 0, cleared.stdout
    assert pending(engine, "dev") == []
    refused = engine.update("up", "dev")
    assert refused.code != 0
    assert "already exist" in refused.said

    made = engine.run(
        *("import", unknown[0]["type"], "dev-supervisor-function", "corral-dev-supervisor"),
        *("--parent", f"parent={unknown[0]['parent']}", "--generate-code=false", "--protect=false"),
        *("--stack", "dev", "--yes", "--skip-preview"),
    )
    assert made.returncode == 0, made.stdout
    whole(engine, "dev")
