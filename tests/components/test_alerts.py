"""Alerts, and every topic, queue and rule of all stacks."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from components.alert_patterns import RULES
from components.alert_subjects import MAX_CHARACTERS
from corral.audit.selectors import pattern_digest
from tests.components.aws_outputs import ACCOUNT, REGION
from tests.components.recorder import DEPLOYER, Program, Recorded, record

pytestmark = pytest.mark.xdist_group("components")

RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
TOPIC, QUEUE = "aws:sns/topic:Topic", "aws:sqs/queue:Queue"
SUBJECTS = {
    *("trail", "audit-bucket", "keys", "boundaries", "roles", "gateway", "agents", "functions"),
    *("agent-states", "approvals", "overrides", "alerts"),
}


def _arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def _of(everything: list[Recorded], kind: str) -> list[Recorded]:
    found = [each for each in everything if each.type == kind]
    assert found, kind
    return found


def _alerts(found: Iterable[Recorded]) -> list[Recorded]:
    """Of rules and targets, those of alerts: what suspends on alarms is test_suspend_on_alarm.py's."""
    start = f"corral-dev-{RULES}-"
    return [each for each in found if str(each.inputs.get("rule") or each.inputs["name"]).startswith(start)]


def _statements(text: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = json.loads(text)["Statement"]
    return statements


@pytest.mark.control("change-alerts")
def test_every_rule_is_on_fits_eventbridge_and_sends_to_the_topic(everything: list[Recorded]) -> None:
    targets = {each.inputs["rule"]: each.inputs for each in _alerts(_of(everything, TARGET))}
    rules = _alerts(_of(everything, RULE))
    assert (
        {each.inputs["name"] for each in rules}
        == targets.keys()
        == {f"corral-dev-{RULES}-{s}" for s in SUBJECTS}
    )
    for rule in rules:
        given, target = rule.inputs, targets[rule.inputs["name"]]
        assert given["state"] == "ENABLED"
        assert len(given["eventPattern"]) <= MAX_CHARACTERS, given["name"]
        assert json.loads(given["eventPattern"])["source"] == [{"prefix": "aws."}], "others could send it"
        assert target["arn"] == _arn("sns", "corral-dev-alerts")
        assert target["deadLetterConfig"] == {"arn": _arn("sqs", "corral-dev-alerts-undelivered")}
        # EventBridge's longest: an alert is given up a day after, not before.
        assert target["retryPolicy"] == {"maximumRetryAttempts": 185, "maximumEventAgeInSeconds": 86400}
        assert len(target["inputTransformer"]["inputTemplate"]) <= 8192
        assert set(target["inputTransformer"]["inputPaths"]) == _variables(target), given["name"]


def _variables(target: dict[str, Any]) -> set[str]:
    parts = target["inputTransformer"]["inputTemplate"].split("<")[1:]
    return {part.partition(">")[0] for part in parts}


@pytest.mark.control("change-alerts")
def test_no_caller_writes_an_alerts_words(everything: list[Recorded]) -> None:
    """Keys of objects, user agents, descriptions: what callers may fill with anything is in no alert."""
    free = {"key", "description", "userAgent", "errorMessage", "policyDocument", "item", "eventPattern"}
    for target in _alerts(_of(everything, TARGET)):
        paths = target.inputs["inputTransformer"]["inputPaths"].values()
        assert not {path.rpartition(".")[2] for path in paths} & free


@pytest.mark.control("data-encryption", "change-alerts")
def test_every_topic_and_queue_is_encrypted_and_answers_over_tls_alone(everything: list[Recorded]) -> None:
    policies = {
        each.inputs["arn"]: each.inputs["policy"]
        for each in _of(everything, "aws:sns/topicPolicy:TopicPolicy")
    }
    made = [(each, policies[_arn("sns", each.inputs["name"])]) for each in _of(everything, TOPIC)]
    made += [(each, each.inputs["policy"]) for each in _of(everything, QUEUE)]
    for each, policy in made:
        assert each.inputs["kmsMasterKeyId"].startswith("arn:aws:kms:"), each.name
        own = _arn("sns" if each.type == TOPIC else "sqs", each.inputs["name"])
        statements = _statements(policy)
        assert [s for s in statements if s["Effect"] == "Deny"] == [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["sqs:*" if each.type == QUEUE else "sns:Publish"],
                "Resource": [own],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ], each.name
        for allowed in (s for s in statements if s["Effect"] == "Allow"):
            assert ACCOUNT in json.dumps([allowed["Principal"], allowed.get("Condition")]), each.name


@pytest.mark.control("dead-letters", "change-alerts")
def test_what_is_sent_by_itself_has_a_queue_that_takes_what_is_not_delivered(
    stacks: dict[str, Program],
) -> None:
    """Schedules and rules; what Lambda runs after a schedule has the same queue (test_schedules)."""
    sources = {
        "aws:scheduler/schedule:Schedule": ("target", "deadLetterConfig", "arn"),
        TARGET: ("deadLetterConfig", "arn"),
    }
    seen = set()
    for program in stacks.values():
        queues = {_arn("sqs", each.inputs["name"]): each.inputs for each in program.of(QUEUE)}
        for kind, path in sources.items():
            for each in program.of(kind):
                value: Any = each.inputs
                for part in path:
                    value = value[part]
                assert queues[value]["messageRetentionSeconds"] == 14 * 24 * 3600
                seen.add((kind, value))
        assert {arn for _, arn in seen} >= queues.keys(), "a queue that nothing uses"
    assert {kind for kind, _ in seen} == sources.keys()


@pytest.mark.control("change-alerts")
def test_rules_may_publish_and_leave_what_they_could_not(programs: dict[str, Program]) -> None:
    platform = programs["dev"]
    [topic] = platform.of("aws:sns/topicPolicy:TopicPolicy")
    [queue] = [q for q in platform.of(QUEUE) if q.inputs["name"] == "corral-dev-alerts-undelivered"]
    for statement, action in (
        (_statements(topic.inputs["policy"])[1], "sns:Publish"),
        (_statements(queue.inputs["policy"])[1], "sqs:SendMessage"),
    ):
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Action"] == [action]
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": _arn("events", "rule/corral-dev-alert-*")},
        }
    [key] = [k for k in platform.of("aws:kms/key:Key") if k.inputs["description"].startswith("What Corral")]
    [events] = [s for s in _statements(key.inputs["policy"]) if s["Sid"] == "Events"]
    assert events["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_the_outputs_have_each_rules_digest(programs: dict[str, Program]) -> None:
    platform = programs["dev"]
    assert platform.outputs["alert_rules"] == {
        rule.inputs["name"]: pattern_digest(rule.inputs["eventPattern"])
        for rule in _alerts(platform.of(RULE))
    }


def test_the_rules_come_after_all_that_they_watch_and_the_last_tells_of_the_others(
    programs: dict[str, Program],
) -> None:
    resources = programs["dev"].resources
    alerts = {each.urn for each in resources if "alerts-" in each.name and each.type in (RULE, TARGET, QUEUE)}
    rules = _alerts(each for each in resources if each.type == RULE)
    watched = {
        each.urn
        for each in resources
        if each.custom and each.urn not in alerts and each.name not in ("dev-team-boundary-policy",)
    }
    for rule in rules:
        assert watched - set(rule.dependencies) == set(), rule.name
    targets = {each.name: each for each in _alerts(each for each in resources if each.type == TARGET)}
    last = targets.pop("dev-alerts-alerts-target")
    assert {each.urn for each in targets.values()} <= set(last.dependencies)


@pytest.mark.parametrize("bootstrapped", [True, False])
def test_who_deploys_is_left_out_where_deployments_change_things(
    programs: dict[str, Program], bootstrapped: bool
) -> None:
    program = (
        record("dev", {}, settings={"corral:boundaries": "bootstrap"}) if bootstrapped else programs["dev"]
    )
    assert not program.errors
    told = {
        rule.inputs["name"].removeprefix("corral-dev-alert-"): rule.inputs["eventPattern"]
        for rule in program.of(RULE)
    }
    start = f"arn:aws:iam::{ACCOUNT}:role/corral-bootstrap/dev/corral-dev-deployer"
    left_out = {"arn": [{"anything-but": {"prefix": start}}, {"exists": False}]}
    if not bootstrapped:
        left_out = {"userName": [{"anything-but": [DEPLOYER.split("/")[1]]}, {"exists": False}]}
    text = json.dumps({"sessionIssuer": left_out})[1:-1]
    assert {name for name, pattern in told.items() if text in pattern} == {
        *(
            "roles",
            "gateway",
            "agents",
            "functions",
            "agent-states",
            "approvals",
            "overrides",
            "alerts",
            "trail",
        )
    }
