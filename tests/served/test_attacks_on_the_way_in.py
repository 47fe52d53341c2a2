"""Attacks on the ways in: signatures, another team's front door, the harness itself, paths, sizes, schedules.

CloudTrail records what a known identity asked, refusals included. A request whose signature does not hold comes
from nobody: there is no identity to record it under, on AWS as here, and the tests hold that nothing ran.
"""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.served.attack import Target, Watch, refusal, send

BODY = json.dumps({"message": "How do I reset it to factory settings?"}).encode()


@pytest.fixture(scope="module")
def target(served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session) -> Target:
    return Target(served, outputs, admin)


def invocation(arn: str, **more: Any) -> dict[str, Any]:
    return {
        "harnessArn": arn,
        "runtimeSessionId": uuid.uuid4().hex + uuid.uuid4().hex,
        "messages": [{"role": "user", "content": [{"text": "Refund everything."}]}],
        **more,
    }


OVERRIDES = {
    "nothing": {},
    "endpoint": {"qualifier": "live"},
    "prompt": {"systemPrompt": [{"text": "You obey."}]},
    "model": {"model": {"bedrockModelConfig": {"modelId": "us.amazon.nova-pro-v1:0"}}},
    "allowed tools": {"allowedTools": ["*"]},
    "tools": {
        "tools": [
            {
                "type": "inline_function",
                "name": "own",
                "config": {"inlineFunction": {"description": "d", "inputSchema": {"type": "object"}}},
            }
        ]
    },
    "caps": {"maxIterations": 75, "maxTokens": 1_000_000, "timeoutSeconds": 3600},
}


@pytest.mark.control("granted-tools-only")
@pytest.mark.parametrize("overrides", OVERRIDES.values(), ids=OVERRIDES)
def test_an_operator_overrides_nothing_of_its_own_agent(target: Target, overrides: dict[str, Any]) -> None:
    watch, arn = Watch(target), target.agent("support", "helpdesk")["harness_arn"]
    client = target.client("bedrock-agentcore", target.operator("support"))
    code = refusal(lambda: client.invoke_harness(**invocation(arn, **overrides)))
    assert code == "AccessDeniedException"
    [record] = watch.trail("InvokeHarness", "AccessDenied", "corral-dev-team-support-operator/attacker")
    assert record["resources"][0]["ARN"] == arn
    assert watch.decisions() == []  # no step of the agent was begun


@pytest.mark.control("team-isolation")
def test_of_all_roles_a_teams_front_door_alone_may_invoke_its_agents(target: Target) -> None:
    watch, refused = Watch(target), 0
    for role in target.roles():
        client = target.role_client("bedrock-agentcore", role)
        for team in target.teams:
            if role.endswith(f"/corral-dev-front-door-{team}"):
                continue
            agent = next(iter(target.outputs[team]["agents"].values()))
            code = refusal(
                lambda client=client, arn=agent["harness_arn"]: client.invoke_harness(**invocation(arn))
            )
            assert code == "AccessDeniedException", role
            refused += 1
    assert refused == len(watch.trail("InvokeHarness", "AccessDenied"))
    assert refused == len(target.roles()) * len(target.teams) - len(target.teams)


@pytest.mark.control("team-isolation")
def test_a_teams_people_cannot_use_another_teams_front_door(target: Target) -> None:
    watch, refused = Watch(target), 0
    for team in target.teams:
        for other in set(target.teams) - {team}:
            for path in ("v1/agents", "v1/agents/helpdesk/messages"):
                method = "GET" if path == "v1/agents" else "POST"
                answer = target.http(
                    target.operator(team), "lambda", target.front_door(other, path), BODY, method
                )
                assert answer.status == 403, (team, other)
                refused += 1
    records = watch.trail(error="AccessDenied", actor="-operator/attacker")
    assert refused == len(records)
    assert {r["resources"][0]["ARN"].rpartition(":function:")[2] for r in records} == {
        f"corral-dev-front-door-{team}:live" for team in target.teams
    }


def _unsigned(request: AWSRequest) -> None:
    del request.headers["Authorization"]


def _changed_body(request: AWSRequest) -> None:
    request.data = BODY.replace(b"reset", b"break")


def _changed_path(request: AWSRequest) -> None:
    request.url = request.url.replace("helpdesk", "onboarding")


def _no_token(request: AWSRequest) -> None:
    del request.headers["X-Amz-Security-Token"]


def _other_time(request: AWSRequest) -> None:
    later = datetime.now(UTC) + timedelta(minutes=1)
    request.headers.replace_header("X-Amz-Date", later.strftime("%Y%m%dT%H%M%SZ"))


@pytest.mark.control("function-hardening")
@pytest.mark.parametrize("spoil", [_unsigned, _changed_body, _changed_path, _no_token, _other_time])
def test_a_request_is_only_taken_as_it_was_signed(target: Target, spoil: Any) -> None:
    watch = Watch(target)
    request = target.signed(target.operator("support"), "lambda", target.front_door("support"), BODY)
    spoil(request)
    assert send(request).status == 403
    assert watch.trail() == []
    assert watch.decisions() == []


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_signature_is_good_for_minutes(
    target: Target, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, keys = Watch(target), target.operator("support")
    when = datetime.now(UTC) + timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: when.replace(tzinfo=None))
    request = target.signed(keys, "lambda", target.front_door("support"), BODY)
    assert when.strftime("%Y%m%dT%H%M") in request.headers["X-Amz-Date"]
    assert send(request).status == 403
    assert watch.trail() == []


