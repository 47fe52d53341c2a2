"""On the served local AWS: a task is held to its cap, a month's report is exact, budgets stand."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from corral.front_door import send
from corral.local.journey import explained, play, scripts
from corral.local.session import Endpoint, Session
from corral.spec.load import load_environment
from corral.spec.resolved import ResolvedAgent
from corral.spec.scenario import Scenario
from tests.served.conftest import run
from tests.served.test_records import helpdesk_scenario, lines, operator

__all__ = ["helpdesk_scenario"]
TOOL, INPUT = "ticket-create", {"subject": "It broke", "body": "Every evening."}


@pytest.fixture
def session(served: dict[str, Any]) -> Session:
    keys = served["admin"]
    at = (served["endpoint"], served["region"], served["account"])
    return Session(Endpoint(*at, keys["access_key_id"], keys["secret_access_key"]))


@pytest.fixture
def helpdesk(project: Path, session: Session, outputs: dict[str, Any]) -> Iterator[ResolvedAgent]:
    """The agent. Its own scripts are put back."""
    found = load_environment(project / "stacks/dev").agents["support"]["helpdesk"]
    yield found
    session.put_scripts(scripts([found], outputs))


@pytest.fixture
def capped(admin: boto3.Session, outputs: dict[str, Any]) -> Iterator[dict[str, float]]:
    """The cap of helpdesk, set so that a task may have two calls; its own comes back."""
    arn = outputs["support"]["agents"]["helpdesk"]["harness_arn"]
    table = admin.resource("dynamodb").Table("corral-dev-agents")
    item = table.get_item(Key={"agent": arn, "item": "config"})["Item"]
    cap = json.loads(item["cap"])
    # Before its first call a task is asked for four turns, before its second for five, and so on.
    turns = 5.8 * cap["base_tokens"] * cap["input_price"]
    cap["usd"] = (turns + cap["max_output_tokens"] * cap["output_price"]) / 1e6
    table.put_item(Item={**item, "cap": json.dumps(cap)})
    yield cap
    table.put_item(Item=item)


@pytest.mark.control("cascade-limits")
def test_a_task_that_goes_on_is_denied_at_its_cap_and_the_record_says_so(
    session: Session,
    helpdesk: ResolvedAgent,
    outputs: dict[str, Any],
    admin: boto3.Session,
    capped: dict[str, float],
) -> None:
    one = Scenario.model_validate(
        {
            "name": "goes-on",
            "title": "t",
            "user": "Open tickets until I say stop.",
            "model": [{"tool": TOOL, "input": INPUT, "repeat": True}, {"say": "Sorry."}],
            "expect": {"stopped": "iterations"},
        }
    )
    session.put_scripts(scripts([replaced(helpdesk, one)], outputs))
    (played,) = explained(session, "dev", play(session, [replaced(helpdesk, one)], outputs), every=True)
    decisions = [step.decision for step in played.steps]
    assert decisions[:2] == ["allowed", "allowed"]
    assert set(decisions[2:]) == {"denied-by-supervisor"}, (
        "a model that does not do as it is told stays denied"
    )
    assert len(decisions) == helpdesk.limits.max_iterations
    assert played.answer is not None
    session.flush()
    found = [
        record
        for record in lines(admin, outputs[""]["audit_bucket"], "decisions/")
        if record.get("session_id") == played.answer.session_id and record["event"] == "beforeToolCall"
    ]
    denied = [record["reason"] for record in found if record["decision"] == "deny"]
    assert len(denied) == len(decisions) - 2
    assert all(reason.startswith("cost cap: going on may bring this task to 0.0") for reason in denied)


def replaced(agent: ResolvedAgent, one: Scenario) -> ResolvedAgent:
    return replace(agent, scenarios=(one,))


def asked(project: Path, *more: str) -> dict[str, Any]:
    done = run(project, "cost", "dev", "--local", "--json", *more)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_months_report_counts_each_task_and_each_call(
    project: Path, served: dict[str, Any], outputs: dict[str, Any], helpdesk_scenario: str
) -> None:
    def now() -> tuple[dict[str, Any], int]:
        told = asked(project, "support")
        [agent] = [each for each in told["agents"] if each["agent"] == "helpdesk"]
        calls = [each["calls"] for each in told["tools"] if each["tool"] == "knowledge-search"]
        return agent, sum(calls)

    before, calls = now()
    keys, url = operator(served, outputs, "support"), outputs["support"]["front_door_url"]
    answers = [send(url, keys, served["region"], "helpdesk", helpdesk_scenario) for _ in range(3)]
    after, more = now()
    assert after["tasks"] == before["tasks"] + 3
    assert more == calls + sum(len(answer.tool_calls) for answer in answers)
    for ours, theirs in (("input_tokens", "input_tokens"), ("output_tokens", "output_tokens")):
        assert after[ours] - before[ours] == sum(answer.usage[theirs] for answer in answers)
    price = load_environment(project / "stacks/dev").agents["support"]["helpdesk"].price
    assert price is not None
    assert after["model_usd"] == pytest.approx(price.of(after["input_tokens"], after["output_tokens"]))
    shown = run(project, "cost", "dev", "--local")
    assert shown.returncode == 0, shown.stderr
    for said in ("support/helpdesk", "month's end", "USD a task", "knowledge-search", "the price table of"):
        assert said in shown.stdout


def test_each_team_has_its_budget(
    served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session
) -> None:
    budgets = admin.client("budgets")
    account = served["account"]
    found = {each["BudgetName"]: each for each in budgets.describe_budgets(AccountId=account)["Budgets"]}
    assert set(found) == {made["budget"] for team, made in outputs.items() if team}
    support = found["corral-dev-team-support"]
    assert support["BudgetLimit"] == {"Amount": "400", "Unit": "USD"}
    assert support["CostTypes"] == {"IncludeCredit": False, "IncludeRefund": False}
    told = budgets.describe_notifications_for_budget(AccountId=account, BudgetName=support["BudgetName"])
    assert [(n["NotificationType"], n["Threshold"]) for n in told["Notifications"]] == [
        ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)
    ]  # fmt: skip
