"""What corral new tool writes is held to what all code here is held to: ruff, mypy, tests, the whole catalogue."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from corral.spec.load import load_environment
from tests.cli.conftest import ROOT

NAMES = {"read": "look-up-the-item-and-more", "write": "note-keep"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the whole project with a tool of either kind, made by the command."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("stacks", "corral", "functions", "templates", "schemas"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests/functions", copy / "tests/functions")
    for name in ("Pulumi.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    for access, name in NAMES.items():
        summary = 'Does "this" with {{ braces }}, a \\ and a colon: so'
        run(
            *(copy, "-m", "corral", "new", "tool", name, "--summary", summary, "--yes"),
            *("--owner", "O'Neil: Team <o@example.com>", "--access", access),
        )
    return copy


def run(project: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def written(project: Path) -> list[str]:
    modules = [name.replace("-", "_") for name in NAMES.values()]
    return [f"functions/tools/{module}" for module in modules] + [
        f"tests/functions/test_{module}.py" for module in modules
    ]


def test_ruff_has_nothing_to_say(project: Path) -> None:
    run(project, "-m", "ruff", "check", *written(project))
    run(project, "-m", "ruff", "format", "--check", *written(project))


def test_mypy_has_nothing_to_say(project: Path) -> None:
    assert "Success" in run(project, "-m", "mypy", "--strict", *written(project)[:2])


def test_its_tests_pass_and_those_of_all_tools(project: Path) -> None:
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *written(project)[2:])
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/functions/test_tool_declarations.py")


@pytest.mark.parametrize(
    ("access", "old", "new"),
    [
        ("read", "if item is None:", "if False:"),
        ("read", 'get_item(Key={"id": key})', 'get_item(Key={"id": "x"})'),
        ("read", 'not re.fullmatch(r"[A-Za-z0-9-]+", key)', "False"),
        ("write", 'if item["text"] != request["text"]:', "if False:"),
        ("write", ', ConditionExpression="attribute_not_exists(id)"', ""),
        ("write", "items.put_item(", "str("),
    ],
)
def test_its_tests_notice_what_goes_wrong(
    project: Path, tmp_path: Path, access: str, old: str, new: str
) -> None:
    module = NAMES[access].replace("-", "_")
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    handler = copy / f"functions/tools/{module}/handler.py"
    text = handler.read_text()
    assert text.count(old) == 1
    handler.write_text(text.replace(old, new))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/functions/test_{module}.py"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 1
    assert "= FAILURES =" in done.stdout


def test_the_environment_is_valid_and_offers_it(project: Path) -> None:
    tools = load_environment(project / "stacks/dev").tools
    reader, writer = (tools[NAMES[access]].spec for access in ("read", "write"))
    assert (reader.access, reader.risk, reader.needs) == ("read", "low", ("table",))
    assert (writer.access, writer.risk, writer.needs) == ("write", "medium", ("table", "idempotency"))
    assert reader.summary == 'Does "this" with {{ braces }}, a \\ and a colon: so.'
    assert reader.owner.name == "O'Neil: Team"
    assert "# The catalogue" in (project / "stacks/dev/platform.yaml").read_text()
