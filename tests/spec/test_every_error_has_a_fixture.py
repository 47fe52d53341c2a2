"""A mistake that the spec can find, and no fixture makes, fails here: every place that says one must be run.

Finds, in the source of corral/spec, each call that reports or raises an error and each answer of the functions
that say what is wrong with a value; then checks every fixture of tests/fixtures/bad and sees which were run.
"""

import ast
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from corral.spec import errors
from tests.spec.conftest import GOOD, edit, errors_of
from tests.spec.test_bad_files import BAD, read

SPEC = Path(errors.__file__).parent
# Calls that report or raise an error, by the last part of their name.
REPORTS = {
    "error", "_complain", "wrong", "_not_an_argument", "SpecError", "ValueError", "ConditionError", "PromptError"
}  # fmt: skip
# Functions that answer what is wrong, and say nothing by answering None.
ANSWERS = {
    "schedules.py": {"schedule_problem"},
    "templates.py": {"value_problem", "_find"},
    "wording.py": {"_say", "_problem"},
    "source.py": {"_syntax_error"},
    "task_cost.py": {"cap_problem"},
    "prompt.py": {"check_text"},
}
# What no file of a project can bring about, each with the reason.
NOT_BY_A_FILE = {
    'source.py read_text: return wrong(f"cannot be read': "root reads every file, and tests may run as root",
    'source.py read_yaml: source.errors.append(SpecError(source.shown, 1, 1, "is nested': (
        "Python stops tracing at a RecursionError; yaml-nested-endlessly is the fixture"
    ),
    'prompt.py check_text: yield 1, "not a Jinja2 template: nested too deeply"': (
        "Python stops tracing at a RecursionError; prompt-nested-too-deeply is the fixture"
    ),
    'wording.py _problem: return f"{show(value)} is not allowed here"': "for what a later pydantic may find",
}


@dataclass(frozen=True)
class Site:
    """A place that says what is wrong."""

    path: Path
    function: str
    first: int
    last: int

    def __str__(self) -> str:
        lines = self.path.read_text(encoding="utf-8").splitlines()[self.first - 1 : self.last]
        return f"{self.path.name}:{self.first} {self.function}: {' '.join(map(str.strip, lines))[:100]}"

    @property
    def excused(self) -> bool:
        text = str(self).replace(f":{self.first}", "", 1)
        return any(text.startswith(start) for start in NOT_BY_A_FILE)


def sites(path: Path) -> Iterator[Site]:
    def below(node: ast.AST, function: str) -> Iterator[Site]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                yield from below(child, child.name)
                continue
            if says_something(child, function, path):
                assert isinstance(child, ast.expr | ast.stmt)
                yield Site(path, function, child.lineno, child.end_lineno or child.lineno)
                continue  # what is within is part of it
            yield from below(child, function)

    yield from below(ast.parse(path.read_text(encoding="utf-8")), "")


def says_something(node: ast.AST, function: str, path: Path) -> bool:
    if isinstance(node, ast.Return | ast.Yield) and function in ANSWERS.get(path.name, ()):
        return node.value is not None and not (isinstance(node.value, ast.Constant) and not node.value.value)
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in REPORTS


ALL = [site for path in sorted(SPEC.glob("*.py")) for site in sites(path)]


class Recorder:
    """Notes which lines of some functions run, and nothing of any other."""

    def __init__(self, wanted: list[Site]) -> None:
        self.lines: set[tuple[str, int]] = set()
        self._wanted = {(str(site.path), site.function) for site in wanted}
        self._known: dict[CodeType, bool] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code not in self._known:
            self._known[code] = (code.co_filename, code.co_name) in self._wanted
        return self._note if self._known[code] else None

    def _note(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._note


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """What ran while every fixture was checked."""
    recorder, before = Recorder(ALL), sys.gettrace()
    for path in BAD:
        project = Path(shutil.copytree(GOOD, tmp_path_factory.mktemp("bad") / "project"))
        fixture = read(path)
        for change in fixture["edits"]:
            edit(project, change)
        sys.settrace(recorder)
        try:
            errors_of(project, fixture.get("environment", "dev"))
        finally:
            sys.settrace(before)
    return recorder


def reached(site: Site, run: Recorder) -> bool:
    return any((str(site.path), line) in run.lines for line in range(site.first, site.last + 1))


def test_the_places_are_found() -> None:
    """A new way to say an error, that this test does not know, would make it blind."""
    assert len(ALL) > 100
    assert {site.path.name for site in ALL} >= {
        "catalogue.py", "checks.py", "conditions.py", "domain.py", "load.py", "prompt.py", "resolve.py",
        "scenario.py", "schedules.py", "source.py", "template.py", "templates.py", "tool.py", "wording.py",
    }  # fmt: skip


@pytest.mark.control("clear-errors")
def test_every_place_is_reached(run: Recorder) -> None:
    missed = [str(site) for site in ALL if not site.excused and not reached(site, run)]
    assert not missed, "no fixture of tests/fixtures/bad brings these about:\n" + "\n".join(missed)


def test_each_excuse_is_for_a_place_that_is_missed(run: Recorder) -> None:
    excused = [site for site in ALL if site.excused]
    assert len(excused) == len(NOT_BY_A_FILE)
    assert not [str(site) for site in excused if reached(site, run)]
