"""Stage gates on a served platform: an agent in real use is refused with its figures, then let through, on record.

Judges do not run on the local AWS: the scores of accuracy are put into CloudWatch, over nine days that are simulated
by passes of the monitor as of those times. All else was measured of what the agent really did.
"""

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from corral.front_door import FrontDoorError, send
from corral.local.journey import scripts
from corral.override import Desk
from corral.promotion.client import PromotionError, measured, promote
from corral.promotion.looked import Looked
from corral.spec.load import load_environment
from corral.spec.scenario import Scenario
from tests.served.attack import Target, Watch
from tests.served.conftest import run

TEAM, NAME = "finance", "policy-guide"
AGENT = f"{TEAM}/{NAME}"
FILE = f"stacks/dev/promotions/{TEAM}.{NAME}.pilot.yaml"
HOUR = 3600
DAYS = 9
SEARCH = {"tool": "knowledge-search", "input": {"query": "hotel limit", "domain": "finance-policies"}}
# Another team's domain: the gateway's policy refuses, and the call fails.
WRONG = {"tool": "knowledge-search", "input": {"query": "hotel limit", "domain": "support-docs"}}
ASKED = "What may a hotel cost?"
WHY = ("--reason", "Two desks have used it for a week.", "--yes")


@pytest.fixture(scope="module")
def target(served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session) -> Target:
    return Target(served, outputs, admin)


@pytest.fixture(scope="module")
def team_file(project: Path) -> Iterator[Path]:
    """The team's file; afterwards it is as it was, with its time, and without the promotion."""
    path = project / f"stacks/dev/teams/{TEAM}.yaml"
    text, status = path.read_text(), path.stat()
    yield path
    path.write_text(text)
    os.utime(path, (status.st_atime, status.st_mtime))
    shutil.rmtree(project / "stacks/dev/promotions", ignore_errors=True)


@pytest.fixture
def use(target: Target, project: Path) -> Iterator[Callable[..., None]]:
    """Have the agent do tasks: messages by its front door, whose model makes one call and answers."""
    agent = load_environment(project / "stacks/dev").agents[TEAM][NAME]
    url, region = target.outputs[TEAM]["front_door_url"], target.served["region"]

    def tasks(count: int, call: dict[str, Any]) -> None:
        said = {
            "name": "ask",
            "title": "t",
            "user": ASKED,
            "model": [call, {"say": "120."}],
        }
        scenario = Scenario.model_validate({**said, "expect": {}})
        target.session.put_scripts(scripts([replace(agent, scenarios=(scenario,))], target.outputs))
        done = 0
        while done < count:
            try:
                send(url, target.operator(TEAM, "caller"), region, NAME, ASKED)
                done += 1
            except FrontDoorError as error:
                if error.status != 429:
                    raise
                time.sleep(error.retry_after or 1)

    yield tasks
    target.session.put_scripts(scripts([agent], target.outputs))


