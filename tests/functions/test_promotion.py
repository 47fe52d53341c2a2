"""Promotions, as the override function decides them: by what was measured, in order, by who may, on record."""

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from corral.spec.gates import Gates, Promotion, digest_of
from functions.common import aws
from functions.override.handler import handler
from tests.functions.conftest import boto3_client, create_table

Platform = Any  # what conftest's fixtures return
Broken = Any
STS = "arn:aws:sts::123456789012:assumed-role"
LEAD, OPERATOR = f"{STS}/corral-dev-operator/lee", f"{STS}/corral-dev-team-support-operator/alice"
AGENT = "support/helpdesk"
GATE = {
    "days": 7, "tasks": 10, "error_rate": 0.1, "human_override_rate": 0.3, "cost_per_task_usd": None,
    "accuracy_drift": 0.5, "rehearsed": False,
}  # fmt: skip
TRAIL = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/corral-dev-trail"
SEEN = [
    {"what": what, "value": value, "limit": limit, "ok": True}
    for what, value, limit in (
        ("on-call owner", "oncall@example.com", "an address"),
        ("documentation", "up to date", "as made"),
        ("scenarios", "10 of 10 as expected", "all as expected"),
    )
]
GOOD: dict[str, tuple[float, float]] = {
    "JourneyCompletion": (12, 12),
    "ErrorRate": (1, 20),
    "HumanOverrideRate": (1, 4),
    "CostPerTask": (0.6, 12),
}


