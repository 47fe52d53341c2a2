"""An auditor on the local AWS: calls of every kind are found again, and one that is left out is missed."""

import gzip
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from corral.audit.athena import AthenaError, Lake
from corral.audit.deployed import Platform, local_platform, usual_values
from corral.audit.period import Period
from corral.audit.verify import check_settings, match_records
from corral.front_door import Answer, send
from corral.spec.load import Environment, load_environment
from tests.served.conftest import run
from tests.served.test_records import operator, role

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def environment() -> Environment:
    return load_environment(ROOT / "stacks/dev")


CASES = {
    "allowed": "happy-path",
    "held": "approval",
    "not granted": "denied-tool",
    "against policy": "other-team",
}


@pytest.fixture(scope="module")
def told(
    served: dict[str, Any], outputs: dict[str, dict[str, Any]], environment: Environment
) -> tuple[str, dict[str, Answer]]:
    """When the calls began, and the answers by what becomes of their call."""
    began = datetime.now(UTC)
    scenarios = {
        scenario.case: scenario.user for scenario in environment.agents["support"]["helpdesk"].scenarios
    }
    keys, url = operator(served, outputs, "support"), outputs["support"]["front_door_url"]
    answers = {
        kind: send(url, keys, served["region"], "helpdesk", scenarios[case]) for kind, case in CASES.items()
    }
    decided = {kind: [call.decision for call in answer.tool_calls] for kind, answer in answers.items()}
    assert decided == {
        "allowed": ["allowed"],
        "held": ["denied-by-supervisor"],
        "not granted": ["denied-by-supervisor"],
        "against policy": ["denied-by-policy"],
    }, answers
    return f"{began:%Y-%m-%dT%H:%M:%S}", answers


def asked(project: Path, name: str, *more: str) -> list[dict[str, Any]]:
    done = run(project, "audit", "query", name, "dev", "--local", "--json", *more)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_calls_are_found_again_with_what_was_decided(
    project: Path, told: tuple[str, dict[str, Answer]]
) -> None:
    since, answers = told
    rows = asked(project, "who-called-what", "--since", since, "--set", "agent=support/helpdesk")
    by_session = {row["session_id"]: row for row in rows}
    allowed, held, denied = (
        by_session[answers[kind].session_id] for kind in ("allowed", "held", "not granted")
    )
    assert (allowed["decision"], allowed["outcome"]) == ("allow", "ok")
    assert (held["decision"], held["outcome"]) == ("deny", None)
    assert denied["reason"].startswith("tool not granted")
    refused = asked(project, "denied-calls", "--since", since)
    assert {held["record_id"], denied["record_id"]} <= {row["record_id"] for row in refused}
    tried = [row for row in refused if row["denied_by"] == "gateway" and row["caller"]]
    assert [row for row in tried if answers["against policy"].session_id[:40] in row["caller"]]
    waiting = asked(project, "approvals", "--since", since)
    assert held["approval_id"] in {row["approval_id"] for row in waiting if row["result"] == "not decided"}


def test_one_session_is_told_by_both_kinds_of_records(
    project: Path, told: tuple[str, dict[str, Answer]]
) -> None:
    since, answers = told
    rows = asked(project, "session", "--since", since, "--set", f"session={answers['allowed'].session_id}")
    events = {(row["source"], row["event"]) for row in rows}
    assert {("decision", "beforeToolCall"), ("decision", "afterInvocation")} <= events
    assert {("trail", "InvokeHarness"), ("trail", "InvokeGateway"), ("trail", "Converse")} <= events
    assert sum(row["input_tokens"] or 0 for row in rows) == answers["allowed"].usage["input_tokens"]


def test_the_deployment_is_a_change_to_governance(project: Path, told: tuple[str, dict[str, Answer]]) -> None:
    areas = {row["area"] for row in asked(project, "governance-changes", "--since", "1d")}
    assert {"gateway", "policies", "harnesses", "roles and boundaries", "trail"} <= areas


def test_tables_for_people_and_files(project: Path, told: tuple[str, dict[str, Answer]]) -> None:
    shown = run(project, "audit", "query", "calls-by-agent", "--local", "--since", told[0])
    assert shown.returncode == 0, shown.stderr
    assert "helpdesk" in shown.stdout
    assert "Calls by agent and tool" in shown.stdout
    csv = run(project, "audit", "query", "unused-tools", "dev", "--local", "--csv")
    assert csv.stdout.splitlines()[0] == "tool"


