"""Evaluators of a template's own that are code: a Python file whose function gives a score to what an agent did."""

import ast
import hashlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from corral.spec.document import Loaded
from corral.spec.errors import SpecError
from corral.spec.judges import OwnEvaluator
from corral.spec.names import judge_name
from corral.spec.source import read_text, shown_path

FUNCTION = "evaluate"
_FORM = f"Allowed: def {FUNCTION}(turns), which returns a score."


class CodeEvaluator(OwnEvaluator):
    """Code as an evaluator: a Python file in the template's folder, with a function evaluate(turns)."""

    code: str = Field(pattern=r"^[a-z0-9_]+(/[a-z0-9_]+)*\.py$", max_length=100)


@dataclass(frozen=True)
class ResolvedCode:
    """A template's evaluator that is code, under the name that AWS knows it by."""

    aws_name: str
    spec: CodeEvaluator
    path: Path
    digest: str  # of level and code

    @property
    def text(self) -> str:
        """On one line, to see whether it is still the same."""
        return f"{self.spec.level}, {self.spec.code} {self.digest}"


def resolved_code(
    evaluators: Sequence[CodeEvaluator], folder: Path, environment: str, team: str
) -> Iterator[ResolvedCode]:
    """Each evaluator whose file can be read; what cannot is reported where the template is checked."""
    for each in evaluators:
        text = read_text(folder / each.code, folder)
        if isinstance(text, str):
            digest = hashlib.sha256(f"{each.level}\n{text}".encode()).hexdigest()[:6]
            name = judge_name(environment, team, each.name, digest)
            yield ResolvedCode(name, each, folder / each.code, digest)


def check_code(loaded: Loaded[Any], evaluators: Sequence[object], folder: Path, root: Path) -> None:
    """Check that the file of each is there, is Python, and has the function."""
    for index, each in enumerate(evaluators):
        if not isinstance(each, CodeEvaluator):
            continue
        path = folder / each.code
        text = read_text(path, root)
        if isinstance(text, SpecError):
            hint = text.hint or "Allowed: a file of the template's folder."
            loaded.error(
                ("evaluators", index, "code"), f"evaluators[{index}].code: {text.path} {text.message}", hint
            )
            continue
        for line, message, hint in _problems(text):
            loaded.report.add(SpecError(shown_path(path, root), line, 1, message, hint))


def _problems(text: str) -> Iterator[tuple[int, str, str]]:
    """What is wrong with an evaluator's code: line, message, hint. The code is read and not run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the author's code, such as its escapes
            tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, f"is not Python: {error.msg}", ""
        return
    except (ValueError, RecursionError, MemoryError):
        yield 1, "is not Python", ""
        return
    for line, module in _imported(tree):
        if module not in sys.stdlib_module_names:
            yield (
                line,
                f'imports "{module}", which is not there where it runs',
                "Allowed: Python's own modules.",
            )
    defined = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == FUNCTION]
    if not defined:
        yield 1, f"has no function {FUNCTION}", _FORM
        return
    given = defined[-1].args
    taken = len(given.posonlyargs) + len(given.args)
    needed = taken - len(given.defaults) + sum(each is None for each in given.kw_defaults)
    if needed > 1 or (taken < 1 and given.vararg is None):
        yield defined[-1].lineno, f"{FUNCTION} cannot be called with one argument", _FORM


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and the first name of each module that is imported; a module beside it is named with its dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield node.lineno, "." * node.level + module if node.level else module.partition(".")[0]
