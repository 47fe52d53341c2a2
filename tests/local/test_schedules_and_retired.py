"""A team with schedules and a retired agent, stood up for real: who may run what, and what is left on record."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from corral.deprecation import deprecate
from corral.front_door import FrontDoorError, send
from corral.local.rehearse import stage, team_outputs
from corral.local.session import LocalAwsError, Session
from corral.override import Desk
from corral.spec.load import Environment, load_environment
from tests.components.recorder import ROOT, replaced, team_of_every_kind

pytestmark = pytest.mark.xdist_group("schedules")

TIME = "2026-11-23T06:00:00Z"
SCENARIO = """
  - name: at-its-time
    title: Writes the report at its time
    by: schedule
    user: Write the report.
    model:
      - tool: ticket-create
        input: {subject: Report, body: The week in figures., priority: low}
      - say: Written as {{ last.ticket_id }}, for 4.50 EUR.
    expect:
      calls: [{tool: ticket-create, decision: allowed}]
"""
Up = tuple[Session, Environment, dict[str, Any]]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The local AWS, the environment, and the outputs of team reports."""
    root = tmp_path_factory.mktemp("project")
    stacks = team_of_every_kind(root)
    for name in ("policies", "Pulumi.yaml"):
        (root / name).symlink_to(ROOT / name)
    path = stacks / "dev/templates/weekly/1.0.0/scenarios.yaml"
    replaced(path, "\nscenarios:\n", f"\nscenarios:{SCENARIO}")
    environment = load_environment(stacks / "dev")
    with stage(root, environment, ["reports"], lambda _: None) as (session, results):
        assert results["dev.reports"].deprecated == ["reports/gazette"]
        yield session, environment, dict(team_outputs(results)["reports"])


def _run(up: Up, agent: str, time: str = TIME) -> dict[str, Any]:
    session, _, team = up
    name = team["agents"][agent]["schedule"]["name"]
    said = session._admin("POST", "schedules", {"schedule": name, "scheduled_time": time})
    answer: dict[str, Any] = said["answer"]
    return answer


def _decisions(up: Up) -> list[dict[str, Any]]:
    session = up[0]
    session.flush()
    s3 = session.client("s3")
    [bucket] = [b["Name"] for b in s3.list_buckets()["Buckets"] if "audit" in b["Name"]]
    objects = s3.list_objects_v2(Bucket=bucket, Prefix="decisions/").get("Contents", [])
    texts = [gzip.decompress(s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read()) for o in objects]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_a_schedule_runs_through_everything_a_person_s_message_does(up: Up) -> None:
    answer = _run(up, "weekly")
    assert answer["tool_calls"] == [{"tool": "ticket-create", "decision": "allowed"}]
    assert answer["answer"].startswith("Written as ")
    decided = [d for d in _decisions(up) if d.get("session_id") == answer["session_id"]]
    assert {d.get("tool") for d in decided} >= {"ticket-create"}
    records = up[0].trail()
    [invoke] = [
        r for r in records if r["eventName"] == "Invoke" and r["sourceIPAddress"] == "scheduler.amazonaws.com"
    ]
    assert invoke["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == (
        "corral-dev-team-reports-schedules"
    )
    assert invoke["requestParameters"]["functionName"].endswith(
        ":function:corral-dev-front-door-reports:live"
    )


@pytest.mark.control("idempotent-tools")
def test_the_same_run_twice_is_one_session_and_one_ticket(up: Up) -> None:
    first, again, other = (
        _run(up, "weekly", "2026-11-30T06:00:00Z"),
        None,
        _run(up, "weekly", "2026-12-07T06:00:00Z"),
    )
    again = _run(up, "weekly", "2026-11-30T06:00:00Z")
    assert first["session_id"] == again["session_id"] != other["session_id"]
    assert first["answer"] == again["answer"]


def test_nobody_runs_a_schedule_by_invoking_the_function(up: Up) -> None:
    """Not even its team's operators, who may invoke it through its URL."""
    session, _, team = up
    keys = session.credentials_for(team["operator_role_arn"], "me")
    functions = boto3.client(
        "lambda",
        region_name=session.at.region,
        endpoint_url=session.at.endpoint,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token,
    )
    with pytest.raises(
        functions.exceptions.ClientError, match="not authorized to perform: lambda:InvokeFunction"
    ):
        functions.invoke(FunctionName=team["front_door_function"], Qualifier="live", Payload=b"{}")


