"""An owner takes an agent as it is now: who may, what is on record, and what the monitor makes of it."""

import json
from typing import Any

import pytest

from functions.common import aws
from functions.common.drift import METRICS, accepted_key
from functions.drift_monitor.detect import metrics
from functions.override.handler import handler
from tests.functions.conftest import boto3_client, create_table

Platform = Any  # what conftest's fixtures return
STS = "arn:aws:sts::123456789012:assumed-role"
OPERATOR, LEAD = f"{STS}/corral-dev-team-support-operator/alice", f"{STS}/corral-dev-operator/lee"
OTHERS = f"{STS}/corral-dev-team-sales-operator/sam"


@pytest.fixture(autouse=True)
def drift(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The agent support/helpdesk, people of two teams, and the monitor's table."""
    for name, value in (("VERSIONS_TABLE", "versions"), ("DRIFT_TABLE", "drift"), ("GUARDRAILS", "{}")):
        monkeypatch.setenv(name, value)
    for name, path in (
        ("corral-dev-operator", "platform"),
        ("corral-dev-team-support-operator", "support"),
        ("corral-dev-team-sales-operator", "sales"),
    ):
        boto3_client("iam").create_role(
            RoleName=name, Path=f"/corral/dev/{path}/", AssumeRolePolicyDocument="{}"
        )
    aws.client.cache_clear()
    return create_table("drift", "agent")


def ask(context: Any, by: str = OPERATOR, method: str = "POST", **more: str) -> Any:
    """Ask for it; status and answer."""
    body = {
        "target": "support/helpdesk",
        "metrics": "accuracy",
        "reason": "Shorter answers are meant.",
        **more,
    }
    event = {
        "rawPath": "/v1/baselines",
        "requestContext": {"http": {"method": method}, "authorizer": {"iam": {"userArn": by}}},
        "body": json.dumps(body),
    }
    answer = handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize("by", [OPERATOR, LEAD])
def test_it_is_on_record_and_kept_beside_what_the_monitor_keeps(
    drift: Any, platform: Platform, context: Any, by: str
) -> None:
    status, said = ask(context, by, metrics="accuracy,error_rate")
    assert status == 200, said
    assert said["accepted"]["metrics"] == ["accuracy", "error_rate"]
    [item] = drift.scan()["Items"]
    assert item["agent"] == accepted_key(platform.arn) != platform.arn
    assert {"accuracy", "error_rate", "agent", "expires_at"} == set(item)
    assert item["expires_at"] > item["accuracy"] == item["error_rate"]
    record = platform.records()[-1]
    assert (record["event"], record["decision"], record["actor"]) == ("baseline", "accepted", by)
    assert (record["team"], record["agent"], record["target"]) == ("support", "helpdesk", "support/helpdesk")
    assert record["arguments"] == {"metrics": ["accuracy", "error_rate"]}
    assert record["reason"] == "Shorter answers are meant."


def test_all_metrics_are_a_star(drift: Any, context: Any) -> None:
    assert ask(context, metrics="*")[1]["accepted"]["metrics"] == list(METRICS)
    assert tuple(metrics.METRICS) == METRICS


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"by": OTHERS}, 403, "Operators of team sales may override sales"),
        ({"metrics": "accuracy,speed"}, 400, "No metric 'speed'"),
        ({"metrics": ""}, 400, "No metric ''"),
        ({"reason": "x"}, 400, "reason has 3 to 300"),
        ({"target": "support/nobody"}, 404, "nobody"),
        ({"target": "guardrail:strict", "by": LEAD}, 404, "no guardrail strict"),
        ({"method": "GET"}, 404, "POST /v1/baselines"),
    ],
)
def test_what_is_refused(drift: Any, context: Any, more: dict[str, str], status: int, said: str) -> None:
    answer = ask(context, **more)
    assert answer[0] == status, answer
    assert said in answer[1]["error"]["message"]
    assert drift.scan()["Items"] == []


def test_without_a_record_nothing_is_accepted(
    drift: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECISIONS_STREAM", "none")
    status, said = ask(context)
    assert (status, said["error"]["code"]) == (502, "not_recorded")
    assert drift.scan()["Items"] == []
