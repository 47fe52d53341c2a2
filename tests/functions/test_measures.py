"""What a step of an agent tells: metrics in the function's log, as CloudWatch reads them, and nothing else of it."""

import json
import time
from typing import Any

import pytest

from functions.common import aws
from functions.common.emf import line
from functions.supervisor.handler import handler
from functions.supervisor.measures import values

Platform = Any
Broken = Any
OF_AGENT = {"Environment": "dev", "Team": "support", "Agent": "helpdesk"}


def measured(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The metrics written so far: dimensions and values together."""
    found = []
    for text in capsys.readouterr().out.splitlines():
        if "CloudWatchMetrics" in text:
            said = json.loads(text)
            [directive] = said["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == "Corral"
            [dimensions] = directive["Dimensions"]
            names = [each["Name"] for each in directive["Metrics"]]
            assert abs(said["_aws"]["Timestamp"] / 1000 - time.time()) < 60
            found.append({name: said[name] for name in (*dimensions, *names)})
    return found


def priced(platform: Platform) -> None:
    price = json.dumps({"input": 0.8, "output": 3.2})
    platform.agents.put_item(Item={**platform.config, "price": price})


def task(platform: Platform, stop: Any = "end_turn", **usage: Any) -> dict[str, Any]:
    hook: dict[str, Any] = platform.hook("after_invocation")
    hook["context"] = {"stopReason": stop, "usage": usage}
    return hook


def test_a_task_tells_what_it_cost_and_how_it_ended(
    platform: Platform, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    priced(platform)
    handler(task(platform, inputTokens=1_000_000, outputTokens=500_000), context)
    assert measured(capsys) == [
        {**OF_AGENT, "InputTokens": 1e6, "OutputTokens": 5e5, "CostPerTask": 2.4, "JourneyCompletion": 1}
    ]


@pytest.mark.parametrize(
    ("stop", "completed"),
    [
        ("end_turn", 1.0),
        ("stop_sequence", 1.0),
        ("max_iterations_exceeded", 0.0),
        ("interrupted", 0.0),
        ("tool_use", None),  # goes on
        (None, None),
    ],
)
def test_a_journey_is_completed_when_the_agent_came_to_its_end(
    platform: Platform, context: Any, capsys: pytest.CaptureFixture[str], stop: Any, completed: float | None
) -> None:
    handler(task(platform, stop), context)
    assert [each.get("JourneyCompletion") for each in measured(capsys)] == (
        [] if completed is None else [completed]
    )


@pytest.mark.parametrize("usage", [{}, {"inputTokens": 1}, {"inputTokens": True, "outputTokens": 1}])
def test_what_was_used_is_not_guessed(
    platform: Platform, context: Any, capsys: pytest.CaptureFixture[str], usage: dict[str, Any]
) -> None:
    priced(platform)
    handler(task(platform, None, **usage), context)
    assert measured(capsys) == []


def test_without_a_price_there_is_no_cost_and_without_tokens_none_either(
    platform: Platform, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    handler(task(platform, None, inputTokens=5, outputTokens=5), context)
    priced(platform)
    handler(task(platform, None, inputTokens=0, outputTokens=0), context)
    assert not [each for each in measured(capsys) if "CostPerTask" in each]


def test_calls_tell_of_errors(platform: Platform, context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    failed = platform.hook("after_tool_call")
    failed["context"]["error"] = "boom: secret"
    handler(platform.hook("after_tool_call"), context)
    handler(failed, context)
    assert measured(capsys) == [{**OF_AGENT, "ErrorRate": 0}, {**OF_AGENT, "ErrorRate": 1}]


def test_calls_tell_whether_a_person_said_no(
    platform: Platform, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    refund = platform.hook(tool="refund-issue___refund-issue", arguments={"amount_cents": 9900})
    handler(platform.hook(), context)  # 0: allowed without anybody
    held = handler(refund, context)  # nothing yet: nobody has decided
    handler(platform.hook(tool="shell"), context)  # nothing: no person's decision
    key = held["reason"].split()[2].rstrip(":")
    platform.set(key, status="DENIED", decided_by="bob")
    handler(refund, context)  # 1
    platform.approve(key)
    handler(refund, context)  # 0: a person agreed
    told = [each["HumanOverrideRate"] for each in measured(capsys) if "HumanOverrideRate" in each]
    assert told == [0, 1, 0]  # beside them stand the approvals' own metrics


def test_an_agent_nobody_knows_has_no_metrics(
    platform: Platform, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    handler({**task(platform, inputTokens=1, outputTokens=1), "harnessArn": platform.arn + "x"}, context)
    assert measured(capsys) == []


@pytest.mark.parametrize(("service", "operation"), [("dynamodb", "GetItem"), ("firehose", "PutRecord")])
def test_a_step_that_cannot_be_decided_or_recorded_is_counted(
    platform: Platform,
    context: Any,
    capsys: pytest.CaptureFixture[str],
    broken: Broken,
    service: str,
    operation: str,
) -> None:
    client = aws.table("agents").meta.client if service == "dynamodb" else aws.client(service)
    broken(client, operation, "InternalServerError")
    assert handler(platform.hook(), context)["decision"] == "deny"
    assert measured(capsys) == [{"Environment": "dev", "SupervisorFailures": 1}]


def test_a_metric_wins_over_what_is_said_beside_it() -> None:
    said = json.loads(line({"Agent": "a"}, {"Score": 1.0}, 5.0, Score="x", Agent="y", reason="why"))
    assert (said["Score"], said["Agent"], said["reason"], said["_aws"]["Timestamp"]) == (
        1.0,
        "a",
        "why",
        5000,
    )


def test_measuring_takes_under_two_milliseconds(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    from functions.supervisor import agents, measures
    from functions.supervisor.decision import ALLOW
    from functions.supervisor.hook import Hook

    priced(platform)
    agent, hook = agents.load(platform.arn), Hook.read(task(platform, inputTokens=900, outputTokens=90))
    assert agent is not None
    assert values(hook, agent, ALLOW)["CostPerTask"] > 0
    took = []
    for _ in range(200):
        began = time.perf_counter()
        measures.measure(hook, agent, ALLOW)
        took.append(time.perf_counter() - began)
    assert sorted(took)[100] < 0.002
