"""Assets and archives to bytes."""

import io
import os
import zipfile

import pytest
from pulumi import AssetArchive, FileArchive, FileAsset, RemoteAsset, StringAsset

from corral.local.engine.archives import asset_bytes, code_sha256, shown, zip_bytes
from corral.local.engine.model import EngineError


def names(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()


def test_an_archive_is_the_same_whatever_order_dates_and_modes_its_files_have(tmp_path):
    folder = tmp_path / "lib"
    folder.mkdir()
    for name in ("b.py", "a.py"):
        (folder / name).write_text("x = 1")
    first = zip_bytes(AssetArchive({"m.py": StringAsset("m"), "lib": FileArchive(str(folder))}))
    os.utime(folder / "a.py", (1, 1))
    (folder / "a.py").chmod(0o700)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_bytes(b"cache")
    second = zip_bytes(AssetArchive({"lib": FileArchive(str(folder)), "m.py": StringAsset("m")}))
    assert first == second
    assert names(first) == ["lib/a.py", "lib/b.py", "m.py"]
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


def test_other_content_is_another_archive():
    one, two = (zip_bytes(AssetArchive({"m.py": StringAsset(text)})) for text in ("one", "two"))
    assert code_sha256(one) != code_sha256(two)


def test_a_ready_made_zip_is_used_as_it_is(tmp_path):
    file = tmp_path / "code.zip"
    file.write_bytes(zip_bytes(AssetArchive({"m.py": StringAsset("m")})))
    assert zip_bytes(FileArchive(str(file))) == file.read_bytes()


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(EngineError, match=r"there is no file .*nowhere"):
        asset_bytes(FileAsset(str(tmp_path / "nowhere")))
    with pytest.raises(EngineError, match=r"there is no folder .*nowhere"):
        zip_bytes(FileArchive(str(tmp_path / "nowhere")))
    with pytest.raises(EngineError, match="remote asset"):
        asset_bytes(RemoteAsset("https://example.com/x"))


def test_assets_are_shown_by_what_they_hold():
    archive = AssetArchive({"b.py": StringAsset("b"), "a.py": StringAsset("a")})
    assert shown({"code": archive, "list": [StringAsset("text"), 1]}) == {
        "code": {"archive": ["a.py", "b.py"]},
        "list": [{"asset": "text"}, 1],
    }
