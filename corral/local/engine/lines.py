"""Which line of the project something comes from."""

from pathlib import Path
from traceback import extract_tb
from typing import Any
from urllib.parse import unquote, urlsplit

_NOT_OURS = ("site-packages", ".venv")


def program_line(stack_trace: Any, project_root: str) -> str:
    """Return the innermost `file:line` of the project in a registration's stack trace, or ""."""
    for frame in stack_trace.frames:
        position = frame.pc
        if position.uri and (file := _in_project(unquote(urlsplit(position.uri).path), project_root)):
            return f"{file}:{position.line}"
    return ""


def exception_line(error: BaseException, project_root: str) -> str:
    """Return the innermost `file:line` of the project that an exception passed through, or ""."""
    for frame in reversed(extract_tb(error.__traceback__)):
        if file := _in_project(frame.filename, project_root):
            return f"{file}:{frame.lineno}"
    return ""


def _in_project(file: str, project_root: str) -> str:
    if not file.startswith(project_root + "/"):
        return ""
    relative = file[len(project_root) + 1 :]
    return "" if any(part in _NOT_OURS for part in Path(relative).parts) else relative
