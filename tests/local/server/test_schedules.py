"""The door that runs a schedule now: as its role, with what Scheduler fills in, and a failure as such."""

import json
from typing import Any

import pytest
import urllib3

from tests.local.server.conftest import ACCOUNT, REGION, Server
from tests.local.server.support import function

GROUP = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/"
TIME = "2026-01-31T08:00:00Z"
SENT = (
    '{"at": "<aws.scheduler.scheduled-time>", "run": "<aws.scheduler.execution-id>", "not": "<aws.events.id>",'
    ' "try": "<aws.scheduler.attempt-number>", "of": "<aws.scheduler.schedule-arn>"}'
)


def run(server: Server, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = urllib3.request("POST", f"{server.endpoint}/_corral/schedules", body=json.dumps(body))
    return answer.status, answer.json()


def scheduled(server: Server, name: str, *, source: str | None = None, **other: Any) -> str:
    """Make a function and a schedule of it, in a group of its own; returns the function's ARN."""
    code = source or "def handler(event, context):\n    return event\n"
    arn = other.pop("arn", None) or function(server, name, code)
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": other.pop("group", GROUP + name)},
        },
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = server.client("iam")
    role = iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if other.pop("granted", True):
        grant = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
        iam.put_role_policy(RoleName=f"{name}-role", PolicyName="p", PolicyDocument=policy)
    scheduler = server.client("scheduler")
    scheduler.create_schedule_group(Name=name)
    scheduler.create_schedule(
        Name="weekly",
        GroupName=name,
        ScheduleExpression="rate(7 days)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role, "Input": SENT},
        **other,
    )
    return arn


def test_a_run_gets_what_scheduler_fills_in(server: Server, name: str) -> None:
    scheduled(server, name)
    status, said = run(server, schedule=f"{name}/weekly", scheduled_time=TIME)
    assert status == 200, said
    got = said["answer"]
    schedule = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{name}/weekly"
    assert (
        (got["at"], got["try"], got["of"]) == (said["scheduled_time"], "1", schedule) == (TIME, "1", schedule)
    )
    assert got["not"] == "<aws.events.id>"
    other = run(server, schedule=f"{name}/weekly")[1]
    assert other["answer"]["run"] != got["run"]
    assert other["scheduled_time"] > TIME


def test_a_failure_of_the_function_is_told(server: Server, name: str) -> None:
    scheduled(server, name, source="def handler(event, context):\n    raise ValueError('no rows')\n")
    assert run(server, schedule=f"{name}/weekly") == (
        502,
        {"error": "ValueError: no rows", "code": "FunctionError"},
    )


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"granted": False}, "is not authorized to perform: lambda:InvokeFunction"),
        ({"group": GROUP + "another"}, "scheduler.amazonaws.com may not assume"),
    ],
    ids=["no-grant", "no-trust"],
)
def test_a_role_that_may_not_is_refused(server: Server, name: str, other: dict[str, Any], told: str) -> None:
    scheduled(server, name, **other)
    status, said = run(server, schedule=f"{name}/weekly")
    assert (status, said["code"]) == (403, "AccessDeniedException")
    assert told in said["error"]


def test_what_would_never_run_does_not(server: Server, name: str) -> None:
    scheduled(server, name, State="DISABLED")
    assert run(server, schedule=f"{name}/weekly")[0] == 409
    for missing in (f"{name}/none", f"{name}-none/weekly", "weekly"):
        assert run(server, schedule=missing)[0] == 404
    scheduled(server, f"{name}-queue", arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs")
    assert run(server, schedule=f"{name}-queue/weekly")[0] == 501


@pytest.mark.parametrize(
    "body", [{}, {"schedule": 1}, {"schedule": "a", "scheduled_time": "today"}, {"schedule": "a", "x": 1}]
)
def test_a_body_that_says_something_else_is_refused(server: Server, body: dict[str, Any]) -> None:
    assert run(server, **body)[0] == 400