@pytest.mark.control("decision-records", "trail", "complete-records")
def test_verify_finds_the_records_whole(project: Path, told: tuple[str, dict[str, Answer]]) -> None:
    done = run(project, "audit", "verify", "dev", "--local", "--since", told[0], "--json")
    found = json.loads(done.stdout)
    assert found["checks"] == [
        {"name": name, "now": now, "problems": []}
        for name, now in (
            ("trail", "records all regions, with digests"),
            ("selectors", found["checks"][1]["now"]),
            ("object lock", "GOVERNANCE, 400 days"),
            ("tables", "records of us-east-1"),
            ("alerts", "12 rules, 1 confirmed subscription"),
        )
    ]
    assert found["matched"] >= 2  # the one that ran, and the one that the gateway denied
    assert found["gaps"] == []
    assert done.returncode == 0
    assert "aws cloudtrail validate-logs --trail-arn arn:aws:cloudtrail:us-east-1:" in found["validate_logs"]


@pytest.fixture
def platform(project: Path, served: dict[str, Any], told: tuple[str, dict[str, Answer]]) -> Platform:
    """The platform as its auditor reaches it."""
    return local_platform(project, "dev")


def _copied(admin: boto3.Session, platform: Platform, name: str, without: tuple[str, str]) -> Lake:
    """A lake over a copy of the audit bucket, without the object of this table in which a text is found."""
    s3, glue = admin.client("s3"), admin.client("glue")
    source, copy = platform.outputs["audit_bucket"], f"corral-dev-copy-{name}"
    s3.create_bucket(Bucket=copy)
    left_out = 0
    prefixes = {"trail": "AWSLogs/", "decisions": "decisions/"}
    for table, prefix in prefixes.items():
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=source, Prefix=prefix):
            for item in page.get("Contents", []):
                body = s3.get_object(Bucket=source, Key=item["Key"])["Body"].read()
                if table == without[0] and without[1] in gzip.decompress(body).decode():
                    left_out += 1
                    continue
                s3.put_object(Bucket=copy, Key=item["Key"], Body=body)
    assert left_out
    database = f"copy_{name}"
    glue.create_database(DatabaseInput={"Name": database})
    for table in prefixes:
        found = glue.get_table(DatabaseName=platform.lake.database, Name=table)["Table"]
        text = json.dumps(
            {key: found[key] for key in ("Name", "StorageDescriptor", "Parameters", "PartitionKeys")}
        )
        glue.create_table(DatabaseName=database, TableInput=json.loads(text.replace(source, copy)))
    return Lake(admin, None, platform.lake.workgroup, database)


@pytest.mark.control("decision-records", "complete-records")
@pytest.mark.parametrize(
    ("table", "missing"), [("trail", "no gateway record"), ("decisions", "no decision record")]
)
def test_a_record_that_is_left_out_is_a_gap(
    table: str,
    missing: str,
    platform: Platform,
    admin: boto3.Session,
    environment: Environment,
    told: tuple[str, dict[str, Answer]],
) -> None:
    since, answers = told
    session = answers["allowed"].session_id
    period = Period.read(since, None, datetime.now(UTC) + timedelta(seconds=1))
    usual = usual_values(environment)
    assert not [
        g for g in match_records(platform.lake, usual, period).gaps if session.startswith(g.session[:40])
    ]
    text = session if table == "decisions" else f"BedrockAgentCore-{session}"[:64]
    copy = _copied(admin, platform, table, (table, text))
    gaps = match_records(copy, usual, period).gaps
    [gap] = [gap for gap in gaps if session.startswith(gap.session[:40])]
    assert (gap.kind, gap.tool) == (missing, answers["allowed"].tool_calls[0].tool)
    assert since <= gap.at


@pytest.mark.control("trail")
def test_a_trail_that_is_no_longer_the_organizations_is_told(platform: Platform) -> None:
    """Its other accounts' records would be missing."""
    deployed = replace(platform, outputs={**platform.outputs, "organization_id": "o-a1b2c3d4e5"})
    problems = {check.name: check.problems for check in check_settings(deployed)}
    assert problems["trail"] == ["IsOrganizationTrail is False and was deployed as True"]