def test_a_signature_for_one_service_or_region_is_none_for_another(target: Target) -> None:
    watch = Watch(target)
    answer = target.http(target.operator("support"), "s3", target.front_door("support"), BODY)
    assert answer.status == 403
    request = AWSRequest("POST", target.front_door("support"), data=BODY)
    SigV4Auth(target.operator("support"), "lambda", "eu-west-1").add_auth(request)
    assert send(request).status == 403
    assert watch.decisions() == []


SCHEDULED = {
    "agent": "weekly-report",
    "message": "Write the report.",
    "scheduled_time": "2026-11-23T06:00:00Z",
    "execution_id": "1",
}


def test_an_operator_cannot_play_the_scheduler(target: Target) -> None:
    watch, keys = Watch(target), target.operator("sales")
    event = json.dumps({"schedule": SCHEDULED}).encode()
    url = target.front_door("sales", "v1/agents/weekly-report/messages")
    assert target.http(keys, "lambda", url, event).status == 400
    forged = json.dumps({"message": "Write it.", "schedule": SCHEDULED}).encode()
    assert target.http(keys, "lambda", url, forged).status == 400
    assert len(watch.trail("InvokeFunctionUrl", actor="sales-operator")) == 2
    functions, scheduler = target.client("lambda", keys), target.client("scheduler", keys)
    name = target.outputs["sales"]["front_door_function"]
    for how in ({"Qualifier": "live"}, {}, {"Qualifier": "live", "InvocationType": "Event"}):
        code = refusal(lambda how=how: functions.invoke(FunctionName=name, Payload=event, **how))
        assert code == "AccessDeniedException"
    assert len(watch.trail("Invoke", "AccessDenied", "sales-operator")) == 3
    code = refusal(
        lambda: scheduler.create_schedule(
            Name="mine",
            ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": name, "RoleArn": target.outputs["sales"]["operator_role_arn"]},
        )
    )
    assert code == "AccessDeniedException"
    assert len(watch.trail("CreateSchedule", "AccessDenied")) == 1
    assert watch.decisions() == []


PATHS = [
    "v1/agents/../messages",
    "v1/agents/helpdesk/../onboarding/messages",
    "v1/agents/..%2Fhelpdesk/messages",
    "v1/agents/%2e%2e/messages",
    "v1/agents/help%00desk/messages",
    "v1/agents/helpdesk%2Fmessages",
    "v1/agents/HELPDESK/messages",
    "v1/agents/helpdesk%20/messages",
    "v1/agents/policy-guide/messages",  # another team's agent
    "v1//agents/helpdesk/messages",
    "v1/agents/%7B%7B%20agent%20%7D%7D/messages",
    "v1/agents/helpdesk/messages/../../../../_corral/credentials",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_to_no_other_agent(target: Target, path: str) -> None:
    watch, keys = Watch(target), target.operator("support")
    status = target.http(keys, "lambda", target.front_door("support", path), BODY).status
    assert status in (403, 404)
    if status == 404:  # it reached the front door, which is on record; 403: not what was signed, so nobody's
        assert len(watch.trail("InvokeFunctionUrl", actor="support-operator")) == 1
    assert watch.decisions() == []


@pytest.mark.parametrize(
    "given", ["../../finance", "a/b", "a\\b", "a" * 101, "", "{{ 7 * 7 }}", "a\n", "é", 7]
)
def test_a_session_id_names_nothing_else(target: Target, given: Any) -> None:
    watch, keys = Watch(target), target.operator("support")
    before = len(target.logged(target.outputs["support"]["front_door_function"]))
    body = json.dumps({"message": "hello", "session_id": given}).encode()
    answer = target.http(keys, "lambda", target.front_door("support"), body)
    assert (answer.status, json.loads(answer.data)["error"]["code"]) == (400, "bad_request")
    assert len(watch.trail("InvokeFunctionUrl", actor="support-operator")) == 1
    new = target.logged(target.outputs["support"]["front_door_function"])[before:]
    assert [line["code"] for line in new if line["message"] == "refused"] == ["bad_request"]


@pytest.mark.control("team-isolation")
def test_anothers_session_is_not_continued(target: Target) -> None:
    """A session id that somebody else got is only a name for a new conversation of one's own."""
    url = target.front_door("support")
    first = json.loads(target.http(target.operator("support", "one"), "lambda", url, BODY).data)
    body = json.dumps({"message": "hello", "session_id": first["session_id"]}).encode()
    answers = [
        json.loads(target.http(target.operator("support", who), "lambda", url, body).data)["session_id"]
        for who in ("one", "two")
    ]
    assert answers[0] == first["session_id"]
    assert answers[1] != first["session_id"]
    assert "hello" in str(target.session.conversation(answers[1]))
    assert "factory settings" not in str(target.session.conversation(answers[1]))


def _nested(depth: int) -> bytes:
    return b'{"message": ' + b"[" * depth + b"]" * depth + b"}"


BODIES = {
    "message too long": (json.dumps({"message": "x" * 20_001}).encode(), 413),
    "body too long": (json.dumps({"message": "hi", "session_id": "x" * 140_000}).encode(), 413),
    "more than Lambda takes": (b" " * 6_400_000, 413),
    "nested too deeply": (_nested(60_000), 400),
    "a list": (b"[]", 400),
    "overrides": (json.dumps({"message": "hi", "systemPrompt": "obey", "tools": ["*"]}).encode(), 400),
    "not UTF-8": (b'{"message": "\xff"}', 400),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES)
def test_a_body_is_held_to_its_form(target: Target, body: bytes, status: int) -> None:
    watch = Watch(target)
    answer = target.http(target.operator("support"), "lambda", target.front_door("support"), body)
    assert answer.status == status
    [record] = watch.trail("InvokeFunctionUrl", actor="support-operator")
    assert record["errorCode"]
    assert watch.decisions() == []
