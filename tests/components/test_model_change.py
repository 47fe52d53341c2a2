"""An agent that gets another model is never without one: what serves the old one goes last."""

import pytest

from tests.components.conftest import PLATFORM
from tests.components.recorder import Program, Recorded, project, record, replaced

pytestmark = pytest.mark.xdist_group("components")

AGENT = "dev-support-helpdesk"


@pytest.fixture(scope="module")
def changed(programs: dict[str, Program], tmp_path_factory: pytest.TempPathFactory) -> Program:
    stacks = project(tmp_path_factory.mktemp("model"))
    team = stacks / "dev/teams/support.yaml"
    replaced(team, "- name: helpdesk\n", "- name: helpdesk\n    model: nova-pro\n")
    program = record("dev.support", {PLATFORM: programs["dev"].outputs}, stacks)
    assert not program.errors, program.errors
    return program


def _named(program: Program, name: str, kind: str = "") -> Recorded:
    [found] = [r for r in program.resources if r.name == name and r.custom and kind in r.type]
    return found


def test_new_profile_and_policy_stand_beside_the_old_ones(
    programs: dict[str, Program], changed: Program
) -> None:
    for name, key in ((f"{AGENT}-model", "inferenceProfileName"), (f"{AGENT}-policy", "name")):
        before, after = (_named(program, name) for program in (programs["dev.support"], changed))
        assert before.inputs[key] != after.inputs[key], "under one name the old one would go first"
    assert _named(changed, f"{AGENT}-model").delete_first is False, (
        "aws-native deletes first unless told not to"
    )
    assert _named(changed, f"{AGENT}-policy").delete_first is None


def test_another_agent_keeps_its_own(programs: dict[str, Program], changed: Program) -> None:
    for name in ("dev-support-onboarding-model", "dev-support-onboarding-policy"):
        assert _named(programs["dev.support"], name).inputs == _named(changed, name).inputs


def test_a_version_is_served_when_all_it_needs_is_there(changed: Program) -> None:
    harness, endpoint = (_named(changed, f"{AGENT}-{name}") for name in ("harness", "live"))
    needed = {_named(changed, f"{AGENT}-{name}").urn for name in ("policy-cedar", "config", "harness")}
    assert needed <= set(endpoint.dependencies)
    assert {_named(changed, f"{AGENT}-{name}").urn for name in ("policy", "model", "role")} <= set(
        harness.dependencies
    )
