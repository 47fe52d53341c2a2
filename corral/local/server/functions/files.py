"""What workers read from disk: unpacked code by digest, and the stand-in for the Powertools layer."""

import re
import shutil
import tempfile
import threading
import zipfile
from importlib import metadata
from io import BytesIO
from pathlib import Path

from corral.local.server.core import AwsError

# What a function finds beside its own code on AWS: boto3 from the runtime, Powertools with its extras from
# AWS's public layer (AWSLambdaPowertoolsPythonV3).
PROVIDED = ("boto3", "aws-lambda-powertools")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Files:
    """A temporary folder of this process, removed by `close`."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="corral-lambda-"))
        self._lock = threading.Lock()
        self._layer: Path | None = None

    def code(self, digest: str, archive: bytes) -> Path:
        """Return the folder holding an archive's files, unpacking it at first use."""
        folder = self.root / "code" / digest
        with self._lock:
            if not folder.exists():
                unpacking = folder.with_suffix(".unpacking")
                try:
                    with zipfile.ZipFile(BytesIO(archive)) as opened:
                        opened.extractall(unpacking)
                except (zipfile.BadZipFile, EOFError):
                    message = "Lambda could not unzip the deployment package."
                    raise AwsError("InvalidZipFileException", message, 502) from None
                unpacking.rename(folder)
        return folder

    def layer(self) -> Path:
        """Return a folder with links to the provided packages as installed in the server's own environment.

        Only those: a handler that imports anything else that happens to be installed here fails, as on AWS.
        """
        with self._lock:
            if self._layer is None:
                folder = self.root / "layer"
                folder.mkdir()
                for name in _with_dependencies(PROVIDED):
                    for source in _top_level(name):
                        link = folder / source.name
                        if not link.exists():
                            link.symlink_to(source)
                self._layer = folder
        return self._layer

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.root, ignore_errors=True)


def _with_dependencies(names: tuple[str, ...]) -> list[str]:
    """Return installed distributions that the given ones need, their `all` extra included."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            requirements = metadata.distribution(name).requires or []
        except metadata.PackageNotFoundError:
            continue
        found[name] = None
        for requirement in requirements:
            wanted, _, marker = requirement.partition(";")
            if "extra ==" not in marker or re.search(r"extra == ['\"]all['\"]", marker):
                named = _NAME.match(wanted.strip())
                if named:
                    waiting.append(named.group())
    return list(found)


def _top_level(name: str) -> set[Path]:
    """Return the packages, modules and metadata folder of an installed distribution."""
    distribution = metadata.distribution(name)
    tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] not in ("..", "__pycache__")}
    return {path for top in tops if (path := Path(str(distribution.locate_file(top)))).exists()}
