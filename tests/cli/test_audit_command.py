"""corral audit query and verify: what they list, and what they say of input that cannot be."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corral.audit.library import queries
from corral.cli.main import app

ROOT = Path(__file__).parents[2]


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["audit", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join((result.stdout + result.stderr).split())


def test_without_a_name_it_lists_what_can_be_asked() -> None:
    code, text = said("query")
    assert code == 0
    assert all(f"{query.name} {query.answers}" in text for query in queries().values())
    code, text = said("query", "--json")
    assert {each["name"] for each in json.loads(text)} == set(queries())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("query", "denied-call"), 'Did you mean "denied-calls"'),
        (("query", "session"), "session needs session"),
        (("query", "session", "--set", "session"), "give KEY=VALUE"),
        (("query", "approvals", "--set", "agent=x"), "It takes none"),
        (("query", "approvals", "--since", "soon"), "--since soon: give a day"),
        (("query", "approvals", "--since", "2026-11-02", "--until", "2026-11-01"), "end before that"),
        (("query", "approvals", "--json", "--csv"), "either --json or --csv"),
        (("query", "approvals", "../dev"), "is not the name of an environment"),
        (("verify", "dev", "--since", "soon"), "--since soon: give a day"),
    ],
)
def test_what_cannot_be_is_a_usage_error(arguments: tuple[str, ...], message: str) -> None:
    code, text = said(*arguments)
    assert code == 2
    assert message in text


def test_several_environments_must_be_told_apart(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    for name in ("dev", "prod"):
        (tmp_path / "stacks" / name).mkdir(parents=True)
        (tmp_path / "stacks" / name / "platform.yaml").touch()
    assert said("query", "approvals", "--project", str(tmp_path)) == (
        2,
        "error: which environment? There are: dev, prod",
    )


@pytest.mark.parametrize("content", [None, "no json", "[]", '{"team": "support"}'])
def test_outputs_that_are_none_are_refused(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "outputs.json"
    if content is not None:
        path.write_text(content)
    code, text = said("verify", "dev", "--project", str(ROOT), "--outputs", str(path))
    assert code == 1
    assert "does not hold" in text


def test_without_credentials_it_says_whose_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    code, text = said("query", "approvals", "dev", "--project", str(ROOT))
    assert code == 1
    assert "no credentials for account 111122223333" in text
    assert "add --local" in text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--since", "yesterday"), 2, "--since yesterday: give a day (2026-11-01)"),
        (("--since", "2026-11-02", "--until", "2026-11-01"), 2, "would begin at"),
        (("--local", "--outputs", "x.json"), 2, "the local AWS knows its outputs"),
        (("--local", "--out", "none/report.html"), 1, "none is no folder: make it first"),
        (
            ("--local", "--out", "there.html"),
            1,
            "there.html is there already, and a report is never replaced",
        ),
        (("--local", "--out", "report.html"), 1, "corral up dev --local --serve"),
    ],
)
def test_a_report_that_cannot_be_made_leaves_nothing(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).parents[2]
    for name in ("stacks", "functions", "templates", "Pulumi.yaml"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "there.html").write_text("signed")
    before = sorted(path.name for path in tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["audit", "report", "dev", "--project", str(tmp_path), *arguments])
    assert (done.exit_code, said in " ".join(done.stderr.split())) == (code, True), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "there.html").read_text() == "signed"
