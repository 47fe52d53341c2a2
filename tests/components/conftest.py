"""The whole program of stacks/dev, evaluated once: the platform and every team."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.components.recorder import ROOT, Program, Recorded, record

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
def everything(programs: dict[str, Program]) -> list[Recorded]:
    """Every resource of every stack."""
    return [resource for program in programs.values() for resource in program.resources]
