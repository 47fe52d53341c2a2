"""The lists of actions: complete for every type of the program, and nothing in a deployer that no type needs."""

import json

import pytest

from corral.bootstrap import native
from corral.bootstrap.actions import CLASSIC, CLOUD_CONTROL, NATIVE_FILE, RETIRED_AGENTS, actions_of
from corral.bootstrap.deployers import TEAM_TYPES, environment_statements, team_statements
from corral.bootstrap.options import Options
from corral.local.engine import schemas
from tests.bootstrap.account import Template
from tests.bootstrap.conftest import REGION
from tests.components.conftest import PLATFORM
from tests.components.recorder import Program, record, team_of_every_kind

STATE = {"StateFiles", "StateNames", "StateKey", "PlatformsState"}


def types(program: Program) -> set[str]:
    """Pulumi's names of `aws` types, CloudFormation's of the others."""
    made = {each.type for each in program.resources}
    return {each for each in made if each.startswith("aws:")} | {
        schemas.find(each, REGION)[0] for each in made if each.startswith("aws-native:")
    }


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Program]:
    """The platform, and a team with everything that a team can have."""
    platform = record("dev", {})
    stacks = team_of_every_kind(tmp_path_factory.mktemp("reports"))
    return platform, record("dev.reports", {PLATFORM: platform.outputs}, stacks)


def test_every_type_of_the_program_has_its_actions(programs: tuple[Program, Program]) -> None:
    platform, team = programs
    for program in (platform, team):
        assert not program.errors
        for kind in types(program):
            assert actions_of([kind]), f"{kind}: add its actions to corral/bootstrap"
    assert types(team) <= set(TEAM_TYPES), "a team's deployer has no actions for these"


def test_no_actions_for_types_that_are_not_used(programs: tuple[Program, Program]) -> None:
    platform, team = programs
    assert set(TEAM_TYPES) - types(team) == {"aws:iam/policy:Policy"}  # its boundary, which it looks at
    assert {*CLASSIC, *native.TYPES} == types(platform) | types(team)


def test_actions_of_native_types_are_those_of_the_schemas() -> None:
    stale = "run `python -m corral.bootstrap.native`"
    assert NATIVE_FILE.read_text(encoding="utf-8") == native.made(), stale


def test_what_is_left_out_is_something_a_schema_asks_for() -> None:
    asked = {action for kind in native.TYPES for action in native.permissions(kind)}
    services = {action.partition(":")[0] for action in asked}
    assert [each for each in native.LEFT_OUT if each not in asked | services] == []


@pytest.mark.parametrize("team", [False, True])
def test_a_deployer_is_granted_what_its_types_take_and_nothing_else(all_options: Options, team: bool) -> None:
    made = team_statements(all_options) if team else environment_statements(all_options)
    granted = {action for each in made if each.name not in STATE for action in each.actions}
    kinds = TEAM_TYPES if team else [*CLASSIC, *native.TYPES]
    assert granted == actions_of(kinds) | {*CLOUD_CONTROL, *RETIRED_AGENTS}


def test_names_of_statements_are_unique(all_options: Options) -> None:
    for made in (team_statements(all_options), environment_statements(all_options)):
        assert len({each.name for each in made}) == len(made)


def test_boundaries_are_those_that_the_platforms_stack_makes(
    programs: tuple[Program, Program], template: Template
) -> None:
    made = {each.inputs["name"]: each.inputs for each in programs[0].of("aws:iam/policy:Policy")}
    assert len(made) == 2
    ours = template.of_type("AWS::IAM::ManagedPolicy")
    for policy in (ours["Boundary"], ours["TeamBoundary"]):
        theirs = made[policy["ManagedPolicyName"]]
        assert policy["PolicyDocument"] == json.loads(theirs["policy"])
        assert (policy["Path"], policy["Description"]) == (theirs["path"], theirs["description"])
