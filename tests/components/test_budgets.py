"""Every team has the budget of its file, which tells its people in time; the topic and its key let it."""

import json
from typing import Any

import pytest

from components.budget import amount
from components.tags import TEAM_TAG
from corral.spec.load import load_environment
from tests.components.recorder import ROOT, Program

pytestmark = pytest.mark.xdist_group("components")

BUDGET, TOPIC = "aws:budgets/budget:Budget", "aws:sns/topic:Topic"


@pytest.fixture(scope="module")
def budgets(stacks: dict[str, Program]) -> dict[str, dict[str, Any]]:
    """The inputs of each team's budget, of which the platform has none."""
    found = {stack.partition(".")[2]: [r.inputs for r in made.of(BUDGET)] for stack, made in stacks.items()}
    assert found.pop("") == []
    return {team: only for team, [only] in found.items()}


def test_a_budget_has_the_amount_of_its_teams_file(budgets: dict[str, dict[str, Any]]) -> None:
    teams = load_environment(ROOT / "stacks/dev").teams
    assert set(teams) <= set(budgets)
    for team, spec in teams.items():
        budget = budgets[team]
        assert float(budget["limitAmount"]) == spec.cost.monthly_budget_usd
        assert (budget["limitUnit"], budget["timeUnit"], budget["budgetType"]) == ("USD", "MONTHLY", "COST")
        assert budget["name"] == f"corral-dev-team-{team}"


def test_amounts_are_written_as_aws_writes_them() -> None:
    assert [amount(usd) for usd in (400, 400.0, 0.5, 1_000_000.0, 12.25)] == [
        *("400", "400", "0.5", "1000000", "12.25")
    ]


@pytest.mark.control("alarm-actions")
def test_a_team_hears_at_80_and_100_percent_and_when_100_are_expected(
    stacks: dict[str, Program], budgets: dict[str, dict[str, Any]]
) -> None:
    for team, budget in budgets.items():
        told = [(a["notificationType"], a["threshold"]) for a in budget["notifications"]]
        assert told == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)], team
        own = [
            t.inputs["name"] for t in stacks[f"dev.{team}"].of(TOPIC) if t.inputs["name"].endswith("-alerts")
        ]
        for alert in budget["notifications"]:
            assert alert["comparisonOperator"] == "GREATER_THAN"
            assert alert["thresholdType"] == "PERCENTAGE"
            assert [arn.rpartition(":")[2] for arn in alert["subscriberSnsTopicArns"]] == own
            overspent = (alert["notificationType"], alert["threshold"]) == ("ACTUAL", 100)
            heard = ["platform-oncall@example.com"] if overspent else None
            assert alert.get("subscriberEmailAddresses") == heard


def test_a_budget_counts_what_carries_its_teams_tag_in_the_region_before_credits(
    stacks: dict[str, Program], budgets: dict[str, dict[str, Any]]
) -> None:
    for team, budget in budgets.items():
        assert budget["costFilters"] == [
            {"name": "TagKeyValue", "values": [f"user:corral:team${team}"]},
            {"name": "Region", "values": ["us-east-1"]},
        ]
        assert budget["costTypes"] == {"includeCredit": False, "includeRefund": False}
        profiles = stacks[f"dev.{team}"].of("aws-native:bedrock:ApplicationInferenceProfile")
        assert profiles, "what a model costs is billed by its profile, and by its tags"
        for profile in profiles:
            assert {"key": TEAM_TAG, "value": team} in profile.inputs["tags"]


def test_budgets_may_publish_to_a_teams_topic_and_use_its_key(stacks: dict[str, Program]) -> None:
    account = {"aws:SourceAccount": "111122223333"}
    for stack, program in stacks.items():
        if stack == "dev":
            continue
        [topic] = [t for t in program.of("aws:sns/topicPolicy:TopicPolicy") if "-alerts-" in t.name]
        [said] = [s for s in json.loads(topic.inputs["policy"])["Statement"] if s["Sid"] == "Budgets"]
        assert said["Principal"] == {"Service": "budgets.amazonaws.com"}
        assert said["Action"] == ["sns:Publish"]
        source = {"aws:SourceArn": "arn:aws:budgets::111122223333:*"}
        assert said["Condition"] == {"StringEquals": account, "ArnLike": source}
        [budget] = program.of(BUDGET)
        assert topic.urn in budget.dependencies, "Budgets tries the topic when it is told of it"
    keys = {
        key.name: json.loads(key.inputs["policy"])["Statement"] for key in stacks["dev"].of("aws:kms/key:Key")
    }
    allowed = {name: s for name, found in keys.items() for s in found if s["Sid"] == "Budgets"}
    assert list(allowed) == ["dev-key-key"], "the platform's key, which encrypts the topics"
    assert allowed["dev-key-key"]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert allowed["dev-key-key"]["Condition"] == {"StringEquals": account}