@pytest.mark.control("trail", "trail-coverage", "audit-immutability")
def test_what_was_changed_since_the_deployment_is_told(platform: Platform, admin: boto3.Session) -> None:
    cloudtrail, s3 = admin.client("cloudtrail"), admin.client("s3")
    trail, bucket = platform.outputs["trail_arn"], platform.outputs["audit_bucket"]
    selectors = cloudtrail.get_event_selectors(TrailName=trail)["AdvancedEventSelectors"]
    lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    narrowed = json.loads(json.dumps(selectors[1:]))
    narrowed[0]["FieldSelectors"].append({"Field": "readOnly", "Equals": ["true"]})
    try:
        cloudtrail.put_event_selectors(TrailName=trail, AdvancedEventSelectors=narrowed)
        cloudtrail.stop_logging(Name=trail)
        weaker = {**lock, "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=weaker)
        problems = {check.name: check.problems for check in check_settings(platform)}
    finally:
        cloudtrail.put_event_selectors(TrailName=trail, AdvancedEventSelectors=selectors)
        cloudtrail.start_logging(Name=trail)
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
    assert problems["trail"] == ["the trail does not record: its logging is off"]
    assert problems["selectors"] == [
        "selector 'Management events selector' is gone",
        f"selector {narrowed[0]['Name']!r} selects something else than what was deployed",
    ]
    assert problems["object lock"] == ["records are locked for 1 days and were to be for 400"]
    assert not [check.problems for check in check_settings(platform) if check.problems]


@pytest.mark.control("change-alerts")
def test_alerts_that_would_not_come_are_told(platform: Platform, admin: boto3.Session) -> None:
    events, sns = admin.client("events"), admin.client("sns")
    topic = platform.outputs["alerts_topic_arn"]
    names = [f"corral-dev-alert-{name}" for name in ("trail", "keys", "roles", "approvals")]
    off, other, elsewhere, gone = names
    rules = {name: events.describe_rule(Name=name) for name in names}
    targets = {name: events.list_targets_by_rule(Rule=name)["Targets"] for name in names}
    [mail] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    try:
        events.disable_rule(Name=off)
        events.put_rule(Name=other, EventPattern='{"source": ["nobody"]}')
        events.put_targets(Rule=elsewhere, Targets=[targets[elsewhere][0] | {"Arn": f"{topic}-other"}])
        events.remove_targets(Rule=gone, Ids=[targets[gone][0]["Id"]])
        events.delete_rule(Name=gone)
        sns.unsubscribe(SubscriptionArn=mail["SubscriptionArn"])
        [found] = [check for check in check_settings(platform) if check.name == "alerts"]
    finally:
        for name in names:
            kept = {key: rules[name][key] for key in ("Name", "EventPattern", "State", "Description")}
            events.put_rule(**kept)
            events.put_targets(Rule=name, Targets=targets[name])
        sns.subscribe(TopicArn=topic, Protocol=mail["Protocol"], Endpoint=mail["Endpoint"])
    assert found.problems == [
        f"rule {gone} is gone",
        f"rule {other} asks for something else than what was deployed",
        f"rule {elsewhere} does not send to {topic}",
        f"rule {off} is switched off: it tells nobody anything",
        f"nobody has confirmed a subscription of {topic}: alerts reach nobody",
    ]
    assert not [check.problems for check in check_settings(platform) if check.problems]


@pytest.mark.control("audit-immutability")
def test_an_auditor_queries_records_and_nothing_else(
    platform: Platform, outputs: dict[str, dict[str, Any]], served: dict[str, Any]
) -> None:
    lake = platform.lake
    assert lake.run("SELECT count(*) AS n FROM decisions").values[0][0] > 0
    athena = lake.client("athena")
    saved = athena.list_named_queries(WorkGroup=lake.workgroup)["NamedQueryIds"]
    assert set(saved) == set(outputs[""]["audit_queries"].values())
    named = athena.batch_get_named_query(NamedQueryIds=saved)["NamedQueries"]
    assert lake.run(next(q["QueryString"] for q in named if q["Name"] == "calls-by-agent")).values
    with pytest.raises(AthenaError, match="not allowed"):
        Lake(lake.session, None, "corral-dev-warehouse", "corral_dev_sales_orders").run("SELECT 1")
    with pytest.raises(AthenaError, match="Insufficient permissions"):
        lake.run("SELECT * FROM corral_dev_sales_orders.orders")
    keys = role(served, outputs["support"]["operator_role_arn"])
    operator_session = boto3.Session(
        keys.access_key, keys.secret_key, keys.token, region_name=served["region"]
    )
    with pytest.raises(AthenaError, match="not allowed"):
        Lake(operator_session, None, lake.workgroup, lake.database).run("SELECT 1")


def test_without_a_served_local_aws_it_says_how_to_get_one(project: Path, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text((project / "Pulumi.yaml").read_text())
    for name in ("stacks", "functions", "templates"):
        (tmp_path / name).symlink_to(project / name)
    done = run(tmp_path, "audit", "verify", "dev", "--local")
    assert (done.returncode, "corral up dev --local --serve" in done.stderr) == (1, True)
    began = time.monotonic()
    assert run(tmp_path, "audit", "query").returncode == 0
    assert time.monotonic() - began < 5
