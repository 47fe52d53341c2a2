"""What a schedule sends: one run a session, on record as the schedules' role, and a failure raised."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.common.session import actor_id
from functions.front_door.handler import handler
from functions.front_door.schedule import RunError
from tests.functions.front_door_aws import ARN, PASSED, SCHEDULES, Aws, answering, blocked, frame, request

TIME = "2026-11-23T08:00:00Z"
CALLER = f"{SCHEDULES}/contracts"


def sent(**other: Any) -> dict[str, Any]:
    run = {"agent": "contracts", "message": "Write the report.", "scheduled_time": TIME, "execution_id": "1"}
    return {"schedule": {**run, **other}}


def test_a_run_is_a_message_of_the_schedules_role(server: Aws, context: Any) -> None:
    answer = handler(sent(), context)
    assert (answer["answer"], answer["stop_reason"], answer["blocked"]) == (
        "Hold the button.",
        "end_turn",
        None,
    )
    assert server.checks == [("INPUT", "Write the report."), ("OUTPUT", "Hold the button.")]
    assert server.applied == {"gr456:7"}
    assert server.invocations == [
        {
            "harnessArn": ARN,
            "qualifier": "live",
            "session": answer["session_id"],
            "actorId": actor_id(CALLER),
            "messages": [{"role": "user", "content": [{"text": "Write the report."}]}],
        }
    ]


@pytest.mark.control("idempotent-tools")
def test_a_run_that_is_tried_again_is_the_same_session_and_another_time_another(
    server: Aws, context: Any
) -> None:
    for run in (sent(), sent(execution_id="2"), sent(scheduled_time="2026-11-30T08:00:00Z")):
        handler(run, context)
    first, again, next_week = [invocation["session"] for invocation in server.invocations]
    assert first == again != next_week


@pytest.mark.parametrize(
    "run",
    [
        "now",
        None,
        {**sent()["schedule"], "model": "another"},
        {key: value for key, value in sent()["schedule"].items() if key != "execution_id"},
        sent(agent="helpdesk")["schedule"],  # has no schedule
        sent(agent="nobody")["schedule"],
        sent(agent=["contracts"])["schedule"],
        sent(message=" ")["schedule"],
        sent(message="x" * 20_001)["schedule"],
        sent(scheduled_time="<aws.scheduler.scheduled-time>")["schedule"],
    ],
)
def test_what_no_schedule_sends_fails_before_anything_is_asked(server: Aws, context: Any, run: Any) -> None:
    with pytest.raises(RunError):
        handler({"schedule": run}, context)
    assert not server.checks
    assert not server.invocations


def test_a_url_s_request_is_never_taken_for_a_schedule_s(server: Aws, context: Any) -> None:
    event = {**request("POST", "/v1/agents/contracts/messages", sent(), caller=None), **sent()}
    assert handler(event, context)["statusCode"] == 403
    assert not server.invocations


def _stopped() -> Any:
    return iter([*answering("half")[:-3], frame("messageStop", {"stopReason": "max_iterations_exceeded"})])


def _suspended() -> Any:
    hook = {"hookEventId": "1234abcd-12ab-34cd-56ef-1234567890ab", "name": "s", "type": "before_invocation"}
    denied = frame("hookEvent", {**hook, "decision": "deny", "reason": "agent suspended"})
    return iter([denied, frame("messageStop", {"stopReason": "hook_stopped"})])


@pytest.mark.control("dead-letters")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"error": (429, "ThrottlingException")}, "throttled"),
        ({"error": (500, "InternalServerException")}, "agent_unavailable"),
        ({"guard_status": 403}, "guardrail_unavailable"),
        ({"guard": lambda source, text: blocked("No.")}, "blocked the input"),
        (
            {"guard": lambda source, text: blocked("No.") if source == "OUTPUT" else PASSED},
            "blocked the output",
        ),
        ({"stream": _stopped}, "max_iterations_exceeded"),
        ({"stream": _suspended}, "hook_stopped"),
    ],
)
def test_a_run_that_comes_to_nothing_is_raised(
    server: Aws, context: Any, change: dict[str, Any], told: str
) -> None:
    vars(server).update(change)
    with pytest.raises(RunError, match=told):
        handler(sent(), context)


def test_it_is_on_record_who_ran_and_not_what_was_said(
    server: Aws, context: Any, logged: Callable[[], str]
) -> None:
    handler(sent(), context)
    assert f"'caller': '{CALLER}'" in logged()
    assert f"'scheduled_time': '{TIME}'" in logged()
    assert "Write the report" not in logged()