def counted(admin: boto3.Session, metric: str) -> tuple[int, int]:
    """Sum and number of what was measured in a week, by another way than the gate's."""
    own = [{"Name": k, "Value": v} for k, v in (("Environment", "dev"), ("Team", TEAM), ("Agent", NAME))]
    now = datetime.now(UTC).timestamp()
    points = admin.client("cloudwatch").get_metric_statistics(
        Namespace="Corral",
        MetricName=metric,
        Dimensions=own,
        StartTime=now - 7 * 24 * HOUR,
        EndTime=now + HOUR,
        Period=HOUR,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return round(sum(each["Sum"] for each in points)), round(sum(each["SampleCount"] for each in points))


def judged(target: Target, admin: boto3.Session) -> None:
    """Scores of accuracy over nine days, and the monitor's passes over them."""
    table = admin.resource("dynamodb").Table("corral-dev-agents")
    arn = target.agent(TEAM, NAME)["harness_arn"]
    watch = json.loads(table.get_item(Key={"agent": arn, "item": "config"})["Item"]["watch"])
    now = int(time.time())
    start = now - now % HOUR - DAYS * 24 * HOUR
    data = [
        {
            "MetricName": watch["accuracy"],
            "Dimensions": [{"Name": "service.name", "Value": watch["service"]}],
            "Timestamp": start + hour * HOUR + 60,
            "Values": [1.0, 0.8],
            "Counts": [3.0, 1.0],
        }
        for hour in range(DAYS * 24)
    ]
    admin.client("cloudwatch").put_metric_data(Namespace="Corral/Evaluations", MetricData=data)
    schedule = target.platform["drift_monitor_schedule"]
    for at in (*range(start + 12 * HOUR, now, 12 * HOUR), now):
        body = {
            "schedule": schedule,
            "scheduled_time": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        request = urllib.request.Request(
            f"{target.served['endpoint']}/_corral/schedules", json.dumps(body).encode()
        )
        with urllib.request.urlopen(request) as response:
            assert json.loads(response.read())["answer"]["not_judged"] == 0


@pytest.mark.control("stage-gates")
def test_a_stage_that_nobody_let_it_into_is_not_valid(project: Path, team_file: Path) -> None:
    before = team_file.read_text()
    team_file.write_text(before.replace("stage: experiment", "stage: pilot", 1))
    done = run(project, "validate", "dev")
    team_file.write_text(before)
    assert done.returncode == 1
    said = " ".join((done.stdout + done.stderr).split())
    assert f'agents[0].stage: {AGENT} has not passed the gate of "pilot". It may be at experiment.' in said
    assert f"corral promote dev {AGENT}" in said


@pytest.mark.control("stage-gates")
def test_refused_with_the_figures_then_promoted_with_a_name_on_record(
    project: Path, target: Target, admin: boto3.Session, team_file: Path, use: Callable[..., None]
) -> None:
    watch = Watch(target)
    use(17, SEARCH)
    use(5, WRONG)
    failed, calls = counted(admin, "ErrorRate")
    assert failed >= 5
    assert failed / calls > 0.1
    refused = run(project, "promote", "dev", AGENT, "--local", *WHY)
    assert refused.returncode == 1, refused.stdout
    said = " ".join(refused.stderr.split())
    assert f"{AGENT} does not pass the gate of pilot:" in said
    assert f"error rate: {failed / calls:.1%} of {calls} calls, wanted at most 10.0%" in said
    assert "accuracy drift: not known: " in said
    assert "policy-guide.html is missing" in said
    assert not [record for record in watch.decisions() if record["event"] == "promotion"]
    assert "stage: pilot" not in team_file.read_text()

    use(max(10 * failed - calls, 0), SEARCH)
    judged(target, admin)
    assert run(project, "docs", "dev", "--out", "docs/site").returncode == 0
    done = run(project, "promote", "dev", AGENT, "--local", *WHY)
    assert done.returncode == 0, done.stderr + done.stdout
    assert f"{AGENT} is promoted to pilot" in done.stdout
    [record] = [record for record in watch.decisions() if record["event"] == "promotion"]
    who = "arn:aws:sts::111122223333:assumed-role/corral-dev-operator/"
    assert record["actor"].startswith(who)
    assert (record["team"], record["agent"], record["decision"], record["reason"]) == (
        TEAM,
        NAME,
        "pilot",
        WHY[1],
    )
    figures = {each["what"]: each["value"] for each in record["arguments"]["figures"]}
    failed, calls = counted(admin, "ErrorRate")
    assert figures["error rate"] == f"{failed / calls:.1%} of {calls} calls"
    assert figures["accuracy drift"] == "quiet, score 0.00"
    assert figures["audit trail"] == "records"
    assert figures["documentation (as its promoter saw it)"] == "up to date"
    rows = json.loads(run(project, "audit", "query", "promotions", "dev", "--local", "--json").stdout)
    assert (rows[-1]["agent"], rows[-1]["stage"], rows[-1]["actor"]) == (AGENT, "pilot", record["actor"])

    assert "stage: pilot" in team_file.read_text()
    assert run(project, "validate", "dev").returncode == 0
    file = project / FILE
    good = file.read_text()
    assert record["actor"] in good
    file.write_text(good.replace(record["actor"], f"{who}somebody-else"))
    forged = run(project, "validate", "dev")
    file.write_text(good)
    assert forged.returncode == 1
    assert "it is not that of this promotion" in " ".join((forged.stdout + forged.stderr).split())
    after = run(project, "promote", "dev", AGENT, "--local", "--json")
    assert after.returncode == 1
    looked = {each["what"]: each["value"] for each in json.loads(after.stdout)["figures"] if not each["ok"]}
    assert looked["rollback rehearsed"] == "never", "integration asks for more"
    assert "documentation" in looked, "its page says another stage"


@pytest.mark.control("stage-gates", "team-isolation")
def test_a_team_promotes_nothing_of_its_own(target: Target) -> None:
    keys = target.session.credentials_for(target.outputs[TEAM]["operator_role_arn"], "mallory")
    desk = Desk(target.platform["override_url"], keys, target.served["region"])
    with pytest.raises(PromotionError, match="Operators of team finance promote nothing"):
        measured(desk, AGENT, "pilot")
    with pytest.raises(PromotionError, match="Operators of team finance promote nothing"):
        promote(desk, AGENT, "pilot", "It is mine.", [Looked("scenarios", "all", "all", True)])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("finance/policy-guid", "--local"), 1, f'Did you mean "{AGENT}"'),
        ((AGENT, "--local", "--reason", " "), 2, "3 to 300 characters"),
        (("finance", "--local"), 2, "is not of the form TEAM/AGENT"),
    ],
)
def test_what_cannot_be_done_is_said(project: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run(project, "promote", "dev", *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
