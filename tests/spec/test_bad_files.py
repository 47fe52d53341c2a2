"""Every mistake of tests/fixtures/bad gets exactly the errors its file lists: place, words, hint."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

BAD = sorted((Path(__file__).parents[1] / "fixtures/bad").glob("*.yaml"))


@cache
def read(path: Path) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(path))


@pytest.mark.control("clear-errors", "log-retention")
@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_mistake(path: Path, check: Callable[..., list[str]]) -> None:
    fixture = read(path)
    assert check(*fixture["edits"], environment=fixture.get("environment", "dev")) == fixture["errors"]


def test_the_good_project_has_no_errors(check: Callable[..., list[str]]) -> None:
    assert check() == []


def test_there_are_fixtures() -> None:
    assert len(BAD) > 100


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_errors_are_in_our_words(path: Path) -> None:
    for error in read(path)["errors"]:
        assert not re.search(
            r"pydantic|Input should|Extra inputs|Field required|Traceback|https?://|<class|None", error
        ), error
        assert error.endswith((".", "?")), error
        assert not error.endswith("..", 0, -3), error
