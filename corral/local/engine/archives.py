"""Pulumi assets and archives to bytes. An archive becomes the same zip every time its files are the same."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pulumi.asset import Archive, Asset, AssetArchive, FileArchive, FileAsset, StringAsset

from corral.local.engine.model import EngineError

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold
_MODE = 0o100644 << 16
_LEFT_OUT = ("__pycache__", ".pyc")


def asset_bytes(asset: Asset) -> bytes:
    """Return an asset's content. EngineError when the file is missing or the asset is remote."""
    if isinstance(asset, StringAsset):
        return asset.text.encode()
    if isinstance(asset, FileAsset):
        path = Path(asset.path)
        if not path.is_file():
            raise EngineError(f"there is no file {path.absolute()}")
        return path.read_bytes()
    raise EngineError("a remote asset cannot be used offline")


def zip_bytes(archive: Archive) -> bytes:
    """Return an archive as a zip: entries sorted, dates and modes fixed, Python's caches left out."""
    if isinstance(archive, FileArchive) and Path(archive.path).is_file():
        return Path(archive.path).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in sorted(_entries(archive)):
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = _MODE
            info.create_system = 3  # Unix, on every machine
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content)
    return buffer.getvalue()


def code_sha256(content: bytes) -> str:
    """Return the base64 SHA-256 that Lambda shows as CodeSha256."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def shown(value: Any) -> Any:
    """Replace assets and archives in a resource's inputs by what a record of the resource can hold."""
    if isinstance(value, dict):
        return {key: shown(element) for key, element in value.items()}
    if isinstance(value, list):
        return [shown(element) for element in value]
    if isinstance(value, Archive):
        return {"archive": [name for name, _ in sorted(_entries(value))]}
    if isinstance(value, StringAsset):
        return {"asset": value.text}
    if isinstance(value, FileAsset):
        return {"asset": value.path}
    return value


def _entries(archive: Archive) -> Iterator[tuple[str, bytes]]:
    if isinstance(archive, AssetArchive):
        for name, member in archive.assets.items():
            if isinstance(member, Asset):
                yield name, asset_bytes(member)
            else:
                for inner, content in _entries(member):
                    yield f"{name.rstrip('/')}/{inner}", content
    elif isinstance(archive, FileArchive):
        yield from _folder(Path(archive.path))
    else:
        raise EngineError("a remote archive cannot be used offline")


def _folder(root: Path) -> Iterator[tuple[str, bytes]]:
    if root.is_file():
        raise EngineError(f"{root.absolute()}: an archive within an archive must be a folder")
    if not root.is_dir():
        raise EngineError(f"there is no folder {root.absolute()}")
    for path in root.rglob("*"):
        if path.is_file() and not any(part.endswith(_LEFT_OUT) for part in path.relative_to(root).parts):
            yield path.relative_to(root).as_posix(), path.read_bytes()
