"""Softens each limit of the drift detector and of the alarms in turn, and sees that a test fails for it.

From the root: python -m tests.functions.soften [PART OF A NAME]. It works in a copy of the project, takes some ten
minutes, and ends with 1 when a softened limit passed. Which limits there are it finds by itself.
"""

import ast
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DETECTOR = ("tests/functions/test_drift_detector.py", "tests/functions/test_drift_monitor.py")
ALARMS = ("tests/components/test_alarms.py",)
# Where limits are, and the tests that hold them.
FILES = {
    **{
        str(path.relative_to(ROOT)): DETECTOR
        for path in sorted((ROOT / "functions/drift_monitor/detect").glob("*.py"))
    },
    "functions/drift_monitor/handler.py": DETECTOR,
    "components/alarm.py": ALARMS,
    "components/team_watch.py": ALARMS,
    "components/platform_watch.py": ALARMS,
}
# Units of time, and what is no limit of an alarm.
NOT_LIMITS = {"HOUR", "DAY", "WEEK", "SIDE_BY_SIDE", "_UNKNOWN_PER_WEEK"}
FACTORS = (0.5, 2.0)
_KEYWORDS = {"threshold", "period", "periods", "below", "missing", "statistic", "least", "block"}
_OTHER = {
    "breaching": "notBreaching",
    "notBreaching": "ignore",
    "ignore": "notBreaching",
    "Maximum": "Average",
    "Sum": "Average",
}


@dataclass(frozen=True)
class Softened:
    """A file with one limit changed."""

    path: str
    line: int
    name: str
    text: str


def softened(path: str) -> Iterator[Softened]:
    """Yield a file once for each limit in it and each way to change that."""
    source = (ROOT / path).read_text(encoding="utf-8")
    for name, node in _limits(ast.parse(source)):
        for value in _others(node):
            lines = source.splitlines(keepends=True)
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line[: node.col_offset] + value + line[node.end_col_offset :]
            yield Softened(path, node.lineno, f"{name} = {value}", "".join(lines))


def _limits(tree: ast.Module) -> Iterator[tuple[str, ast.Constant]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node in tree.body and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name not in NOT_LIMITS:
                yield from ((name, each) for each in _numbers(node.value))
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id in _KEYWORDS
        ):
            yield from _constants(node.target.id, node.value)
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in _KEYWORDS:
                    yield from _constants(keyword.arg, keyword.value)


def _numbers(node: ast.expr) -> Iterator[ast.Constant]:
    """The numbers of a value, those of the metrics' own too: a count, a share, a score."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and type(each.value) in (int, float):
            yield each


def _constants(name: str, node: ast.expr | None) -> Iterator[tuple[str, ast.Constant]]:
    if isinstance(node, ast.Constant) and node.value is not None:
        yield name, node


def _others(node: ast.Constant) -> list[str]:
    if isinstance(node.value, bool):
        return [str(not node.value)]
    if isinstance(node.value, str):
        return [repr(_OTHER[node.value])] if node.value in _OTHER else []
    if isinstance(node.value, int):
        return (
            [str(max(1, int(node.value * 0.5))), str(node.value * 2)]
            if node.value > 1
            else [str(node.value + 1)]
        )
    assert isinstance(node.value, float)
    return [repr(node.value * factor) if node.value else "0.1" for factor in FACTORS]


def main() -> None:
    """Try all, or those whose name or file holds a text."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = []
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "project"
        ignored = shutil.ignore_patterns(".git", ".venv", ".corral", "__pycache__", ".mypy_cache")
        shutil.copytree(ROOT, copy, ignore=ignored)
        for path, tests in FILES.items():
            before = (copy / path).read_text(encoding="utf-8")
            for each in softened(path):
                if wanted not in f"{path} {each.name}" or each.text == before:
                    continue
                (copy / path).write_text(each.text, encoding="utf-8")
                command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *tests]
                red = subprocess.run(command, cwd=copy, capture_output=True).returncode == 1
                print("red   " if red else "PASSED", f"{path}:{each.line} {each.name}", flush=True)
                if not red:
                    passed.append(each)
            (copy / path).write_text(before, encoding="utf-8")
    print(f"{len(passed)} passed")
    sys.exit(bool(passed))


if __name__ == "__main__":
    main()
