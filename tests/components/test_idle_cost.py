"""What the program registers costs while idle what the price tables say: no type is in none of them."""

import re

import pytest

from corral.cost.idle import idle
from corral.cost.prices import ALARMED, KEY, METRIC, READING
from tests.components.recorder import ROOT, Program

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


def test_the_documented_figures_are_those_of_dev(programs: dict[str, Program]) -> None:
    page = (ROOT / "docs/cost.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^\$ corral cost dev --idle\n(.*?)^```", page, re.M | re.S)
    found = idle({name: program.resources for name, program in programs.items()})
    current = "not current: put the output of corral cost dev --idle into docs/cost.md"
    rows = re.findall(r"^(\S.*?)(?: \*)? +([\d,]+) +([\d.]+) +([\d.,]+)$", shown, re.M)
    assert rows == [
        (item.what, f"{count:,}", f"{item.usd:g}", f"{count * item.usd:,.2f}")
        for item, count in found.units.items()
    ], current
    stacks = dict(re.findall(r"^(dev\S*|all) +([\d.]+)$", shown, re.M))
    assert stacks == {
        **{name: f"{usd:.2f}" for name, usd in found.stacks.items()},
        "all": f"{found.usd:.2f}",
    }, current
    assert f"{sum(found.free.values()):,} resources of {len(found.free)} types cost nothing" in shown, current
