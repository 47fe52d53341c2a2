"""The code of a function, as an archive laid out like the repository, and its digest."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi


@dataclass(frozen=True)
class Code:
    """A function's code. `sha256` depends on nothing but the files' names and contents."""

    archive: pulumi.AssetArchive
    sha256: str


def code(root: Path, folder: Path, more: Mapping[str, Path] | None = None) -> Code:
    """Collect `functions/common` and `folder`, which lies in root/functions, with the packages above it.

    `more` are files from elsewhere, each by its place in the archive.
    """
    files: dict[str, Path] = dict(more or {})
    for package in _packages(root, folder):
        for path in package:
            files[path.relative_to(root).as_posix()] = path
    digest = hashlib.sha256()
    for name in sorted(files):
        content = hashlib.sha256(files[name].read_bytes()).hexdigest()
        digest.update(f"{name} {content}\n".encode())
    assets: dict[str, pulumi.Asset | pulumi.Archive] = {
        name: pulumi.FileAsset(str(files[name])) for name in sorted(files)
    }
    return Code(pulumi.AssetArchive(assets), digest.hexdigest())


def _packages(root: Path, folder: Path) -> Iterator[Iterable[Path]]:
    functions = root / "functions"
    for parent in (folder, *folder.parents):
        if parent == root:
            break
        yield [parent / "__init__.py"]
    yield _modules(functions / "common")
    yield _modules(folder)


def _modules(folder: Path) -> list[Path]:
    # Sources only: a cache beside them must not change the digest.
    return [path for path in folder.rglob("*") if path.suffix in (".py", ".json", ".txt")]
