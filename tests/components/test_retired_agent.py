"""A retired agent: its record is changed in place and says so; nothing else of it is left."""

from pathlib import Path

import pytest

from tests.components.conftest import PLATFORM
from tests.components.recorder import Program, Recorded, project, record, replaced
from tests.components.test_renamed_agent import _fixed, _tags

pytestmark = pytest.mark.xdist_group("components")

RECORD = "aws-native:agentregistry:RegistryRecord"
REASON = "The hotline closed."
TOMBSTONE = (
    f"  - {{name: onboarding, template: customer-support@2.0.0, since: 2026-11-24, reason: {REASON}}}\n"
)


def _stacks(folder: Path) -> Path:
    """Make a project in which onboarding of team support is retired; returns the program."""
    stacks = project(folder)
    team = stacks / "dev/teams/support.yaml"
    kept, _, _ = team.read_text(encoding="utf-8").partition("  - name: onboarding\n")
    team.write_text(f"{kept}retired:\n{TOMBSTONE}", encoding="utf-8")
    return stacks


def _recorded(stacks: Path, programs: dict[str, Program]) -> Program:
    program = record("dev.support", {PLATFORM: programs["dev"].outputs}, stacks)
    assert not program.errors, program.errors
    return program


@pytest.fixture(scope="module")
def after(programs: dict[str, Program], tmp_path_factory: pytest.TempPathFactory) -> Program:
    return _recorded(_stacks(tmp_path_factory.mktemp("retired")), programs)


def _of(program: Program, name: str) -> dict[str, Recorded]:
    """What is made under an agent's name, by URN."""
    return {r.urn: r for r in program.resources if r.name.startswith(f"dev-support-{name}") and r.custom}


def test_its_record_is_all_that_is_left_of_it(programs: dict[str, Program], after: Program) -> None:
    before = programs["dev.support"]
    left, had = _of(after, "onboarding"), _of(before, "onboarding")
    assert len(had) >= 8
    assert set(left) < set(had), "not the same URN: the record would be deleted and made anew"
    assert [r.type for r in left.values()] == [RECORD]
    assert not [r.urn for r in after.resources if "onboarding" in str(r.inputs) and r.type != RECORD]
    gone = {r.urn for r in before.resources} - {r.urn for r in after.resources}
    assert all("-onboarding" in urn for urn in gone)
    assert not {r.urn for r in after.resources} - {r.urn for r in before.resources}


@pytest.mark.control("inventory")
def test_its_record_is_changed_in_place_and_says_so(programs: dict[str, Program], after: Program) -> None:
    [made] = _of(after, "onboarding").values()
    was = _of(programs["dev.support"], "onboarding")[made.urn]
    assert _fixed(made) == _fixed(was)
    assert was.inputs["name"] == made.inputs["name"] == "agents/support/onboarding"
    assert made.inputs["description"] == f"Retired on 2026-11-24: {REASON}"
    assert made.inputs["customMetadata"] == {"stage": "retired", "template": "customer-support@2.0.0"}
    assert made.inputs["recordVersion"] == "2.0.0"
    assert after.outputs["retired"] == {
        "onboarding": programs["dev.support"].outputs["agents"]["onboarding"]["registry_record_arn"]
    }
    assert list(after.outputs["agents"]) == ["helpdesk"]


def test_its_record_says_nothing_that_may_change_later(
    after: Program, tmp_path: Path, programs: dict[str, Program]
) -> None:
    """AWS takes no change to a record that is deprecated, but for its tags."""
    stacks = _stacks(tmp_path)
    team = stacks / "dev/teams/support.yaml"
    replaced(team, "support-eng@example.com", "other@example.com")
    replaced(team, "name: Support Engineering", "name: Service")
    later = _recorded(stacks, programs)
    [one], [other] = _of(after, "onboarding").values(), _of(later, "onboarding").values()
    assert _tags(one) != _tags(other)
    assert {k: v for k, v in one.inputs.items() if k != "tags"} == {
        k: v for k, v in other.inputs.items() if k != "tags"
    }


def test_its_names_follow_from_the_first_it_had(reports: Program) -> None:
    [record_] = [r for r in reports.of(RECORD) if r.inputs["name"] == "agents/reports/gazette"]
    assert record_.name == "dev-reports-bulletin-record"
    assert list(reports.outputs["retired"]) == ["gazette"]
