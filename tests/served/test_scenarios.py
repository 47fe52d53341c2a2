"""corral scenarios: on a local AWS of its own, on the one that is served, and for real against a served one."""

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from corral.front_door import send
from corral.local.journey import play, scripts
from corral.local.rehearse import on_served
from corral.local.session import Session, find
from corral.scenarios.journey import check
from corral.scenarios.live import needs_script
from corral.spec.load import load_environment
from corral.spec.scenario import Scenarios
from tests.deployment.fake_pulumi import FakePulumi
from tests.served import probe
from tests.served.conftest import CORRAL, ROOT, run

PROBED = {
    "says-it": "as expected",
    "ticket-fails": "as expected",
    "wants-too-much": "as expected",
    "daily-report": "as expected",
    "goes-wrong": "not as expected",
}


@pytest.fixture(scope="module")
def own(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which nothing is served, with the probes' team in it."""
    copy = tmp_path_factory.mktemp("own") / "project"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".corral"))
    probe.add(copy)
    return copy


@pytest.fixture(scope="module")
def played(own: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One run of the probes' team on a local AWS of its own, and the JUnit file."""
    file = own / "reports/junit.xml"
    return run(own, "scenarios", "dev", "probe", "--junit", str(file)), file


def test_a_scenario_that_goes_wrong_ends_with_1_and_is_traced(
    played: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, _ = played
    assert done.returncode == 1, done.stderr
    assert "10 scenarios of 2 agents: 8 as expected, 2 not as expected" in done.stdout
    assert "The model was scripted" in done.stdout
    trace = done.stdout[done.stdout.index("✗ probe/teller goes-wrong") :].splitlines()
    told = [" ".join(line.split()) for line in trace]
    assert told[1:3] == ["message Open a ticket that is none.", "call 1 ticket-create allowed"]
    assert told[3] == 'with {"subject": "", "body": "b"}'
    assert told[4].startswith('answered {"error": {"code": "bad_arguments"')
    assert told[5:9] == [
        "answer No <ticket> & no [luck].",
        'expected calls: ticket-create failed; the answer contains "TCK-"',
        "came tool calls were ticket-create allowed, expected ticket-create failed",
        'came the answer does not contain "TCK-"',
    ]


def test_the_junit_file_says_the_same(played: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    document = ET.fromstring(played[1].read_bytes())
    assert (document.attrib["tests"], document.attrib["failures"]) == ("10", "2")
    for suite in document:
        wrong = {case.attrib["name"] for case in suite.iter("testcase") if case.find("failure") is not None}
        assert {case.attrib["name"] for case in suite.iter("testcase")} == set(PROBED)
        assert wrong == {"goes-wrong"}


def test_the_served_platform_is_used_when_it_is_up(project: Path, served: dict[str, Any]) -> None:
    other = project / ".corral/dev-rehearsal.log"  # of a local AWS beside the served one
    other.unlink(missing_ok=True)
    done = run(project, "scenarios", "dev", "support/helpdesk", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["played_on"] == "local AWS"
    assert {one["outcome"] for one in told["scenarios"]} == {"as expected"}
    assert not other.exists()
    calls = [step for one in told["scenarios"] for step in one["steps"]]
    assert calls
    assert all(step["arguments"] for step in calls)


def test_one_that_is_older_than_the_files_is_not(project: Path, served: dict[str, Any]) -> None:
    environment = load_environment(project / "stacks/dev")
    agents = [environment.agents["support"]["helpdesk"]]
    assert isinstance(on_served(project, environment, agents), tuple)
    team = project / "stacks/dev/teams/support.yaml"
    before = team.stat()
    os.utime(team, (before.st_atime, before.st_mtime + 10_000_000))
    try:
        said = on_served(project, environment, agents)
    finally:
        os.utime(team, (before.st_atime, before.st_mtime))
    assert said == "stacks/dev/teams/support.yaml is newer than the local AWS that is served"


def test_the_served_agent_keeps_its_other_scenarios(project: Path, served: dict[str, Any]) -> None:
    scenarios = load_environment(project / "stacks/dev").agents["support"]["helpdesk"].scenarios
    first, last = scenarios[0], next(one for one in reversed(scenarios) if one.model)
    assert run(project, "scenarios", "dev", "support/helpdesk", "--only", first.name).returncode == 0
    deployed = find(project, "dev")
    assert deployed is not None
    team = deployed.outputs["support"]
    session = Session(deployed.at)
    keys = session.credentials_for(team["operator_role_arn"], "ann")
    answer = send(team["front_door_url"], keys, deployed.at.region, "helpdesk", last.user)
    assert not list(check(answer, last))


def test_one_without_the_agent_is_not(project: Path, own: Path, served: dict[str, Any]) -> None:
    agents = [load_environment(own / "stacks/dev").agents["probe"]["teller"]]
    said = on_served(project, load_environment(project / "stacks/dev"), agents)
    assert said == "probe/teller is not on the local AWS that is served"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["suport"],
            1,
            'Did you mean "support"?',
        ),
        (["support/helpdisk"], 1, 'Did you mean "support/helpdesk"?'),
        (["support/"], 2, "is not of the form TEAM/AGENT"),
        (["probe", "--only", "says-its"], 1, 'Did you mean "says-it"?'),
        (["--yes"], 2, "--yes goes with --live"),
        (["probe/teller", "--live", "--only", "ticket-fails"], 1, "nothing was sent"),
    ],
)
def test_what_is_asked_for_wrongly_is_said(own: Path, arguments: list[str], code: int, said: str) -> None:
    done = run(own, "scenarios", "dev", *arguments)
    assert done.returncode == code
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_what_cannot_be_deployed_is_said(own: Path) -> None:
    broken = own.with_name("broken")
    shutil.copytree(own, broken, ignore=shutil.ignore_patterns(".corral"))
    function = broken / "components/agent.py"
    function.write_text(function.read_text() + "\nraise RuntimeError('not today')\n")
    done = run(broken, "scenarios", "dev", "probe/teller")
    assert done.returncode == 1
    assert "not today" in done.stdout
    assert "Traceback" not in done.stderr


STAFF = "arn:aws:iam::111122223333:role/support-desk"


@pytest.fixture
def caller(
    admin: boto3.Session, project: Path, outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The AWS credentials of a person of team support, as boto3's default chain finds them."""
    iam = admin.client("iam")
    trust = {"Version": "2012-10-17", "Statement": []}
    iam.create_role(RoleName="support-desk", AssumeRolePolicyDocument=json.dumps(trust))
    allowed = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": outputs["support"]["operator_role_arn"],
    }
    iam.put_role_policy(
        RoleName="support-desk",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    use(project, monkeypatch, STAFF)
    yield
    iam.delete_role_policy(RoleName="support-desk", PolicyName="p")
    iam.delete_role(RoleName="support-desk")


def use(project: Path, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    deployed = find(project, "dev")
    assert deployed is not None
    keys = Session(deployed.at).credentials_for(role, "ann")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys.token)


@pytest.fixture
def pulumi(tmp_path: Path, outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    """A Pulumi CLI that tells the outputs of the served team."""
    monkeypatch.delenv("PULUMI_OPTION_CWD", raising=False)
    fake = FakePulumi(
        tmp_path / "pulumi", commands={"stack output": {"output": json.dumps(outputs["support"])}}
    )
    fake.install(monkeypatch)
    return fake


def live(project: Path, *arguments: str, agent: str = "support/helpdesk") -> subprocess.CompletedProcess[str]:
    return run(project, "scenarios", "dev", agent, "--live", *arguments)


def test_live_sends_what_needs_no_script_as_the_operator(
    project: Path, caller: None, pulumi: FakePulumi, session_count: Any
) -> None:
    done = live(project, "--yes", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["played_on"] == "account"
    scenarios = load_environment(project / "stacks/dev").agents["support"]["helpdesk"].scenarios
    assert {one["scenario"]: one["not_played"] for one in told["scenarios"]} == {
        scenario.name: needs_script(scenario) or None for scenario in scenarios
    }
    sent = [one for one in told["scenarios"] if one["outcome"] == "as expected"]
    assert 0 < len(sent) == session_count()
    (asked,) = [entry["arguments"] for entry in pulumi.notes("begin")]
    assert asked == ["stack", "output", "--json", "--stack", "dev.support"]


@pytest.fixture
def session_count(project: Path, outputs: dict[str, Any]) -> Any:
    """How many messages the front door has got since, from sessions of the operator role that were assumed."""
    deployed = find(project, "dev")
    assert deployed is not None
    session = Session(deployed.at)

    def count() -> int:
        session.flush()
        callers = [str(record["userIdentity"].get("arn")) for record in session.trail()]
        return sum(arn.endswith("/corral-scenarios") for arn in callers)

    before = count()
    return lambda: count() - before


def test_a_session_of_the_operator_role_itself_assumes_nothing(
    project: Path, outputs: dict[str, Any], pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(project, monkeypatch, outputs["support"]["operator_role_arn"])
    scenarios = load_environment(project / "stacks/dev").agents["support"]["helpdesk"].scenarios
    one = next(scenario.name for scenario in scenarios if not needs_script(scenario))
    done = live(project, "--yes", "--only", one)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 scenario of 1 agent: 1 as expected" in done.stdout
    assert "The model was the real one." in done.stdout
    assert "Send 1 message to 1 agent on account 111122223333" in done.stderr
    assert "refund-issue" in done.stderr


def test_nothing_is_sent_without_an_answer(project: Path, caller: None, pulumi: FakePulumi) -> None:
    done = subprocess.run(
        [*CORRAL, "scenarios", "dev", "support/helpdesk", "--live"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert "Nobody is there to answer: give --yes." in done.stderr


def test_nothing_is_sent_by_who_may_not_take_the_role(
    project: Path, outputs: dict[str, Any], pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(project, monkeypatch, outputs["finance"]["operator_role_arn"])
    done = live(project, "--yes")
    assert done.returncode == 1
    assert "AccessDenied" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_sent_to_another_account(
    project: Path, pulumi: FakePulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The credentials are good, and of an account that is not the environment's."""
    with Session.start("999988887777", "us-east-1", tmp_path / "log/other.log") as other:
        monkeypatch.setenv("AWS_ENDPOINT_URL", other.at.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", other.at.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", other.at.secret_access_key)
        done = live(project, "--yes")
    assert done.returncode == 1
    assert "are of account 999988887777, the environment is in 111122223333" in " ".join(done.stderr.split())


def test_a_stack_that_is_not_there_is_named(project: Path, pulumi: FakePulumi) -> None:
    pulumi.commands = {"stack output": {"errors": "error: no stack named 'dev.support' found\n", "code": 255}}
    pulumi.write()
    done = live(project, "--yes")
    assert done.returncode == 1
    assert "does not tell the outputs of the stack dev.support: no stack named" in " ".join(
        done.stderr.split()
    )


def test_an_agent_that_is_not_deployed_is_named(project: Path, pulumi: FakePulumi) -> None:
    pulumi.commands = {"stack output": {"output": json.dumps({"agents": {}})}}
    pulumi.write()
    done = live(project, "--yes")
    assert done.returncode == 1
    assert "support/helpdesk is not in the stack dev.support: corral up dev first" in " ".join(
        done.stderr.split()
    )


def test_the_example_of_the_document_goes_as_it_says(
    project: Path, served: dict[str, Any], outputs: dict[str, Any]
) -> None:
    text = (ROOT / "docs/scenarios.md").read_text()
    (example,) = re.findall(r"<!-- test: scenarios -->\n```yaml\n(.*?)```", text, re.S)
    scenarios = Scenarios.model_validate(yaml.safe_load(example)).scenarios
    agent = load_environment(project / "stacks/dev").agents["support"]["helpdesk"]
    playing = replace(agent, scenarios=scenarios)
    deployed = find(project, "dev")
    assert deployed is not None
    session = Session(deployed.at)
    session.put_scripts(scripts([playing], outputs))
    try:
        played = list(play(session, [playing], outputs))
    finally:
        session.put_scripts(scripts([agent], outputs))
    assert len(played) == 3
    assert [one.problems for one in played] == [(), (), ()]
