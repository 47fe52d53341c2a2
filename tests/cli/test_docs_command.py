"""corral docs: writes the site, tells what is stale, and says no in plain words."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from corral.cli.main import app

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    copied = Path(shutil.copytree(ROOT / "tests/fixtures/good", tmp_path / "project"))
    shutil.copytree(ROOT / "templates/site", copied / "templates/site")
    return copied


def run(project: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["docs", *arguments, "--project", str(project)])


def test_it_writes_and_then_finds_nothing_stale(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    made = run(project, "dev", "--out", str(out))
    assert made.exit_code == 0, made.output
    assert f"files in {out}" in made.output
    assert (out / "agents/support/helpdesk.html").is_file()
    checked = run(project, "dev", "--out", str(out), "--check")
    assert (checked.exit_code, checked.output) == (0, f"{out} is up to date\n")


def test_it_lists_what_is_stale_missing_and_surplus_and_writes_nothing(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    run(project, "dev", "--out", str(out))
    team = project / "stacks/dev/teams/support.yaml"
    team.write_text(team.read_text().replace("name: guide", "name: adviser"))
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    checked = run(project, "dev", "--out", str(out), "--check")
    assert checked.exit_code == 1
    assert "missing  agents/support/adviser.html" in checked.output
    assert "surplus  runbooks/support/guide.html" in checked.output
    assert "stale    index.html" in checked.output
    assert f"run corral docs dev --out {out}" in checked.output
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_json(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    missing = run(project, "dev", "--out", str(out), "--check", "--json")
    said = json.loads(missing.stdout)
    assert (missing.exit_code, said["fresh"], said["stale"]) == (1, False, [])
    assert "index.html" in said["missing"]
    assert not out.exists()
    made = json.loads(run(project, "dev", "--out", str(out), "--json").stdout)
    assert made == {"out": str(out), "files": len(said["missing"])}
    fresh = run(project, "dev", "--out", str(out), "--check", "--json")
    assert (fresh.exit_code, json.loads(fresh.stdout)["fresh"]) == (0, True)


def test_it_says_no_in_plain_words(project: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    refused = run(project, "dev", "--out", str(tmp_path))
    assert refused.exit_code == 1
    assert "corral docs did not make it: give a new or an empty folder" in refused.output
    assert run(project, "nowhere", "--out", str(tmp_path / "site")).exit_code == 1
    assert run(project, "dev").exit_code == 2
    (project / "templates/agents/helper/1.2.0/card.md.j2").unlink()
    unsound = run(project, "dev", "--out", str(tmp_path / "site"))
    assert unsound.exit_code == 1
    assert "does not exist" in unsound.output
    assert not (tmp_path / "site").exists()


def test_an_error_in_what_only_the_site_reads(project: Path, tmp_path: Path) -> None:
    (project / "templates/agents/unused/1.0.0").mkdir(parents=True)
    refused = run(project, "dev", "--out", str(tmp_path / "site"))
    assert refused.exit_code == 1
    assert "templates/agents/unused/1.0.0/template.yaml" in refused.output
    assert "Traceback" not in refused.output
