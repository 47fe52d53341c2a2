"""corral up and destroy with the real CLI: order, preview, one team alone, errors with their places, an interrupt."""

import json
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from corral.audit.controls import assess
from corral.audit.gather import gather
from corral.audit.period import Period
from corral.spec.load import load_environment
from tests.engine.engine import Engine

STACKS = ["dev", "dev.finance", "dev.legal", "dev.sales", "dev.support"]


def corral(engine: Engine, *arguments: str) -> subprocess.CompletedProcess[str]:
    with engine.corral(*arguments) as process:
        said, _ = process.communicate(timeout=400)
    return subprocess.CompletedProcess(arguments, process.returncode, said)


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {each["stack"]: each for each in json.loads(done.stdout)}


def test_a_preview_of_nothing_yet_shows_the_platform_and_makes_nothing(engine: Engine) -> None:
    done = corral(engine, "up", "dev", "--preview")
    assert done.returncode == 1  # not every stack could be looked at
    assert "to create" in done.stdout
    assert "dev.support" in done.stdout
    assert engine.client("iam").list_roles()["Roles"] == []


def test_nobody_is_asked_where_nobody_answers(engine: Engine) -> None:
    done = corral(engine, "up", "dev")
    assert done.returncode == 2
    assert "--yes" in done.stdout


def test_an_error_comes_with_its_resource_and_its_line_of_the_spec(engine: Engine) -> None:
    engine.faults(
        {
            "service": "cloudcontrol",
            "operation": "CreateResource",
            "contains": 'AWS::BedrockAgentCore::GatewayTarget"',
            "code": "AccessDeniedException",
            "message": "no targets today",
            "times": 9,
        }
    )
    done = corral(engine, "up", "dev", "--yes")
    engine.faults()
    assert done.returncode == 1
    assert "no targets today" in done.stdout
    assert "/tool.yaml:1" in done.stdout
    assert "aws-native:bedrockagentcore:GatewayTarget dev-target-" in done.stdout
    assert "Traceback" not in done.stdout
    assert engine.run("stack", "ls", "--json").returncode == 0


def test_the_platform_comes_first_then_the_teams(engine: Engine) -> None:
    done = corral(engine, "up", "dev", "--yes", "--json")
    assert done.returncode == 0, done.stdout
    found = outcomes(done)
    assert list(found) == STACKS
    assert all(each["state"] == "done" for each in found.values())
    assert engine.up("dev", "--expect-no-changes").steps == ()


@pytest.mark.control("no-change-on-reapply")
def test_again_there_is_nothing_to_do(engine: Engine) -> None:
    found = outcomes(corral(engine, "up", "dev", "--yes", "--json"))
    assert [each["changes"] for each in found.values()] == [[]] * len(STACKS)
    assert all(each["unchanged"] > 15 for each in found.values())


def test_an_agent_answers_there(engine: Engine) -> None:
    done = corral(
        engine, "invoke", "dev", "support/helpdesk", "How do I reset it to factory settings?", "--local"
    )
    assert done.returncode == 0, done.stdout
    assert "knowledge-search" in done.stdout


def test_an_auditor_finds_there_what_was_deployed_and_what_was_done(engine: Engine) -> None:
    def asked(*arguments: str) -> Any:
        done = corral(engine, "audit", *arguments, "--json")
        assert done.returncode == 0, done.stdout
        return json.loads(done.stdout)

    rows = asked("query", "who-called-what", "dev", "--local", "--set", "agent=support/helpdesk")
    assert [(row["tool"], row["decision"], row["outcome"]) for row in rows] == [
        ("knowledge-search", "allow", "ok")
    ]
    verified = asked("verify", "dev", "--local")
    assert (verified["matched"], verified["gaps"]) == (1, [])
    assert verified["checks"]
    assert [check for check in verified["checks"] if check["problems"]] == []
    counts = asked("access", "dev", "--local")["counts"]
    assert counts["granted"] > 100
    assert (counts["extra"], counts["missing"]) == (0, 0)
    report = engine.project / "audit.html"
    made = asked("report", "dev", "--local", "--out", str(report))
    assert made["controls"]["holds"] > 10
    assert (made["failing"], made["records"]["whole"], made["not_asked"]) == ({}, True, {})
    assert "support/helpdesk" in report.read_text()


def test_every_control_holds_of_what_the_engine_has_on_record(engine: Engine) -> None:
    environment = load_environment(engine.project / "stacks/dev")
    now = datetime.now(UTC)
    facts = gather(engine.project, environment, Period(now - timedelta(hours=1), now), local=True)
    assert facts.not_asked == {}
    assert {each.stack for each in facts.resources} == set(STACKS)
    assert {f.control.id: f.problems for f in assess(facts) if f.problems} == {}
    assert "not known" not in {finding.status for finding in assess(facts)}


def test_one_team_s_change_is_previewed_and_made_alone(engine: Engine) -> None:
    with engine.edited("stacks/dev/teams/support.yaml", "tone: friendly", "tone: formal"):
        done = corral(engine, "up", "dev", "--team", "support", "--preview")
        assert done.returncode == 0, done.stdout
        assert "dev-support-helpdesk-harness" in done.stdout
        assert "systemPrompt" in done.stdout
        assert "dev.sales" not in done.stdout
        found = outcomes(corral(engine, "up", "dev", "--team", "support", "--yes", "--json"))
    assert list(found) == ["dev.support"]
    names = {each["urn"].rpartition("::")[2] for each in found["dev.support"]["changes"]}
    assert names == {f"dev-support-helpdesk-{part}" for part in ("harness", "live", "config")}


def test_an_interrupt_leaves_nothing_half_done_and_a_rerun_goes_on(engine: Engine) -> None:
    engine.faults({"service": "cloudcontrol", "operation": "UpdateResource", "seconds": 3.0})
    with engine.edited("stacks/dev/teams/support.yaml", "tone: friendly", "tone: encouraging"):
        with engine.corral("up", "dev", "--yes", "--team", "support", "--team", "sales") as process:
            deadline = time.monotonic() + 120
            while engine.faults_left():
                assert process.poll() is None, process.stdout and process.stdout.read()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=120)
        engine.faults()
        assert process.returncode == 130, said
        assert "Traceback" not in said
        done = corral(engine, "up", "dev", "--yes", "--team", "support", "--team", "sales")
        assert done.returncode == 0, done.stdout
    assert corral(engine, "up", "dev", "--yes", "--team", "support").returncode == 0


def test_destroy_takes_the_teams_first(engine: Engine) -> None:
    done = corral(engine, "destroy", "dev", "--yes", "--json")
    assert done.returncode == 0, done.stdout
    assert list(outcomes(done)) == [*STACKS[1:], "dev"]
    assert engine.client("iam").list_roles()["Roles"] == []
    assert corral(engine, "destroy", "dev", "--yes").returncode == 0
