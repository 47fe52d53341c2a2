"""corral upgrade plays the scenarios before and after; one that fails after it stops it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from corral.spec.load import load_environment
from tests.cli.conftest import ROOT, edit

pytestmark = pytest.mark.xdist_group("served")  # a local AWS at a time is enough for two cores
FINANCE = "stacks/dev/teams/finance.yaml"
WRONG = """\
  - name: says-goodbye
    title: Says what it does not
    user: Say goodbye, please.
    model: [{say: Hello.}]
    expect: {answer_contains: [Goodbye]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project in which blank has a later major version with a scenario that fails."""
    copy = tmp_path / "project"
    for name in ("stacks", "functions", "templates", "policies"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", copy)
    blank = copy / "templates/agents/blank"
    version = sorted(path.name for path in blank.iterdir())[-1]
    new = Path(shutil.copytree(blank / version, blank / "9.0.0"))
    edit(new / "template.yaml", f"version: {version}", "version: 9.0.0")
    scenarios = new / "scenarios.yaml"
    scenarios.write_text(scenarios.read_text().rstrip("\n") + f"\n{WRONG}")
    return copy


def test_a_scenario_that_fails_after_it_stops_it(project: Path) -> None:
    before = (project / FINANCE).read_bytes()
    name = next(
        n
        for n, a in load_environment(project / "stacks/dev").agents["finance"].items()
        if "blank" in a.template
    )
    move = [sys.executable, "-m", "corral", "upgrade", "dev", f"finance/{name}", "--yes", "--json"]
    done = subprocess.run(
        move,
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    assert "after it says-goodbye would fail. Nothing was written; --force" in done.stderr
    document = json.loads(done.stdout)
    assert document["written"] is False
    old, new = ({one["scenario"]: one["problems"] for one in played} for played in document["scenarios"])
    assert len(old) >= 3
    assert not any(old.values())
    assert {name for name, problems in new.items() if problems} == {"says-goodbye"}
    assert old.keys() == new.keys() - {"says-goodbye"}
    assert (project / FINANCE).read_bytes() == before
    assert load_environment(project / "stacks/dev").agents["finance"][name].template.startswith("blank@1.")
