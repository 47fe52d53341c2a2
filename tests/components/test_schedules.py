"""Agents with a schedule: what is made for them, who may do what, and that others have none of it."""

import json
from typing import Any

import pytest

from tests.components.aws_outputs import ACCOUNT, REGION
from tests.components.recorder import Program, Recorded

pytestmark = pytest.mark.xdist_group("components")

KINDS = (
    "aws:scheduler/schedule:Schedule",
    "aws:scheduler/scheduleGroup:ScheduleGroup",
    "aws:sqs/queue:Queue",
)
DOOR = "corral-dev-front-door-reports"
ALIAS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{DOOR}:live"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:corral-dev-team-reports-dead-letters"
ROLE = "corral-dev-team-reports-schedules"


def _one(program: Program, kind: str, **wanted: Any) -> Recorded:
    [found] = [r for r in program.of(kind) if {k: r.inputs[k] for k in wanted} == wanted]
    return found


def _statements(program: Program, role: str) -> dict[str, Any]:
    policy = _one(program, "aws:iam/rolePolicy:RolePolicy", role=role)
    return {s["Sid"]: s for s in json.loads(policy.inputs["policy"])["Statement"]}


def test_a_schedule_sends_the_agent_its_message(reports: Program) -> None:
    made = _one(reports, KINDS[0], name="weekly").inputs
    assert (made["groupName"], made["scheduleExpression"]) == (
        "corral-dev-team-reports",
        "cron(0 6 ? * MON *)",
    )
    assert (made["scheduleExpressionTimezone"], made["flexibleTimeWindow"]) == ("UTC", {"mode": "OFF"})
    assert made["kmsKeyArn"] == reports.outputs["team_key_arn"]
    target = made["target"]
    assert target["arn"] == ALIAS
    assert target["roleArn"].endswith(f":role/corral/dev/reports/{ROLE}")
    assert target["deadLetterConfig"] == {"arn": QUEUE}
    assert target["retryPolicy"] == {"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 3600}
    assert json.loads(target["input"]) == {
        "schedule": {
            "agent": "weekly",
            "message": "Write the report.",
            "scheduled_time": "<aws.scheduler.scheduled-time>",
            "execution_id": "<aws.scheduler.execution-id>",
        }
    }
    told = reports.outputs["agents"]["weekly"]["schedule"]
    assert told == {
        "name": "corral-dev-team-reports/weekly",
        "arn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/corral-dev-team-reports/weekly",
        "expression": "cron(0 6 ? * MON *)",
        "dead_letters_arn": QUEUE,
    }


@pytest.mark.control("dead-letters")
def test_the_schedules_role_may_invoke_the_front_door_and_write_dead_letters(reports: Program) -> None:
    [trust] = json.loads(_one(reports, "aws:iam/role:Role", name=ROLE).inputs["assumeRolePolicy"])[
        "Statement"
    ]
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {
            "aws:SourceArn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/corral-dev-team-reports"
        },
    }
    granted = _statements(reports, ROLE)
    assert {name: (s["Action"], s["Resource"]) for name, s in granted.items() if name != "OwnKey"} == {
        "FrontDoor": (["lambda:InvokeFunction"], [ALIAS]),
        "DeadLetters": (["sqs:SendMessage"], [QUEUE]),
    }
    assert granted["OwnKey"]["Resource"] == [reports.outputs["team_key_arn"]]


def test_nobody_else_may_invoke_the_front_door_but_through_its_url(stacks: dict[str, Program]) -> None:
    invokers = set()
    for program in stacks.values():
        assert not program.of("aws:lambda/permission:Permission") or program.stack == "dev"
        for policy in program.of("aws:iam/rolePolicy:RolePolicy"):
            for statement in json.loads(policy.inputs["policy"])["Statement"]:
                invoke = "lambda:InvokeFunction" in statement["Action"]
                front_door = [arn for arn in statement["Resource"] if "*" in arn or "front-door" in arn]
                by_url = statement.get("Condition") == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
                if invoke and front_door and not by_url:
                    invokers.add(policy.inputs["role"])
    assert invokers >= {ROLE}
    assert all(role.endswith("-schedules") for role in invokers)


@pytest.mark.control("dead-letters")
def test_what_fails_each_time_it_runs_is_kept_too(reports: Program) -> None:
    """Scheduler's part is done when Lambda has the event: what comes of that is Lambda's to keep."""
    function = _one(reports, "aws:lambda/function:Function", name=DOOR).inputs
    assert function["deadLetterConfig"] == {"targetArn": QUEUE}
    assert _statements(reports, function["name"])["DeadLetters"]["Resource"] == [QUEUE]
    queue = _one(reports, KINDS[2]).inputs
    assert queue["name"] == QUEUE.rpartition(":")[2]
    assert queue["kmsMasterKeyId"] == reports.outputs["team_key_arn"]
    assert queue["messageRetentionSeconds"] == 1209600
    [deny] = json.loads(queue["policy"])["Statement"]
    assert (deny["Effect"], deny["Resource"]) == ("Deny", [QUEUE])


def test_only_agents_with_a_schedule_are_open_to_one(reports: Program) -> None:
    assert {r.inputs["name"] for r in reports.of(KINDS[0])} == {"weekly", "digest"}
    variables = _one(reports, "aws:lambda/function:Function", name=DOOR).inputs["environment"]["variables"]
    agents = json.loads(variables["AGENTS"])
    assert {name for name, agent in agents.items() if agent.get("scheduled")} == {"weekly", "digest"}
    assert variables["SCHEDULES_ROLE"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}"
    assert "schedule" not in reports.outputs["agents"]["on-demand"]


def test_a_team_without_a_schedule_has_nothing_of_it(programs: dict[str, Program]) -> None:
    support = programs["dev.support"]
    assert not [r.urn for r in support.resources if r.type in KINDS or "schedule" in r.name]
    function = _one(support, "aws:lambda/function:Function").inputs
    assert "deadLetterConfig" not in function
    assert "SCHEDULES_ROLE" not in function["environment"]["variables"]
