"""Every agent's cap is its own: what its limits, its model's price, its prompt and its tools make of it."""

import json

import pytest

from components.agent_config import config_item
from corral.spec.load import load_environment
from functions.supervisor.spending import BYTES_PER_TOKEN, Cap
from tests.components.recorder import ROOT, Program

pytestmark = pytest.mark.xdist_group("components")


@pytest.mark.control("cascade-limits")
def test_the_supervisor_is_told_what_a_task_of_each_agent_may_cost(programs: dict[str, Program]) -> None:
    environment = load_environment(ROOT / "stacks/dev")
    tools = {name: entry.spec for name, entry in environment.tools.items()}
    for team, agents in environment.agents.items():
        items = [
            json.loads(i.inputs["item"])
            for i in programs[f"dev.{team}"].of("aws:dynamodb/tableItem:TableItem")
        ]
        told = {item["name"]["S"]: Cap(**json.loads(item["cap"]["S"])) for item in items}
        assert set(told) == set(agents)
        for name, agent in agents.items():
            assert agent.price is not None
            shown = agent.system_prompt + json.dumps([tools[tool].definition() for tool in agent.tools])
            cap = told[name]
            assert (cap.usd, cap.max_output_tokens) == (
                agent.limits.cost_per_task_usd,
                agent.limits.max_output_tokens,
            )
            assert (cap.input_price, cap.output_price) == (agent.price.input, agent.price.output)
            assert cap.base_tokens == pytest.approx(len(shown.encode()) / BYTES_PER_TOKEN, rel=0.02)
            assert cap.at_most(0, cap.base_tokens) < cap.usd / 10, "far above what a usual task costs"


def test_the_supervisor_is_told_what_calls_of_an_agents_tools_cost() -> None:
    environment = load_environment(ROOT / "stacks/dev")
    agent = environment.agents["support"]["helpdesk"]
    fees = {agent.tools[0]: 0.05, agent.tools[1]: 0.0, "another": 1.0}
    tools = {
        name: entry.spec.model_copy(update={"cost_per_call_usd": fees.get(name)})
        for name, entry in environment.tools.items()
    }
    item = config_item(agent, tools, (), "topic", "arn", "1")
    assert Cap(**json.loads(item["cap"]["S"])).tools == {agent.tools[0]: 0.05}


def test_the_count_is_kept_where_the_supervisor_alone_writes(programs: dict[str, Program]) -> None:
    [table] = [
        t.inputs
        for t in programs["dev"].of("aws:dynamodb/table:Table")
        if t.inputs["name"] == "corral-dev-tasks"
    ]
    assert (table["hashKey"], table["rangeKey"]) == ("agent", "session")
    assert table["ttl"] == {"attributeName": "kept_until", "enabled": True}
    writers = [
        policy.name
        for program in programs.values()
        for policy in program.of("aws:iam/rolePolicy:RolePolicy")
        if "table/corral-dev-tasks" in policy.inputs["policy"]
    ]
    assert len(writers) == 1
    assert "supervisor" in writers[0]