@pytest.fixture(autouse=True)
def versions(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An agent that passes every gate; returns the table of versions."""
    gates = {"pilot": GATE, "integration": {**GATE, "rehearsed": True}}
    for name, value in (
        ("VERSIONS_TABLE", "versions"),
        ("DRIFT_TABLE", "drift"),
        ("GATES", json.dumps(gates)),
        ("TRAIL_ARN", TRAIL),
        ("GUARDRAILS", json.dumps({"strict": "arn:strict"})),
    ):
        monkeypatch.setenv(name, value)
    iam = boto3_client("iam")
    for name, path in (("corral-dev-operator", "platform"), ("corral-dev-team-support-operator", "support")):
        iam.create_role(RoleName=name, Path=f"/corral/dev/{path}/", AssumeRolePolicyDocument="{}")
    platform.agents.put_item(Item={**platform.config, "cap": json.dumps({"usd": 0.15})})
    boto3_client("s3").create_bucket(
        Bucket="trail", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    boto3_client("cloudtrail").create_trail(Name="corral-dev-trail", S3BucketName="trail")
    boto3_client("cloudtrail").start_logging(Name=TRAIL)
    drift("quiet", 0.2, platform)
    measure(GOOD)
    aws.client.cache_clear()
    return create_table("versions", "of")


def drift(state: str, score: float, platform: Platform, reason: str = "as before", hours: float = 1) -> None:
    """Keep what the monitor found so many hours ago."""
    if "drift" not in boto3_client("dynamodb").list_tables()["TableNames"]:
        create_table("drift", "agent")
    found = json.dumps({"accuracy": {"state": state, "score": score, "reason": reason}})
    item = {
        "agent": {"S": platform.arn},
        "found": {"S": found},
        "judged_at": {"N": str(int(time.time() - hours * 3600))},
    }
    boto3_client("dynamodb").put_item(TableName="drift", Item=item)


def measure(sums: dict[str, tuple[float, float]], days: float = 1) -> None:
    """Put so many measurements of each metric, of such a sum, so many days ago: rates are ones and zeros."""
    at = datetime.now(UTC) - timedelta(days=days)
    dimensions = [
        {"Name": k, "Value": v}
        for k, v in (("Environment", "dev"), ("Team", "support"), ("Agent", "helpdesk"))
    ]
    for name, (total, count) in sums.items():
        for number in range(int(count)):
            value = total / count if name == "CostPerTask" else float(number < total)
            boto3_client("cloudwatch").put_metric_data(
                Namespace="Corral",
                MetricData=[{"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": at}],
            )


def ask(context: Any, stage: str = "pilot", by: str = LEAD, post: bool = False, **more: str) -> Any:
    """Ask for a promotion, or how it stands with it; status and answer."""
    body = {"target": AGENT, "stage": stage, "reason": "It does well.", "checks": json.dumps(SEEN), **more}
    event = {
        "rawPath": "/v1/promotions",
        "requestContext": {
            "http": {"method": "POST" if post else "GET"},
            "authorizer": {"iam": {"userArn": by}},
        },
        "queryStringParameters": {"target": more.get("target", AGENT), "stage": stage},
        "body": json.dumps(body),
    }
    answer = handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


def failing(context: Any, stage: str = "pilot") -> dict[str, str]:
    status, said = ask(context, stage)
    assert status == 200, said
    return {each["what"]: each["value"] for each in said["figures"] if not each["ok"]}


@pytest.mark.control("stage-gates")
def test_promoted_by_figures_with_a_name_on_record(platform: Platform, context: Any, versions: Any) -> None:
    assert failing(context) == {}
    status, said = ask(context, post=True)
    assert status == 200, said
    made = said["promotion"]
    assert (made["stage"], made["by"], made["reason"]) == ("pilot", LEAD, "It does well.")
    figures = {each["what"]: (each["value"], each["limit"]) for each in made["figures"]}
    assert figures == {
        "tasks in 7 days": ("12", "at least 10"),
        "error rate": ("5.0% of 20 calls", "at most 10.0%"),
        "human override rate": ("25.0% of 4 decided calls", "at most 30.0%"),
        "cost per task": ("0.0500 USD over 12 tasks", "at most 0.1500 USD"),
        "accuracy drift": ("quiet, score 0.20", "a score below 0.50"),
        "audit trail": ("records", "records"),
        "decision records": ("active", "active"),
        "put above it": ("nothing", "nothing"),
        "on-call owner (as its promoter saw it)": ("oncall@example.com", "an address"),
        "documentation (as its promoter saw it)": ("up to date", "as made"),
        "scenarios (as its promoter saw it)": ("10 of 10 as expected", "all as expected"),
    }
    kept = versions.get_item(Key={"of": "promoted"})["Item"][AGENT]
    assert (kept["stage"], kept["digest"], kept["by"]) == ("pilot", made["digest"], LEAD)
    [record] = platform.records()
    assert (record["event"], record["decision"], record["actor"], record["arguments_sha256"]) == (
        "promotion", "pilot", LEAD, made["digest"],
    )  # fmt: skip
    assert record["arguments"]["figures"] == made["figures"]
    file = Promotion.model_validate_json(json.dumps({"apiVersion": "corral/v1", **made}), strict=True)
    assert digest_of(file.model_dump(mode="json")) == file.digest


@pytest.mark.control("stage-gates")
@pytest.mark.parametrize(
    ("worse", "what", "value", "limit"),
    [
        ({"ErrorRate": (16, 220)}, "error rate", "7.1% of 240 calls", "at most 5.0%"),
        ({"HumanOverrideRate": (4, 4)}, "human override rate", "62.5% of 8 decided calls", "at most 30.0%"),
        ({"CostPerTask": (3.6, 12)}, "cost per task", "0.1750 USD over 24 tasks", "at most 0.1500 USD"),
    ],
)
def test_a_figure_beyond_its_limit_refuses(
    platform: Platform,
    context: Any,
    monkeypatch: pytest.MonkeyPatch,
    versions: Any,
    worse: dict[str, tuple[float, float]],
    what: str,
    value: str,
    limit: str,
) -> None:
    monkeypatch.setenv("GATES", json.dumps({"pilot": {**GATE, "error_rate": 0.05}}))
    measure(worse)
    assert failing(context) == {what: value}
    status, said = ask(context, post=True)
    assert (status, said["error"]["code"]) == (409, "gate_not_passed")
    assert said["error"]["message"] == (
        f"support/helpdesk does not pass the gate of pilot: {what}: {value}, wanted {limit}."
    )
    assert platform.records() == []
    assert "Item" not in versions.get_item(Key={"of": "promoted"})


@pytest.mark.control("stage-gates")
def test_too_few_tasks_refuse(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATES", json.dumps({"pilot": {**GATE, "tasks": 13}}))
    assert failing(context) == {"tasks in 7 days": "12"}


@pytest.mark.control("stage-gates")
def test_the_gates_own_cost_goes_before_the_agents(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATES", json.dumps({"pilot": {**GATE, "cost_per_task_usd": 0.04}}))
    assert failing(context) == {"cost per task": "0.0500 USD over 12 tasks"}


@pytest.mark.control("stage-gates")
@pytest.mark.parametrize(
    ("state", "score", "reason", "hours", "said"),
    [
        ("drift", 1.5, "accuracy 0.70", 1, "drift: accuracy 0.70"),
        ("silent", 1.0, "nothing for 9 hours", 1, "silent: nothing for 9 hours"),
        ("watch", 0.6, "somewhat less", 1, "watch, score 0.60"),
        ("learning", 0.0, "3 of 7 days", 1, "not known: learning: 3 of 7 days"),
        ("comparing", 0.0, "version 4 is new", 1, "not known: comparing: version 4 is new"),
        ("quiet", 0.0, "suspended: odd refunds", 1, "not known: quiet: suspended: odd refunds"),
        ("quiet", 0.0, "as before", 30, "not known: the drift monitor judged it last 30 hours ago"),
    ],
)
def test_accuracy_that_is_not_known_to_be_well_refuses(
    platform: Platform, context: Any, state: str, score: float, reason: str, hours: float, said: str
) -> None:
    drift(state, score, platform, reason, hours)
    assert failing(context) == {"accuracy drift": said}


@pytest.mark.control("stage-gates", "fail-closed")
def test_what_was_never_measured_refuses_and_says_why(platform: Platform, context: Any) -> None:
    other = {**platform.config, "agent": "another", "name": "onboarding", "key": "onboarding"}
    platform.agents.put_item(Item={**other, "cap": json.dumps({"usd": 0.15})})
    status, said = ask(context, target="support/onboarding")
    assert status == 200, said
    wrong = {each["what"]: each["value"] for each in said["figures"] if not each["ok"]}
    assert wrong == {
        "tasks in 7 days": "0",
        "error rate": "not known: no calls were measured",
        "human override rate": "not known: no decided calls were measured",
        "cost per task": "not known: no task's was measured",
        "accuracy drift": "not known: the drift monitor has not judged it yet",
    }


def test_an_agent_without_tools_makes_no_errors_and_one_without_a_price_has_no_cost(
    platform: Platform, context: Any
) -> None:
    item = {**platform.config, "agent": "another", "name": "onboarding", "key": "onboarding", "tools": []}
    platform.agents.put_item(Item=item)
    figures = {each["what"]: each for each in ask(context, target="support/onboarding")[1]["figures"]}
    assert figures["error rate"]["value"] == "it has no tools"
    assert figures["error rate"]["ok"]
    assert figures["cost per task"]["value"] == "not known: platform.yaml has no prices"
    assert not figures["cost per task"]["ok"]


@pytest.mark.control("stage-gates", "fail-closed")
def test_a_trail_that_is_stopped_refuses(context: Any) -> None:
    boto3_client("cloudtrail").stop_logging(Name=TRAIL)
    assert failing(context) == {"audit trail": "is stopped"}


def test_older_days_are_not_looked_at(platform: Platform, context: Any) -> None:
    measure({"ErrorRate": (100, 100)}, days=12)
    assert failing(context) == {}


@pytest.mark.control("stage-gates")
def test_one_that_is_suspended_is_not_promoted(platform: Platform, context: Any) -> None:
    platform.override("suspended", reason="odd refunds")
    assert failing(context) == {"put above it": "suspended"}


@pytest.mark.control("stage-gates", "rollback")
def test_one_stage_after_another_and_rehearsed(platform: Platform, context: Any, versions: Any) -> None:
    status, said = ask(context, "integration")
    assert (status, said["error"]["code"]) == (409, "not_next")
    assert "the next stage is pilot, not integration" in said["error"]["message"]
    assert ask(context, post=True)[0] == 200
    assert ask(context, post=True)[0] == 200, "its file may have been lost"
    assert failing(context, "integration") == {"rollback rehearsed": "never"}
    move = {"version": "1", "at": "2026-11-20T10:00:00", "by": "b", "reason": "r", "lifted": False}
    for other in ({"arn": "another"}, {"arn": platform.arn, "lifted": True}):
        versions.put_item(Item={"of": AGENT, "moves": [{**move, **other}]})
        assert failing(context, "integration") == {"rollback rehearsed": "never"}
    versions.put_item(Item={"of": AGENT, "moves": [{**move, "arn": platform.arn}]})
    assert failing(context, "integration") == {}
    assert ask(context, "integration", post=True)[0] == 200
    status, said = ask(context, "pilot", post=True)
    assert (status, said["error"]["code"]) == (409, "passed")


@pytest.mark.control("stage-gates", "team-isolation")
def test_a_team_does_not_promote_its_own(platform: Platform, context: Any) -> None:
    for post in (False, True):
        status, said = ask(context, by=OPERATOR, post=post)
        assert (status, said["error"]["code"]) == (403, "forbidden")
    assert platform.records() == []


@pytest.mark.control("stage-gates", "fail-closed")
def test_without_a_record_nothing_is_promoted(
    platform: Platform, context: Any, versions: Any, broken: Broken
) -> None:
    broken(aws.client("firehose"), "PutRecord", "ServiceUnavailableException")
    assert ask(context, post=True)[1]["error"]["code"] == "not_recorded"
    assert "Item" not in versions.get_item(Key={"of": "promoted"})


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("cloudwatch", "GetMetricData"),
        ("cloudtrail", "GetTrailStatus"),
        ("firehose", "DescribeDeliveryStream"),
    ],
)
def test_without_its_figures_nothing_is_promoted(
    platform: Platform, context: Any, broken: Broken, service: str, operation: str
) -> None:
    broken(aws.client(service), operation, "InternalServiceFault")
    status, said = ask(context, post=True)
    assert (status, "InternalServiceFault" in said["error"]["message"]) == (502, True)
    assert platform.records() == []


@pytest.mark.control("stage-gates")
def test_a_check_of_the_files_that_failed_or_is_missing_refuses(context: Any) -> None:
    failed = [*SEEN[:2], {**SEEN[2], "value": "9 of 10 as expected, not lost", "ok": False}]
    status, said = ask(context, post=True, checks=json.dumps(failed))
    assert (status, said["error"]["code"]) == (409, "gate_not_passed")
    assert "scenarios (as its promoter saw it): 9 of 10 as expected, not lost" in said["error"]["message"]
    status, said = ask(context, post=True, checks=json.dumps(SEEN[:2]))
    assert (status, said["error"]["message"]) == (400, "checks says nothing of scenarios.")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"checks": "{"}, 400),
        ({"checks": '[{"what": 1}]'}, 400),
        ({"checks": "7"}, 400),
        ({"checks": json.dumps([{**SEEN[0], "ok": "yes"}])}, 400),
        ({"checks": json.dumps([{**SEEN[0], "value": "x" * 301}])}, 400),
        ({"checks": json.dumps(SEEN * 20)}, 400),
        ({"reason": " "}, 400),
        ({"target": "tool:refund-issue"}, 404),
        ({"target": "guardrail:strict"}, 400),
        ({"target": "support/helpdesq"}, 404),
        ({"stage": "experiment"}, 400),
        ({"stage": "production"}, 400),
    ],
)
def test_what_is_not_understood_is_said(context: Any, more: dict[str, str], status: int) -> None:
    stage = more.get("stage", "pilot")
    answered, said = ask(context, post=True, **{**more, "stage": stage})
    assert (answered, bool(said["error"]["message"])) == (status, True)


def test_the_defaults_get_stricter_with_each_stage() -> None:
    gates = list(Gates().all().values())
    assert len(gates) == 4
    for before, after in pairwise(gates):
        assert after["days"] >= before["days"]
        assert after["tasks"] >= before["tasks"]
        assert after["error_rate"] <= before["error_rate"]
        assert after["human_override_rate"] <= before["human_override_rate"]
        assert after["rehearsed"] >= before["rehearsed"]


def test_what_a_gate_leaves_out_is_the_default() -> None:
    gates = Gates.model_validate({"multi-agent": {"tasks": 7}})
    assert gates.of("multi-agent") == {**Gates().of("multi-agent"), "tasks": 7}
    assert gates.of("pilot") == Gates().of("pilot")
