"""An agent's alarm suspends it where its team asks for that: the name both agree on, and the way between them."""

import json
from typing import Any

import pytest

from corral.local.server.event_rules import matches
from tests.components.recorder import Program

pytestmark = pytest.mark.xdist_group("components")

ALARM = "corral-dev/support/helpdesk/drift"


def test_the_alarm_that_suspends_an_agent_is_its_own(stacks: dict[str, Program]) -> None:
    program = stacks["dev.support"]
    items = [json.loads(each.inputs["item"]) for each in program.of("aws:dynamodb/tableItem:TableItem")]
    watched = {each["name"]["S"]: json.loads(each["watch"]["S"]) for each in items if "watch" in each}
    assert watched["helpdesk"]["suspend"] == {"alarm": ALARM, "cooldown_hours": 24}
    assert "suspend" not in watched["onboarding"], "nobody asked"
    alarms = program.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    said = {each.inputs["name"]: each.inputs["alarmDescription"] for each in alarms}
    assert "`corral resume dev support/helpdesk --reason ...`" in said[ALARM]
    assert "resume" not in said["corral-dev/support/onboarding/drift"]


def _event(alarm: str, state: str, source: str = "aws.cloudwatch") -> dict[str, Any]:
    return {
        "source": source,
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": alarm, "state": {"value": state}},
    }


def test_alarms_that_begin_reach_the_override_function_and_nothing_else_does(
    stacks: dict[str, Program],
) -> None:
    program = stacks["dev"]
    [rule] = [
        each
        for each in program.of("aws:cloudwatch/eventRule:EventRule")
        if each.inputs["name"].startswith("corral-dev-alarm-")
    ]
    pattern = rule.inputs["eventPattern"]
    assert matches(pattern, _event(ALARM, "ALARM"))
    for other in (
        _event(ALARM, "OK"),
        _event(ALARM, "INSUFFICIENT_DATA"),
        _event("corral-prod/support/helpdesk/drift", "ALARM"),
        _event(ALARM, "ALARM", "acme.cloudwatch"),
    ):
        assert not matches(pattern, other)
    [target] = [
        each
        for each in program.of("aws:cloudwatch/eventTarget:EventTarget")
        if each.inputs["rule"] == rule.inputs["name"]
    ]
    assert target.inputs["arn"].endswith(":function:corral-dev-override:live")
    [failed] = [
        each
        for each in program.of("aws:sqs/queue:Queue")
        if each.inputs["name"] == "corral-dev-override-failed"
    ]
    assert target.inputs["deadLetterConfig"]["arn"].endswith(":corral-dev-override-failed")
    [function] = [
        each
        for each in program.of("aws:lambda/function:Function")
        if each.inputs["name"] == "corral-dev-override"
    ]
    assert function.inputs["deadLetterConfig"]["targetArn"].endswith(":corral-dev-override-failed")
    assert "rule/corral-dev-alarm-*" in failed.inputs["policy"]
    [allowed] = [
        each
        for each in program.of("aws:lambda/permission:Permission")
        if each.inputs["principal"] == "events.amazonaws.com"
    ]
    assert allowed.inputs["sourceArn"].endswith(":rule/corral-dev-alarm-begins")
    assert (allowed.inputs["function"], allowed.inputs["qualifier"]) == ("corral-dev-override", "live")
