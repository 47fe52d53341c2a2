"""Puts a report in its file: whole or not at all, and never in the place of another."""

import os
import tempfile
from pathlib import Path


class KeepError(Exception):
    """The report cannot be put there. The text says why, and what to do."""


def make_sure(path: Path) -> None:
    """Make sure that a report can be put there. Raises KeepError."""
    if path.exists() or path.is_symlink():
        raise KeepError(f"{path} is there already, and a report is never replaced: give another --out")
    if not path.absolute().parent.is_dir():
        raise KeepError(f"{path.absolute().parent} is no folder: make it first, or give another --out")
    if not os.access(path.absolute().parent, os.W_OK):
        raise KeepError(f"{path.absolute().parent} cannot be written to: give another --out")


def keep(content: bytes, path: Path) -> None:
    """Write beside it, then put it in its place. Raises KeepError, after which nothing is left."""
    make_sure(path)
    path = path.absolute()
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name[:40]}-", dir=path.parent) as scratch:
            made = Path(scratch) / "report"
            made.write_bytes(content)
            made.chmod(0o644)
            _place(made, path)
    except FileExistsError:
        raise KeepError(f"{path} has come to be there meanwhile: give another --out") from None
    except OSError as error:
        raise KeepError(f"{path} cannot be written: {error.strerror or error}") from None


def _place(made: Path, path: Path) -> None:
    try:
        os.link(made, path)  # unlike a move it fails when something is there by now
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        made.rename(path)
