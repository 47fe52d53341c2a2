"""Puts a site in its folder as a whole, and compares the two. Nothing that is not Corral's is ever replaced."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MARKER = ".corral-site"
MARKER_TEXT = b"corral docs made this folder and replaces it as a whole: keep nothing of your own in it.\n"


class FolderError(Exception):
    """The folder cannot be read or written, or is not Corral's to replace."""


@dataclass(frozen=True)
class Differences:
    """What a folder has otherwise than the site: pages that differ, that it lacks, that it has too many."""

    stale: tuple[str, ...]
    missing: tuple[str, ...]
    surplus: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.stale or self.missing or self.surplus)


def compare(pages: Mapping[str, bytes], out: Path) -> Differences:
    """Compare a folder with a site. A folder that is not there lacks every page. Raises FolderError."""
    with _plain_words(out):
        there = {path.relative_to(out).as_posix(): path for path in _files(out)} if out.is_dir() else {}
        return Differences(
            stale=tuple(
                sorted(p for p, path in there.items() if p in pages and path.read_bytes() != pages[p])
            ),
            missing=tuple(sorted(pages.keys() - there)),
            surplus=tuple(sorted(there.keys() - pages)),
        )


def place(pages: Mapping[str, bytes], out: Path) -> int:
    """Write a site beside its folder, then put it in its place; how many files it has.

    Until the last step, and if that fails, what was there stays. Raises FolderError.
    """
    out = out.resolve()
    with _plain_words(out):
        make_sure(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{out.name}-", dir=out.parent, ignore_cleanup_errors=True
        ) as scratch:
            made = Path(scratch) / "new"
            for path, content in pages.items():
                (made / path).parent.mkdir(parents=True, exist_ok=True)
                (made / path).write_bytes(content)
            _swap(made, out, Path(scratch) / "old")
    return len(pages)


def make_sure(out: Path) -> None:
    """Make sure that a folder may be replaced: there is none, it is empty, or Corral made it."""
    with _plain_words(out):
        if not out.exists():
            return
        if not out.is_dir():
            raise FolderError(f"{out} is not a folder")
        if not (out / MARKER).is_file() and (names := sorted(path.name for path in out.iterdir())):
            raise FolderError(
                f"{out} holds {names[0]}, and corral docs did not make it: give a new or an empty folder"
            )


def _swap(made: Path, out: Path, old: Path) -> None:
    if not out.exists():
        os.rename(made, out)
        return
    os.rename(out, old)
    try:
        os.rename(made, out)
    except BaseException:
        os.rename(old, out)
        raise


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_dir())


@contextmanager
def _plain_words(out: Path) -> Iterator[None]:
    """Turn what the file system says into a FolderError."""
    try:
        yield
    except OSError as error:
        raise FolderError(f"{error.filename or out}: {error.strerror or error}") from None
