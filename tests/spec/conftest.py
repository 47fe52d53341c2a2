"""A small sound project to break, and the edits that fixtures describe."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corral.spec.errors import SpecErrors
from corral.spec.load import load_environment

GOOD = Path(__file__).parents[1] / "fixtures/good"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the good project."""
    return Path(shutil.copytree(GOOD, tmp_path / "project"))


def edit(project: Path, change: dict[str, Any]) -> None:
    """Make one change to a file: replace text that occurs once, write it anew, move it, or remove it."""
    path = project / change["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    if "move" in change:
        path.rename(project / change["move"])
    elif "replace" in change:
        text = path.read_text(encoding="utf-8")
        assert text.count(change["replace"]) == 1, f"{change['replace']!r} must occur once in {path}"
        path.write_text(text.replace(change["replace"], change["by"]), encoding="utf-8")
    elif "bytes" in change:
        path.write_bytes(bytes.fromhex(change["bytes"]))
    elif "size" in change:
        path.write_bytes(b"a: 1\n" * (change["size"] // 5))
    elif "write" in change:
        path.write_text(change["write"], encoding="utf-8")
    elif change["remove"] and path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def errors_of(project: Path, environment: str = "dev") -> list[str]:
    """The errors of a project's environment, as text; none when it loads."""
    try:
        load_environment(project / "stacks" / environment)
    except SpecErrors as found:
        return [str(error) for error in found.errors]
    return []


@pytest.fixture
def check(project: Path) -> Callable[..., list[str]]:
    """Apply edits to the good project and return the errors."""

    def run(*changes: dict[str, Any], environment: str = "dev") -> list[str]:
        for change in changes:
            edit(project, change)
        return errors_of(project, environment)

    return run
