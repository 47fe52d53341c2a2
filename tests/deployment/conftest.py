"""A sound project with teams enough, and a `pulumi` that is none."""

import shutil
from pathlib import Path

import pytest

from corral.spec.load import Environment, load_environment
from tests.deployment.fake_pulumi import FakePulumi

GOOD = Path(__file__).parents[1] / "fixtures/good"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOOD, tmp_path / "project"))


@pytest.fixture
def environment(project: Path) -> Environment:
    return load_environment(project / "stacks/dev")


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    monkeypatch.delenv("PULUMI_OPTION_CWD", raising=False)
    fake = FakePulumi(tmp_path / "pulumi")
    fake.install(monkeypatch)
    return fake
