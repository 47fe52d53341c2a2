"""Each agent's messages go through the guardrail of its level, and a front door may apply no other."""

import json
from typing import Any

import pytest

from tests.components.recorder import Program

pytestmark = pytest.mark.xdist_group("components")


def _door(program: Program) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The agents and guardrails that a team's front door knows, and the guardrails it may apply."""
    [function] = [f for f in program.of("aws:lambda/function:Function") if "front-door" in f.inputs["name"]]
    variables = function.inputs["environment"]["variables"]
    assert sum(len(key) + len(value) for key, value in variables.items()) < 4096
    [policy] = [
        p for p in program.of("aws:iam/rolePolicy:RolePolicy") if p.inputs["role"] == function.inputs["name"]
    ]
    statements = json.loads(policy.inputs["policy"])["Statement"]
    granted = [arn for s in statements if s["Sid"] == "Guardrail" for arn in s["Resource"]]
    return json.loads(variables["AGENTS"]), json.loads(variables["GUARDRAILS"]), granted


def test_a_team_of_both_levels(programs: dict[str, Program], reports: Program) -> None:
    agents, guardrails, granted = _door(reports)
    levels = {name: agent.get("guardrail") for name, agent in agents.items()}
    assert levels == {"weekly": "strict", "digest": None, "on-demand": "strict"}
    platform = programs["dev"].outputs
    assert guardrails == {
        "standard": {"id": platform["guardrail_id"], "version": platform["guardrail_version"]},
        "strict": {"id": platform["guardrail_strict_id"], "version": platform["guardrail_strict_version"]},
    }
    assert platform["guardrail_id"] != platform["guardrail_strict_id"]
    assert granted == [platform["guardrail_arn"], platform["guardrail_strict_arn"]]


@pytest.mark.control("guardrail")
def test_a_team_of_one_level_may_apply_that_guardrail_alone(programs: dict[str, Program]) -> None:
    agents, guardrails, granted = _door(programs["dev.support"])
    assert list(guardrails) == ["standard"]
    assert granted == [programs["dev"].outputs["guardrail_arn"]]
    assert [sorted(agent) for agent in agents.values()] == [["harness_arn", "qualifier"]] * len(agents)
