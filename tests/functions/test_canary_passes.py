"""Canaries in a pass of the drift monitor: who is asked, what is judged by, and what a failure leaves to the next."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from functions.drift_monitor import agents, canaries, handler
from functions.drift_monitor.detect.sample import HOUR
from tests.functions.conftest import boto3_client
from tests.functions.drift_runs import MONDAY
from tests.functions.test_drift_monitor import Fleet, _iso

START = MONDAY + 2 * HOUR + 60
CANARY = {"share": 10, "hours": 2, "at_least": 20, "service": "harness_dev_support_helpdesk.canary"}


class Override:
    """The override function, at the wire: what it was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.serving, self.candidate = "1", "2"
        self.status, self.fails = 200, False

    def answer(self, params: dict[str, Any], **_: Any) -> Any:
        asked = json.loads(params["body"])["canary"]
        if "decision" in asked:
            self.asked.append(asked)
        since = datetime.fromtimestamp(START, UTC).isoformat(timespec="milliseconds")
        said = {
            "serving": self.serving,
            "candidate": self.candidate or None,
            "since": since if self.candidate else None,
        }
        error = {"error": {"code": "changed_meanwhile", "message": "look again"}}
        status = self.status if "decision" in asked else 200
        body: Any = {"statusCode": status, "body": json.dumps(said if status == 200 else error)}
        answer = {"Payload": io.BytesIO(json.dumps(body).encode()), "StatusCode": 200}
        if self.fails:
            answer |= {
                "FunctionError": "Unhandled",
                "Payload": io.BytesIO(b'{"errorMessage": "out of time"}'),
            }
        return SimpleNamespace(status_code=200, headers={}), {
            **answer,
            "ResponseMetadata": {"HTTPStatusCode": 200},
        }


@pytest.fixture
def override(monkeypatch: pytest.MonkeyPatch) -> Iterator[Override]:
    monkeypatch.setenv("DRIFT_TABLE", "drift")
    monkeypatch.setenv("OVERRIDE_FUNCTION", "arn:aws:lambda:eu-west-1:123456789012:function:override:live")
    made = Override()
    canaries._functions.cache_clear()
    canaries._functions().meta.events.register("before-call.lambda.Invoke", made.answer)
    yield made
    canaries._functions.cache_clear()


@pytest.fixture
def fleet(override: Override, capsys: pytest.CaptureFixture[str]) -> Fleet:
    fleet = Fleet(capsys)
    [item] = [i for i in fleet.table.scan()["Items"] if i["team"] == "support"]
    fleet.table.put_item(Item={**item, "canary": json.dumps(CANARY)})
    return fleet


def journeys(first: int, live: tuple[int, int], tried: tuple[int, int]) -> None:
    """Journeys of an hour, how many and how many of them completed, of both endpoints of support/helpdesk."""
    own = {"Environment": "dev", "Team": "support", "Agent": "helpdesk"}
    data = []
    for dimensions, (count, done) in ((own, live), ({**own, "Endpoint": "canary"}, tried)):
        counts = {1.0: float(done), 0.0: float(count - done)}
        data.append(
            {
                "MetricName": "JourneyCompletion",
                "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
                "Timestamp": first + 1800,
                "Values": [value for value, n in counts.items() if n],
                "Counts": [n for n in counts.values() if n],
            }
        )
    boto3_client("cloudwatch").put_metric_data(Namespace="Corral", MetricData=data)


def passed(hour: int) -> dict[str, int]:
    return handler.handler({"scheduled_time": _iso(MONDAY + hour * HOUR + 900)}, None)  # type: ignore[arg-type]


def test_only_what_is_measured_since_it_is_tried_counts(fleet: Fleet, override: Override) -> None:
    journeys(MONDAY + 1 * HOUR, (100, 95), (60, 5))  # of the one that was tried before
    journeys(MONDAY + 2 * HOUR, (100, 95), (20, 19))
    journeys(MONDAY + 3 * HOUR, (100, 95), (20, 19))
    assert passed(4) == {"agents": 2, "not_judged": 0}
    assert override.asked == [], "an hour and 55 minutes of two hours"
    journeys(MONDAY + 4 * HOUR, (100, 95), (20, 19))
    passed(5)
    [asked] = override.asked
    assert (asked["target"], asked["candidate"], asked["decision"]) == ("support/helpdesk", "2", "keep")
    [told] = fleet.told("support")
    assert told["Subject"] == "Canary kept: support/helpdesk version 2"
    assert "journey completion 0.95 over 60 journeys, against 0.95 over 300" in told["Message"]
    assert "was tried on 10 % of sessions since Mon" in told["Message"]
    assert "corral rollback dev support/helpdesk" in told["Message"]
    assert fleet.told("sales") == []


def test_what_somebody_decided_meanwhile_is_not_told(fleet: Fleet, override: Override) -> None:
    journeys(MONDAY + 2 * HOUR, (300, 290), (60, 10))
    override.status = 409
    assert passed(3) == {"agents": 2, "not_judged": 0}
    assert len(override.asked) == 1
    assert fleet.told("support") == []


def test_nothing_is_judged_of_a_suspended_agent_or_where_nothing_is_tried(
    fleet: Fleet, override: Override
) -> None:
    journeys(MONDAY + 2 * HOUR, (300, 290), (60, 10))
    fleet.override("support/first-name", "suspended")
    passed(3)
    assert override.asked == []
    fleet.override("support/first-name", "active")
    override.candidate = ""
    passed(3)
    assert override.asked == []


@pytest.mark.parametrize("fault", ["fails", "refuses"])
def test_a_failure_is_counted_and_the_others_are_judged(fleet: Fleet, override: Override, fault: str) -> None:
    journeys(MONDAY + 2 * HOUR, (300, 290), (60, 10))
    if fault == "fails":
        override.fails = True
    else:
        override.status = 502
    assert passed(3) == {"agents": 2, "not_judged": 1}
    assert fleet.told("support") == []


def test_the_agents_own_figures_are_those_of_the_version_served(fleet: Fleet, override: Override) -> None:
    [agent] = [each for each in agents.watched() if each.team == "support"]
    assert agent.tried.dimensions == {**agent.dimensions, "Endpoint": "canary"}
    assert (agent.tried.service, agent.service) == (CANARY["service"], "harness_dev_support_helpdesk.DEFAULT")
    override.serving = "4"  # kept since its team deployed
    _, seen = handler._stands(agent)
    assert (agent.version, handler._as_served(agent, seen).version) == ("1", "4")
