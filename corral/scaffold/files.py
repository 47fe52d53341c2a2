"""Writes files whole or not at all: new ones first, the edited one last, and nothing left behind by a failure."""

import contextlib
import difflib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corral.spec.source import MAX_BYTES, shown_path

_BOM = "\ufeff"


class CannotWriteError(Exception):
    """Files that were not written; all of them are as they were."""


@dataclass(frozen=True)
class Change:
    """A file as it was read, None for a new one, and as it is to be."""

    path: Path
    before: bytes | None
    after: bytes

    @property
    def text(self) -> str:
        """What it is to say."""
        return self.after.decode("utf-8-sig")

    def diff(self, root: Path) -> list[str]:
        """The lines that come and go, under the file's name. A line's own break is no part of it."""
        shown = shown_path(self.path, root)
        old = (self.before or b"").decode("utf-8-sig").splitlines()
        heads = ("/dev/null" if self.before is None else f"a/{shown}", f"b/{shown}")
        return list(difflib.unified_diff(old, self.text.splitlines(), *heads, lineterm=""))


def read(path: Path, root: Path) -> tuple[bytes, str]:
    """A file that is to be edited: its bytes, and its text without a byte order mark."""
    shown = shown_path(path, root)
    if path.is_symlink():
        raise CannotWriteError(f"{shown} is a symbolic link: edit what it points to")
    try:
        content = path.read_bytes()
        return content, content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotWriteError(f"{shown} is not UTF-8") from None
    except OSError as error:
        raise CannotWriteError(f"{shown} cannot be read: {error.strerror or error}") from None


def edited(path: Path, before: bytes, text: str) -> Change:
    """The change of a file to another text; a byte order mark stays."""
    mark = _BOM if before.startswith(_BOM.encode()) else ""
    return Change(path, before, (mark + text).encode())


def write(changes: Sequence[Change], root: Path) -> None:
    """Write the files. Raises CannotWriteError, and then all is as it was.

    At most one of them may be an edited one: it is replaced in one step, after the new ones are in place.
    """
    if sum(change.before is not None for change in changes) > 1:
        raise ValueError("only one file can be edited in one step")
    ordered = sorted(changes, key=lambda change: change.before is not None)
    made: list[Path] = []
    current = ordered[0].path
    try:
        for change in ordered:
            current = change.path
            _check(change, root)
        staged: list[tuple[Change, Path]] = []
        for change in ordered:
            current = change.path
            staged.append((change, _stage(change, made)))
        for change, temporary in staged:
            current = change.path
            _check(change, root)  # again: somebody may have written in between
            os.replace(temporary, change.path)
            made.remove(temporary)
            if change.before is None:
                made.append(change.path)
    except BaseException as error:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            why = error.strerror or error
            raise CannotWriteError(
                f"{shown_path(current, root)} cannot be written: {why}. Nothing was changed"
            ) from None
        raise
    for folder in {change.path.parent for change in ordered}:
        _sync(folder)


def _check(change: Change, root: Path) -> None:
    shown = shown_path(change.path, root)
    if len(change.after) > MAX_BYTES:
        raise CannotWriteError(
            f"{shown} would be {len(change.after):,} bytes long. Allowed: at most {MAX_BYTES:,}."
        )
    for folder in _parents(change.path, root):
        if folder.exists() and not folder.is_dir():
            raise CannotWriteError(f"{shown_path(folder, root)} is not a folder")
    if change.before is None:
        if os.path.lexists(change.path):
            raise CannotWriteError(f"{shown} is there already")
        return
    if change.path.is_symlink():
        raise CannotWriteError(f"{shown} is a symbolic link: edit what it points to")
    try:
        now = change.path.read_bytes()
        writable = change.path.stat().st_mode & 0o222 and os.access(change.path, os.W_OK)
    except FileNotFoundError:
        raise CannotWriteError(f"{shown} is gone: it was there a moment ago") from None
    if not writable:
        raise CannotWriteError(f"{shown} may only be read: its permissions do not let it be written")
    if now != change.before:
        raise CannotWriteError(f"{shown} was changed by somebody else in the meantime: try again")


def _parents(path: Path, root: Path) -> Iterator[Path]:
    yield from (folder for folder in path.parents if folder.is_relative_to(root))


def _stage(change: Change, made: list[Path]) -> Path:
    """Write the content beside its place, on disk for good; notes all that is made."""
    missing = [folder for folder in change.path.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        made.append(folder)
    number, name = tempfile.mkstemp(prefix=f".{change.path.name}.", suffix=".tmp", dir=change.path.parent)
    temporary = Path(name)
    made.append(temporary)
    with os.fdopen(number, "wb") as stream:
        stream.write(change.after)
        stream.flush()
        os.fsync(stream.fileno())
    if change.before is None:
        temporary.chmod(0o666 & ~_umask())  # what any other program would give it
    else:
        shutil.copymode(change.path, temporary)
    return temporary


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync(folder: Path) -> None:
    """Have the folder's own entries on disk, where the system can; the files are in place either way."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
