"""Checks an environment with changed files in place of those on disk, before a byte of them is written."""

from collections.abc import Sequence
from pathlib import Path

from corral.scaffold.files import Change
from corral.spec.load import Environment, load_environment
from corral.spec.source import pretending


def pretended(changes: Sequence[Change]) -> dict[Path, str]:
    """The texts by their paths. Data is looked for by the path that links lead to: such a path is there too."""
    return {
        path: change.text
        for change in changes
        for path in (change.path, change.path.parent.resolve() / change.path.name)
    }


def environment_with(folder: Path, changes: Sequence[Change]) -> Environment:
    """The environment as it will be. Raises SpecErrors with all that would be wrong with it."""
    with pretending(pretended(changes)):
        return load_environment(folder)
