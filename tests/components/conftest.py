"""The whole program of stacks/dev, evaluated once: the platform and every team."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.components.recorder import ROOT, Program, Recorded, record, team_of_every_kind

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pulumi_aws warns of its own deprecated classes as it defines them
    import components.program  # noqa: F401  once here, so that every forked evaluation has it already

PLATFORM = "organization/corral/dev"


@pytest.fixture(scope="session")
def programs() -> dict[str, Program]:
    """Stack name to what it registered."""
    platform = record("dev", {})
    assert not platform.errors, platform.errors
    teams = [f"dev.{path.stem}" for path in sorted(Path(ROOT, "stacks/dev/teams").glob("*.yaml"))]
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda stack: record(stack, {PLATFORM: platform.outputs}), teams))
    for program in made:
        assert not program.errors, program.errors
    return {"dev": platform, **dict(zip(teams, made, strict=True))}


@pytest.fixture(scope="session")
def reports(programs: dict[str, Program], tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A team with schedules, both levels of guardrail and a retired agent, which stacks/dev need not have."""
    stacks = team_of_every_kind(tmp_path_factory.mktemp("reports"))
    program = record("dev.reports", {PLATFORM: programs["dev"].outputs}, stacks)
    assert not program.errors, program.errors
    return program


@pytest.fixture(scope="session")
def stacks(programs: dict[str, Program], reports: Program) -> dict[str, Program]:
    """Those of stacks/dev and the one more."""
    return {**programs, "dev.reports": reports}


@pytest.fixture(scope="session")
def everything(stacks: dict[str, Program]) -> list[Recorded]:
    """Every resource of every stack."""
    return [resource for program in stacks.values() for resource in program.resources]
