"""An alarm that begins suspends its agent, if the team asked for that, and leaves one alone that a person resumed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.common.overrides import Override, read
from functions.override.handler import handler
from functions.supervisor.handler import handler as supervisor

Platform = Any  # what conftest's fixtures return
Broken = Any
ALARM = "corral-dev/support/helpdesk/drift"
ARN = f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{ALARM}"
PERSON = "arn:aws:sts::123456789012:assumed-role/corral-dev-team-support-operator/alice"


@pytest.fixture(autouse=True)
def _asked(platform: Platform) -> None:
    watch = {"suspend": {"alarm": ALARM, "cooldown_hours": 24}}
    platform.agents.put_item(Item=platform.config | {"watch": json.dumps(watch)})
    other = {"agent": "another", "name": "onboarding", "key": "onboarding", "watch": "{}"}
    platform.agents.put_item(Item=platform.config | other)


def begins(context: Any, alarm: str = ALARM, state: str = "ALARM") -> str:
    event = {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "resources": [ARN.replace(ALARM, alarm)],
        "detail": {"alarmName": alarm, "state": {"value": state}},
    }
    return str(handler(event, context)["outcome"])


def above(agent: str = "helpdesk") -> Override | None:
    return next(iter(read((f"support/{agent}",))), None)


def put_above(platform: Platform, mode: str, hours_ago: float, by: str = PERSON) -> None:
    at = (datetime.now(UTC) - timedelta(hours=hours_ago)).isoformat(timespec="milliseconds")
    item = {
        "scope": "support/helpdesk",
        "mode": mode,
        "reason": "looked into",
        "by": by,
        "at": at,
        "id": "before",
    }
    platform.overrides.put_item(Item=item)


@pytest.mark.control("suspension")
def test_its_agent_is_denied_at_the_next_step_and_the_alarm_is_on_record(
    platform: Platform, context: Any
) -> None:
    assert begins(context) == "suspended"
    made = above()
    assert made is not None
    assert (made.mode, made.by) == ("suspended", ARN)
    answer = supervisor(platform.hook(tool="knowledge-search___knowledge-search"), context)
    assert answer["decision"] == "deny"
    assert made.reason in answer["reason"]
    [record] = [record for record in platform.records() if record["event"] == "override"]
    assert (record["agent"], record["decision"], record["actor"]) == ("helpdesk", "suspended", ARN)


@pytest.mark.parametrize(
    "alarm",
    [
        "corral-dev/support/onboarding/drift",  # whose team did not ask for it
        "corral-dev/support/front-door/errors",
        "corral-prod/support/helpdesk/drift",
        f"{ALARM}x",
        "",
    ],
)
def test_other_alarms_suspend_nobody(platform: Platform, context: Any, alarm: str) -> None:
    assert begins(context, alarm) == "suspends no agent"
    assert (above(), above("onboarding")) == (None, None)
    assert platform.records() == []


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_an_alarm_that_ends_does_nothing(platform: Platform, context: Any, state: str) -> None:
    assert begins(context, state=state) == "no alarm"
    assert above() is None


@pytest.mark.parametrize(
    ("hours_ago", "outcome", "mode"), [(23.9, "cooling down", "active"), (24.1, "suspended", "suspended")]
)
def test_who_resumed_it_is_not_overruled_within_the_cooldown(
    platform: Platform, context: Any, hours_ago: float, outcome: str, mode: str
) -> None:
    put_above(platform, "active", hours_ago)
    assert begins(context) == outcome
    found = above()
    assert found is not None
    assert found.mode == mode


def test_what_a_person_has_suspended_stays_theirs_and_read_only_is_tightened(
    platform: Platform, context: Any
) -> None:
    put_above(platform, "suspended", 1)
    assert begins(context) == "already suspended"
    found = above()
    assert found is not None
    assert (found.by, found.id) == (PERSON, "before")
    put_above(platform, "read-only", 1)
    assert begins(context) == "suspended"


@pytest.mark.control("fail-closed")
def test_what_could_not_be_recorded_is_tried_again_and_holds_meanwhile(
    platform: Platform, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: Any) -> None:
        raise RuntimeError("down")

    with monkeypatch.context() as patch:
        patch.setattr("functions.override.change.put", down)
        with pytest.raises(Exception, match="not_recorded"):
            begins(context)
    found = above()
    assert found is not None
    assert found.mode == "suspended"
    assert begins(context) == "suspended", "Lambda tries again"
    assert [record["actor"] for record in platform.records()] == [ARN]


def test_no_request_of_the_url_passes_for_an_alarm(context: Any) -> None:
    event = {
        "source": "aws.cloudwatch",
        "resources": [ARN],
        "detail": {"alarmName": ALARM, "state": {"value": "ALARM"}},
        "rawPath": "/v1/overrides",
        "requestContext": {"http": {"method": "POST"}},
    }
    assert handler(event, context)["statusCode"] == 403
    assert above() is None