@pytest.mark.control("suspension", "dead-letters")
def test_a_suspended_agent_s_run_fails(up: Up) -> None:
    session, _, team = up
    keys = session.credentials_for(team["operator_role_arn"], "me")
    at = {"FunctionName": "corral-dev-override", "Qualifier": "live"}
    url = session.client("lambda").get_function_url_config(**at)["FunctionUrl"]
    desk = Desk(url, keys, session.at.region)
    desk.put("reports/digest", "suspended", "odd figures")
    with pytest.raises(LocalAwsError, match="stopped before its end: hook_stopped"):
        _run(up, "digest")


@pytest.mark.control("inventory")
def test_a_retired_agent_is_on_record_as_deprecated_and_nothing_more(up: Up) -> None:
    session, environment, team = up
    _, registry, _, record = team["retired"]["gazette"].split("/")
    control = session.client("agent-registry-control")
    found = control.get_registry_record(registryId=registry, recordId=record)
    assert (found["status"], found["name"]) == ("DEPRECATED", "agents/reports/gazette")
    assert found["description"] == "Retired on 2026-11-20: Nobody read it."
    keys = session.credentials_for(team["operator_role_arn"], "me")
    with pytest.raises(FrontDoorError) as refused:
        send(team["front_door_url"], keys, session.at.region, "gazette", "Hello?")
    assert refused.value.status == 404
    roles = session.client("iam").list_roles()["Roles"]
    assert not [r["RoleName"] for r in roles if "gazette" in r["RoleName"] or "bulletin" in r["RoleName"]]
    again = deprecate(control, environment.teams["reports"], team["retired"])
    assert (again.marked, again.problems) == ([], [])


def test_a_record_that_cannot_be_marked_is_told(up: Up) -> None:
    session, environment, team = up
    control = session.client("agent-registry-control")
    spec = environment.teams["reports"]
    wrong = f"{team['retired']['gazette'][:-12]}aaaaaaaaaaaa"
    for records, told in (({"gazette": wrong}, "There is no record aaaaaaaaaaaa"), ({}, "tells of no")):
        done = deprecate(control, spec, records)
        assert not done.marked
        [problem] = done.problems
        assert problem.startswith("reports/gazette: ")
        assert told in problem


def test_an_evaluator_that_is_code_gives_what_was_said_a_score(up: Up) -> None:
    """Deployed with its team, called as the role of the team's evaluations; its score is a metric as AWS's are."""
    session, _, team = up
    session._admin("POST", "evaluations", {})  # what was before
    said = _run(up, "weekly", "2026-12-14T06:00:00Z")
    results = session._admin("POST", "evaluations", {})
    [result] = [each for each in results if each["session"] == said["session_id"]]
    assert result["evaluator"].startswith("dev_reports_in_money_")
    assert result["service"] == "harness_dev_reports_weekly.DEFAULT"
    assert (result["value"], result["label"]) == (0.0, "No")
    scores = session.client("cloudwatch").get_metric_statistics(
        Namespace="Corral/Evaluations",
        MetricName=result["evaluator"],
        Dimensions=[{"Name": "service.name", "Value": result["service"]}, {"Name": "label", "Value": "No"}],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(hours=1),
        Period=7200,
        Statistics=["SampleCount", "Sum"],
    )["Datapoints"]
    assert sum(each["SampleCount"] for each in scores) >= 1
    assert sum(each["Sum"] for each in scores) == 0
    events = session.client("logs").filter_log_events(logGroupName=team["evaluations_log_group"])["events"]
    assert any(said["session_id"] in each["message"] for each in events)
    invoked = [
        r for r in session.trail() if r["eventName"] == "Invoke" and "-eval-" in json.dumps(r["resources"])
    ]
    assert invoked
    assert {r["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] for r in invoked} == {
        "corral-dev-team-reports-evaluation"
    }
    assert session._admin("POST", "evaluations", {}) == []
