"""A copy of the project as it will be after an edit, for whoever reads its files from disk."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from corral.scaffold.files import Change

_LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "node_modules", "tests", "docs", "benchmarks", "*.egg-info"
)


@contextmanager
def draft(root: Path, changes: Sequence[Change]) -> Iterator[Path]:
    """Yield the copy with the changes made; it goes with the context."""
    with tempfile.TemporaryDirectory(prefix="corral-") as folder:
        project = Path(folder) / root.name
        shutil.copytree(root, project, ignore=_LEFT_OUT)
        for change in changes:
            path = project / change.path.relative_to(root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change.after)
        yield project
