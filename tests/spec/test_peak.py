"""What is sized from the peak that teams expect: three times as much is held, and more is said no to."""

from dataclasses import replace
from pathlib import Path

import pytest

from corral.spec import peak
from corral.spec.load import load_environment
from corral.spec.resolved import ResolvedAgent
from corral.spec.team import Peak
from functions.front_door import rate
from tests.spec.conftest import edit

DEV = Path(__file__).parents[2] / "stacks/dev"


@pytest.fixture(scope="module")
def agent() -> ResolvedAgent:
    return load_environment(DEV).agents["support"]["helpdesk"]


def expecting(agent: ResolvedAgent, messages: int, seconds: int) -> ResolvedAgent:
    return replace(agent, peak=Peak(messages_per_minute=messages, seconds_per_message=seconds))


def test_an_agent_takes_three_times_its_peak(agent: ResolvedAgent) -> None:
    assert peak.messages_per_minute(expecting(agent, 100, 6)) == 300


def test_what_the_front_door_takes_for_usual_is_the_default(agent: ResolvedAgent) -> None:
    assert peak.messages_per_minute(replace(agent, peak=Peak())) == rate.USUAL


def test_a_front_door_holds_what_comes_in_while_one_message_is_answered(agent: ResolvedAgent) -> None:
    # 300 a minute of 6 seconds each are 30 at once, 60 of 30 seconds each are 30 more; 5 say no.
    agents = [expecting(agent, 100, 6), expecting(agent, 20, 30)]
    assert peak.front_door_concurrency(agents) == 65
    assert peak.front_door_concurrency([]) == peak.LEAST_FRONT_DOOR


def test_the_supervisor_holds_every_step_of_every_message(agent: ResolvedAgent) -> None:
    busy = expecting(agent, 2000, 6)  # 6,000 messages a minute, two steps and two more for each of its turns
    steps = 6000 * (2 + 2 * agent.limits.max_iterations)
    assert peak.supervisor_concurrency([busy]) == pytest.approx(steps * 0.2 / 60, abs=1)
    assert peak.supervisor_concurrency([agent]) == peak.LEAST_SUPERVISOR


def test_a_peak_over_what_a_tool_takes_is_told(project: Path) -> None:
    def told() -> list[str]:
        found = load_environment(project / "stacks/dev").notices
        return [each.text for each in found if each.code == "peak-over-tool"]

    assert told() == []
    platform = {"file": "stacks/dev/platform.yaml", "replace": "environment: dev\n"}
    edit(project, platform | {"by": "environment: dev\nlambda_concurrency: 10000\n"})
    edit(
        project,
        {
            "file": "stacks/dev/teams/support.yaml",
            "replace": "    limits:\n",
            "by": "    expected_peak: {messages_per_minute: 5000}\n    limits:\n",
        },
    )
    assert told()
    assert "expects 5000 messages a minute" in told()[0]
    assert "calls a minute from an agent" in told()[0]
