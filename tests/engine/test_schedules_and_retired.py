"""A team's schedules and the end of an agent, under the real engine. Each test goes on from the last."""

import json
from typing import Any

import pytest
import urllib3
from botocore.credentials import Credentials

from corral.front_door import FrontDoorError, send
from tests.components.recorder import add_team_of_every_kind
from tests.engine.engine import Engine

REPORTS = "stacks/dev/teams/reports.yaml"
AT = 'schedule: "cron(0 6 ? * MON *)"'
DIGEST = """  - name: digest
    template: digest@1
    stage: experiment
    parameters: {purpose: Reports, schedule: rate(1 day)}
    tools: [ticket-create]
"""
TOMBSTONE = (
    "\n  - {name: digest, template: digest@1.0.0, since: 2026-11-24, reason: Nobody read it either.}\n"
)


def team(engine: Engine) -> dict[str, Any]:
    return engine.outputs("dev.reports")


def record_status(engine: Engine, arn: str) -> str:
    _, registry, _, record = arn.split("/")
    control = engine.client("agent-registry-control")
    return str(control.get_registry_record(registryId=registry, recordId=record)["status"])


def ask(engine: Engine, agent: str) -> str:
    """Send a message as an operator; the session it was said in."""
    said = team(engine)
    body = json.dumps({"role_arn": said["operator_role_arn"], "session_name": "me"})
    keys = urllib3.request("POST", f"{engine.endpoint}/_corral/credentials", body=body).json()
    me = Credentials(keys["access_key_id"], keys["secret_access_key"], keys["session_token"])
    return send(said["front_door_url"], me, engine.environment["AWS_REGION"], agent, "Hello").session_id


def audited(engine: Engine) -> set[str]:
    """The keys of all that is in the audit bucket."""
    urllib3.request("POST", f"{engine.endpoint}/_corral/flush", body=b"{}")
    bucket = engine.outputs("dev")["audit_bucket"]
    pages = engine.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}


def corral_up(engine: Engine, expected: int = 0) -> str:
    process = engine.corral("up", "dev", "--team", "reports", "--yes")
    said, _ = process.communicate(timeout=300)
    assert process.returncode == expected, said
    return said


def test_a_team_with_schedules_comes_up_and_has_then_nothing_to_do(engine: Engine) -> None:
    add_team_of_every_kind(engine.project / "stacks")
    (engine.project / "stacks/Pulumi.dev.reports.yaml").write_text(
        (engine.project / "stacks/Pulumi.dev.support.yaml").read_text()
    )
    engine.init("dev", "dev.reports")
    engine.up("dev")
    made = engine.up("dev.reports", "--policy-pack", str(engine.project / "policies"))
    assert set(made.counts()) == {"create"}
    assert made.touched()["dev-reports-schedules-weekly"] == "create"
    assert engine.up("dev.reports", "--expect-no-changes").steps == ()
    assert engine.update("refresh", "dev.reports", "--expect-no-changes").code == 0
    assert record_status(engine, team(engine)["retired"]["gazette"]) == "DRAFT", "pulumi alone marks nothing"


def test_another_time_changes_the_schedule_in_place(engine: Engine) -> None:
    with engine.edited(REPORTS, AT, "schedule: rate(12 hours)"):
        assert engine.up("dev.reports").touched() == {"dev-reports-schedules-weekly": "update"}
    found = engine.client("scheduler").get_schedule(GroupName="corral-dev-team-reports", Name="weekly")
    assert found["ScheduleExpression"] == "rate(12 hours)"
    assert engine.up("dev.reports").touched() == {"dev-reports-schedules-weekly": "update"}


def test_corral_up_marks_the_records_of_the_retired(engine: Engine) -> None:
    assert "deprecated in the registry: reports/gazette" in corral_up(engine)
    assert record_status(engine, team(engine)["retired"]["gazette"]) == "DEPRECATED"
    again = corral_up(engine)
    assert "deprecated in the registry" not in again
    assert engine.up("dev.reports", "--expect-no-changes").steps == ()


def test_retiring_an_agent_leaves_its_record_and_what_it_did(engine: Engine) -> None:
    ask(engine, "digest")
    audit, record = audited(engine), team(engine)["agents"]["digest"]["registry_record_arn"]
    assert any(key.startswith("decisions/") for key in audit)
    path = engine.project / REPORTS
    path.write_text(path.read_text().replace(DIGEST, "").rstrip() + TOMBSTONE)
    said = corral_up(engine)
    assert "deprecated in the registry: reports/digest" in said
    state = {each["urn"].rpartition("::")[2] for each in engine.state("dev.reports") if each.get("custom")}
    assert {name for name in state if name.startswith("dev-reports-digest")} == {"dev-reports-digest-record"}
    assert "dev-reports-schedules-digest" not in state
    assert team(engine)["retired"]["digest"] == record, "the record was made anew"
    assert record_status(engine, record) == "DEPRECATED"
    roles = [role["RoleName"] for role in engine.client("iam").list_roles()["Roles"]]
    assert not [name for name in roles if "digest" in name]
    with pytest.raises(FrontDoorError) as refused:
        ask(engine, "digest")
    assert refused.value.status == 404
    assert audit <= audited(engine)


def test_a_failure_to_mark_is_told_and_undoes_nothing(engine: Engine) -> None:
    path = engine.project / REPORTS
    path.write_text(
        path.read_text().rstrip()
        + "\n  - {name: almanac, template: weekly@1.0.0, since: 2026-11-24, reason: None.}\n"
    )
    fault = {
        "service": "agent-registry-control",
        "operation": "UpdateRegistryRecordStatus",
        "code": "AccessDenied",
    }
    engine.faults(fault)
    said = corral_up(engine, expected=1)
    assert "reports/almanac: its registry record could not be marked deprecated" in said
    assert engine.up("dev.reports", "--expect-no-changes").steps == ()
    assert "deprecated in the registry: reports/almanac" in corral_up(engine)


def test_a_team_that_schedules_nothing_any_more_keeps_nothing_of_it(engine: Engine) -> None:
    with engine.edited(REPORTS, f"{{purpose: Reports, {AT}}}", "{purpose: Reports}"):
        touched = engine.up("dev.reports").touched()
    gone = {name for name, operation in touched.items() if operation == "delete"}
    assert gone == {
        "dev-reports-dead-letters-queue",
        *(f"dev-reports-schedules-{part}" for part in ("group", "policy", "role", "weekly")),
    }
    assert not engine.client("sqs").list_queues(QueueNamePrefix="corral-dev-team-").get("QueueUrls")


def test_it_all_goes_at_last(engine: Engine) -> None:
    for stack in ("dev.reports", "dev"):
        done = engine.update("destroy", stack)
        assert done.code == 0, done.said
