"""What the stacks reserve of Lambda's concurrency is what validation says, and what peaks ask for."""

from pathlib import Path
from typing import Any

from corral.spec import peak
from corral.spec.load import load_environment

ROOT = Path(__file__).parents[2]


def reserved(programs: dict[str, Any]) -> dict[str, int]:
    return {
        each.inputs["name"]: int(each.inputs["reservedConcurrentExecutions"])
        for program in programs.values()
        for each in program.of("aws:lambda/function:Function")
    }


def test_every_function_is_counted_when_the_account_is_measured(programs: dict[str, Any]) -> None:
    environment = load_environment(ROOT / "stacks/dev")
    counted = peak.reserved_concurrency([t.spec for t in environment.tools.values()], environment.agents)
    assert sum(reserved(programs).values()) <= counted


def test_front_doors_and_supervisor_hold_three_times_the_peak(programs: dict[str, Any]) -> None:
    environment, found = load_environment(ROOT / "stacks/dev"), reserved(programs)
    for team, agents in environment.agents.items():
        assert found[f"corral-dev-front-door-{team}"] == peak.front_door_concurrency(agents.values())
    every = [agent for team in environment.agents.values() for agent in team.values()]
    assert found["corral-dev-supervisor"] == peak.supervisor_concurrency(every)
