"""corral validate and corral render: what they print, their exit codes, nothing heavy imported."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from corral.cli import render, validate
from corral.cli.project import console

ROOT = Path(__file__).parents[2]
SUPPORT = "stacks/dev/teams/support.yaml"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(ROOT / "tests/fixtures/good", tmp_path / "project"))
    monkeypatch.chdir(folder / "stacks/dev")
    return folder


def corral(*arguments: str) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("validate")(validate.command)
    app.command("render")(render.command)
    return CliRunner().invoke(app, arguments)


def spoil(project: Path, old: str, new: str) -> None:
    path = project / SUPPORT
    path.write_text(path.read_text().replace(old, new))


def test_valid(project: Path) -> None:
    result = corral("validate", "dev")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "dev is valid: 2 teams, 2 agents, 2 tools, 2 domains\n\nData domains that"
    )
    assert result.stdout.endswith("\n\n2 notices\n")


def test_every_environment_when_none_is_named(project: Path) -> None:
    shutil.copytree(project / "stacks/dev", project / "stacks/test")
    result = corral("validate")
    assert result.exit_code == 1
    assert "dev is valid" in result.stdout
    assert 'environment: "dev" is in the folder test' in result.stderr


def test_a_notice(project: Path) -> None:
    platform = project / "stacks/dev/platform.yaml"
    platform.write_text(platform.read_text().replace("us-east-1", "eu-central-1"))
    result = corral("validate", "dev")
    assert result.exit_code == 0
    head, _, notices = result.stdout.partition("What the region lacks (no-registry)\n")
    assert notices.startswith("  stacks/dev/platform.yaml:4\n      eu-central-1 has no agent registry")
    assert head.index("that no agent reads (unread-domain)") < head.index("anyone on call (no-on-call)")


def test_strict(project: Path) -> None:
    assert corral("validate", "dev", "--strict").exit_code == 1
    spoil(project, "email: support@example.com", "email: support@example.com, on_call: phone@example.com")
    orders = project / "stacks/dev/domains/orders.yaml"
    orders.write_text(orders.read_text().replace("[sales]", "[sales, support]"))
    spoil(project, "Switch, domain: manuals}", "Switch, domain: orders}\n    tools: [pay-back]")
    result = corral("validate", "dev", "--strict")
    assert (result.exit_code, result.stdout) == (0, "dev is valid: 2 teams, 2 agents, 2 tools, 2 domains\n")


def test_of_very_many_notices_the_first_are_shown(project: Path) -> None:
    orders = (project / "stacks/dev/domains/orders.yaml").read_text()
    for number in range(150):
        path = project / f"stacks/dev/domains/orders{number}.yaml"
        path.write_text(orders.replace("domain: orders", f"domain: orders{number}"))
    result = corral("validate", "dev")
    assert result.exit_code == 0
    assert result.stdout.count("no agent reads the domain") == 100
    assert result.stdout.endswith("152 notices (the first 100 are shown)\n")
    (found,) = json.loads(corral("validate", "dev", "--json").stdout)["environments"]
    assert len(found["notices"]) == 152


def test_errors_by_file_with_the_line(project: Path) -> None:
    spoil(project, "stage: pilot", "stage: prod")
    spoil(project, "model: large", "model: lage")
    result = corral("validate", "dev")
    assert result.exit_code == 1
    assert result.stdout == ""
    lines = [line.strip() for line in result.stderr.splitlines() if line]
    assert lines[0] == SUPPORT
    assert lines[1].startswith('11:12  agents[0].stage: "prod" is not allowed. Allowed: experiment, pilot')
    assert lines[2] == "stage: prod"
    assert lines[3].endswith('unknown model "lage". Known: large, small. Did you mean "large"?')
    assert lines[-1] == "2 errors in 1 file"


def test_what_a_file_holds_cannot_act_on_the_terminal(project: Path) -> None:
    spoil(project, "stage: pilot", "stage: '[red]\x1b[2J'")
    (project / SUPPORT).with_name("x.yaml").write_text("a: [bold]b[/nope]\n")
    result = corral("validate", "dev")
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr
    assert "[bold]b[/nope]" in result.stderr


def test_of_very_many_errors_the_first_are_shown(project: Path) -> None:
    (project / SUPPORT).write_text("a: 1\n" * 500)
    result = corral("validate", "dev")
    assert result.exit_code == 1
    assert result.stderr.count("the key is there twice") < 100
    assert "(the first 100 are shown)" in result.stderr


def test_json(project: Path) -> None:
    document = json.loads(corral("validate", "dev", "--json").stdout)
    notices = document["environments"][0].pop("notices")
    assert [list(notice) for notice in notices] == [["code", "path", "line", "text"]] * 2
    assert notices[0]["code"] == "unread-domain"
    assert document == {
        "environments": [
            {
                "environment": "dev",
                "valid": True,
                "teams": 2,
                "agents": 2,
                "tools": 2,
                "domains": 2,
                "errors": [],
            }
        ]
    }
    spoil(project, "stage: pilot", "stage: prod")
    result = corral("validate", "dev", "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)["environments"]
    assert found["valid"] is False
    assert found["errors"][0] | {"message": "", "hint": ""} == {
        "path": SUPPORT,
        "line": 11,
        "column": 12,
        "message": "",
        "hint": "",
    }


@pytest.mark.parametrize("command", [["validate", "nope"], ["render", "nope", "support/helpdesk"]])
def test_no_such_environment(project: Path, command: list[str]) -> None:
    result = corral(*command)
    assert result.exit_code == 1
    assert "there is no such environment. Environments: dev." in result.stderr


@pytest.mark.parametrize(
    "command",
    [["validate", "../dev"], ["validate", ""], ["validate", "dev", "--nope"], ["render", "dev", "helpdesk"]],
)
def test_usage(project: Path, command: list[str]) -> None:
    assert corral(*command).exit_code == 2


def test_outside_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = corral("validate", "dev")
    assert result.exit_code == 2
    assert "no Pulumi.yaml" in result.stderr
    assert corral("validate", "dev", "--project", str(tmp_path)).exit_code == 2


def test_another_project(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert corral("validate", "dev", "--project", "project").exit_code == 0


def test_render(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 200)
    result = corral("render", "dev", "support/helpdesk")
    assert result.exit_code == 0
    for part in ("helper@1.2.0", "platform default", "pay-back when", "# Role", f"team {SUPPORT}:11"):
        assert part in result.stdout, part


def test_render_as_json(project: Path) -> None:
    document = json.loads(corral("render", "dev", "support/helpdesk", "--json").stdout)
    assert document["tools"] == ["find-text", "pay-back"]
    assert document["origins"]["limits.max_iterations"] == "team"
    assert document["places"]["limits.max_iterations"] == f"{SUPPORT}:21"
    assert document["approval"][1]["conditions"] == [
        {"argument": "amount_cents", "operator": ">", "value": 5000}
    ]


def test_render_of_an_unknown_agent(project: Path) -> None:
    result = corral("render", "dev", "support/helpdsk")
    assert result.exit_code == 1
    assert 'Did you mean "support/helpdesk"?' in result.stderr


def test_render_of_an_unsound_environment(project: Path) -> None:
    spoil(project, "stage: pilot", "stage: prod")
    result = corral("render", "dev", "support/guide")
    assert result.exit_code == 1
    assert "1 error in 1 file" in result.stderr


def test_nothing_heavy_is_imported() -> None:
    heavy = {"pulumi", "boto3", "botocore", "cfnlint", "moto", "jsonschema", "cedarpy", "requests"}
    program = f"""
import pathlib, sys
import corral.cli.validate, corral.cli.render
from corral.spec.load import load_environment
load_environment(pathlib.Path("stacks/dev"))
print(*{heavy} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""
