"""What the documentation shows exists: links, commands, the example and the error it promises."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from corral.cli.main import app
from corral.spec.load import load_environment

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [t for t in targets if not t.startswith("http") and not (page.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist_with_their_options(page: Path) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    blocks = [text for language, text in fenced if language in ("", "sh")]
    whole = "\n".join(blocks).replace("\\\n", " ")  # a command may go on on the next line
    for name, rest in re.findall(r"^corral ([\w-]+)(.*)$", whole, re.M):
        assert name in commands, f"corral {name}"
        command = commands[name]
        for part in rest.split()[:1] if hasattr(command, "commands") else []:
            assert part in command.commands, f"corral {name} {part}"
            command = command.commands[part]
        known = {
            option for parameter in command.params for option in parameter.opts + parameter.secondary_opts
        }
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, f"corral {name}{rest}"


def test_the_readmes_agent_is_the_one_in_the_repository() -> None:
    (example,) = re.findall(r"# (stacks/\S+)\n(agents:\n.*?)```", README, re.S)
    without_comments = [re.sub(r"\s+# .*", "", line) for line in example[1].splitlines()]
    assert "\n".join(without_comments) in (ROOT / example[0]).read_text(encoding="utf-8")


def _copy(folder: Path) -> None:
    for name in ("stacks", "functions", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", folder)


def test_the_readmes_new_agent_is_what_its_commands_make(tmp_path: Path) -> None:
    """The lines that are written, and the scenarios that then apply."""
    _copy(tmp_path)
    (commands, shown) = re.findall(r"```sh\n(corral new agent.*?)```\n\n```\n(--- a/.*?)```", README, re.S)[0]
    new, play = (shlex.split(line)[1:] for line in commands.replace("\\\n", "").splitlines())
    result = CliRunner().invoke(app, [*new, "--project", str(tmp_path)])
    assert result.exit_code == 0, result.output
    written, told = shown.split("\n\nscenario")
    assert written.strip() in result.output
    team, _, name = play[-1].partition("/")
    agent = load_environment(tmp_path / "stacks/dev").agents[team][name]
    rows = [line.split()[0] for line in told.splitlines()[1:] if line.startswith("  ")]
    assert rows == [scenario.name for scenario in agent.scenarios]


def test_the_readmes_error_is_what_a_typing_mistake_gives(tmp_path: Path) -> None:
    _copy(tmp_path)
    team = tmp_path / "stacks/dev/teams/support.yaml"
    team.write_text(
        team.read_text(encoding="utf-8").replace("refund-issue]", "refund-isue]", 1), encoding="utf-8"
    )
    result = CliRunner().invoke(app, ["validate", "dev", "--project", str(tmp_path)])
    (promised,) = re.findall(r"```\n(stacks/dev/teams/support.yaml\n.*?)```", README, re.S)
    said = " ".join(result.output.split())
    assert result.exit_code == 1
    assert " ".join(promised.split()) in said
