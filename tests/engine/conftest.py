"""Tests with the real Pulumi engine, where there is one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.engine import Engine, serving


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each module has an account of its own, which is a story: one worker tells it, in order."""
    missing = shutil.which("pulumi") is None
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engine)
            item.add_marker(pytest.mark.xdist_group(f"engine-{item.path.stem}"))
            if missing:
                item.add_marker(pytest.mark.skip(reason="no pulumi on PATH: docs/pulumi-engine.md"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An empty account and the CLI, for one module."""
    with serving(tmp_path_factory.mktemp("engine")) as made:
        yield made
