"""A month's spend, put together from what the saved queries answer."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from corral.cost.month import Month
from corral.cost.spend import spend
from corral.spec.load import Environment, load_environment

ROOT = Path(__file__).parents[2]
MONTH = Month.read("2026-11", datetime(2026, 11, 11, tzinfo=UTC))  # ten days of thirty


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The repository's own, with a search that costs 5 cents."""
    folder = tmp_path_factory.mktemp("priced")
    for name in ("stacks", "functions", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    tool = folder / "functions/tools/web_search/tool.yaml"
    tool.write_text(tool.read_text(encoding="utf-8") + "\ncost_per_call_usd: 0.05\n", encoding="utf-8")
    return load_environment(folder / "stacks/dev")


def used(
    team: str | None, agent: str | None, turns: int, read: int, written: int, untold: int = 0
) -> dict[str, Any]:
    return {
        "team": team, "agent": agent, "turns": turns, "input_tokens": read, "output_tokens": written,
        "turns_without_usage": untold,
    }  # fmt: skip


def called(
    team: str, agent: str, tool: str, allowed: int, denied: int = 0, failed: int = 0
) -> dict[str, Any]:
    return {
        "team": team,
        "agent": agent,
        "tool": tool,
        "allowed": allowed,
        "denied": denied,
        "failed": failed,
    }


def test_tokens_cost_what_the_price_table_says_of_the_agents_model(environment: Environment) -> None:
    price = environment.agents["support"]["helpdesk"].price
    assert price is not None
    found = spend(environment, MONTH, [used("support", "helpdesk", 4, 3_000_000, 1_000_000)], [])
    [agent] = [each for each in found.agents if each.agent == "helpdesk"]
    assert agent.model_usd == pytest.approx(3 * price.input + price.output)
    assert agent.usd_a_task == pytest.approx(agent.usd / 4)
    [team] = [each for each in found.teams if each.team == "support"]
    assert team.usd == pytest.approx(agent.usd)
    assert team.expected_usd == pytest.approx(3 * agent.usd), "a third of the month is over"
    assert team.budget_usd == environment.teams["support"].cost.monthly_budget_usd
    assert team.share == pytest.approx(agent.usd / team.budget_usd)
    assert found.usd == pytest.approx(agent.usd)


def test_calls_that_ran_cost_what_their_tool_says(environment: Environment) -> None:
    calls = [
        called("support", "helpdesk", "web-search", 10, denied=5, failed=2),
        called("sales", "forecast", "web-search", 2),
        called("support", "helpdesk", "knowledge-search", 100),
    ]
    found = spend(environment, MONTH, [used("support", "helpdesk", 1, 0, 0)], calls)
    search, knowledge = found.tools
    assert (search.tool, search.calls, search.denied, search.failed) == ("web-search", 12, 5, 2)
    assert search.usd == pytest.approx(0.6), "denied calls cost nothing, failed ones were made"
    assert search.by_team == {"support": 10, "sales": 2}
    assert (knowledge.calls, knowledge.usd_a_call, knowledge.usd) == (100, None, 0)
    [agent] = [each for each in found.agents if each.agent == "helpdesk"]
    assert agent.tools_usd == pytest.approx(0.5)
    assert agent.usd_a_task == pytest.approx(0.5)


def test_agents_that_did_nothing_are_listed_and_those_that_are_no_more_have_no_price(
    environment: Environment,
) -> None:
    rows = [used("support", "retired-one", 3, 1000, 100, untold=1), used(None, None, 1, 0, 0, untold=1)]
    found = spend(environment, MONTH, rows, [])
    names = {(each.team, each.agent): each for each in found.agents}
    assert names["support", "helpdesk"].tasks == 0
    assert names["support", "helpdesk"].usd_a_task is None
    gone = names["support", "retired-one"]
    assert (gone.model_usd, gone.input_tokens, gone.without_usage) == (None, 1000, 1)
    assert names["-", "-"].tasks == 1
    assert next(each for each in found.teams if each.team == "-").share is None
    assert found.to_json()["month"] == "2026-11"


def test_one_team_is_its_own(environment: Environment) -> None:
    rows = [used("support", "helpdesk", 1, 1000, 1), used("sales", "forecast", 1, 1000, 1)]
    calls = [called("support", "helpdesk", "web-search", 1), called("sales", "forecast", "web-search", 7)]
    found = spend(environment, MONTH, rows, calls, "support")
    assert {each.team for each in found.agents} == {"support"}
    assert [each.team for each in found.teams] == ["support"]
    assert [(each.tool, each.calls) for each in found.tools] == [("web-search", 1)]
