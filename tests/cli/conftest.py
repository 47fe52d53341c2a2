"""A small sound project for commands that write, with a second major version of its template."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from corral.cli.main import app

ROOT = Path(__file__).parents[2]
Corral = Callable[..., Result]


@pytest.fixture
def writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The good project with what new files are made of; the folder commands run in."""
    folder = Path(shutil.copytree(ROOT / "tests/fixtures/good", tmp_path / "project"))
    shutil.copytree(ROOT / "templates/scaffold", folder / "templates/scaffold")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def two_majors(writable: Path) -> Path:
    """The same; helper@2 has `style` for `tone` with other values, no `level`, and needs a `region`."""
    templates = writable / "templates/agents/helper"
    new = Path(shutil.copytree(templates / "1.2.0", templates / "2.0.0"))
    edit(new / "template.yaml", "version: 1.2.0", "version: 2.0.0")
    edit(
        new / "template.yaml",
        r"tone: {type: choice, choices: \[friendly, formal\], default: friendly",
        "style: {type: choice, choices: [warm, formal], default: formal",
    )
    edit(
        new / "template.yaml", r"  level: .*\n", '  region: {type: string, pattern: "[A-Z]+", help: Where.}\n'
    )
    with (new / "template.yaml").open("a") as stream:
        stream.write(
            "guardrail: strict\nupgrade:\n  renamed: {tone: style}\n  removed: [level]\n"
            "  values: {style: {friendly: warm}}\n  notes: [Agents have a style now.]\n"
        )
    edit(
        new / "prompt.md.j2",
        r"Level .*",
        "Style {{ parameters.style }} in {{ parameters.region }}.",
    )
    edit(new / "card.md.j2", r"parameters\.level", "parameters.region")
    return writable


def edit(path: Path, pattern: str, by: str) -> None:
    """Replace what a pattern finds once."""
    text, count = re.subn(pattern, lambda _: by, path.read_text())
    assert count == 1, pattern
    path.write_text(text)


@pytest.fixture
def corral() -> Corral:
    """Runs a command as a script would: nobody is there to answer."""
    return lambda *arguments: CliRunner().invoke(app, arguments)
