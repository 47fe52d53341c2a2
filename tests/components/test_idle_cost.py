"""What the program registers costs while idle what the price tables say: no type is in none of them."""

import pytest

from corral.cost.idle import idle
from corral.cost.prices import ALARMED, KEY, METRIC, READING
from tests.components.recorder import Program

pytestmark = pytest.mark.xdist_group("components")


def test_every_resource_is_counted(stacks: dict[str, Program]) -> None:
    found = idle({name: program.resources for name, program in stacks.items()})
    assert found.unknown == {}, "give it a price or a reason in corral/cost/prices.py"
    agents = sum(
        len(program.outputs.get("agents", {})) for program in stacks.values() if "team" in program.outputs
    )
    assert found.units[READING] == agents
    # The scores of each agent's six metrics, the monitor's heartbeat, and the agents it left unjudged.
    assert found.units[METRIC] == 6 * agents + 2
    assert found.units[KEY] == 2 + len(stacks) - 1, "the platform's, the audit's, and each team's"
    assert found.units[ALARMED] > found.units[METRIC]
    assert sum(found.stacks.values()) == pytest.approx(found.usd)
