"""A site replaces the one before as a whole, or nothing at all; it never replaces what is not Corral's."""

import os
from pathlib import Path

import pytest

from corral.site import folder
from corral.site.folder import MARKER, MARKER_TEXT, Differences, FolderError, compare, place

SITE = {"index.html": b"one", "agents/a/b.html": b"two", MARKER: MARKER_TEXT}
NEXT = {"index.html": b"ONE", "tools.html": b"three", MARKER: MARKER_TEXT}


def content(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_a_new_folder(tmp_path: Path) -> None:
    assert place(SITE, tmp_path / "deep/er/site") == 3
    assert content(tmp_path / "deep/er/site") == SITE
    assert os.listdir(tmp_path / "deep/er") == ["site"], "nothing is left beside it"


def test_an_empty_folder_and_then_the_next_site(tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    place(SITE, out)
    place(NEXT, out)
    assert content(out) == NEXT
    assert os.listdir(tmp_path) == ["site"]


def test_a_link_to_a_folder_goes_on_leading_there(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "site").symlink_to(tmp_path / "real")
    place(SITE, tmp_path / "site")
    assert (tmp_path / "site").is_symlink()
    assert content(tmp_path / "real") == SITE


@pytest.mark.parametrize("name", ["notes.txt", ".git", "index.html"])
def test_what_is_not_corrals_is_never_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(
        FolderError, match=rf"holds {name}, and corral docs did not make it: give a new or an"
    ):
        place(SITE, tmp_path)
    assert content(tmp_path) == {name: b"mine"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    with pytest.raises(FolderError, match="is not a folder"):
        place(SITE, tmp_path / "site")
    with pytest.raises(FolderError, match="site: File exists"):
        place(SITE, tmp_path / "site/sub")
    assert (tmp_path / "site").read_text() == "mine"


@pytest.mark.parametrize("step", range(6))
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_at_any_step_leaves_the_old_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, failure: BaseException
) -> None:
    """The steps: three files written, the old folder moved away, the new one moved in."""
    out = tmp_path / "site"
    place(SITE, out)
    done = 0
    write, rename = Path.write_bytes, os.rename

    def counted(work: object) -> object:
        def run(*arguments: object) -> object:
            nonlocal done
            done += 1
            if done == step + 1:
                raise failure
            return work(*arguments)  # type: ignore[operator]

        return run

    monkeypatch.setattr(Path, "write_bytes", counted(write))
    monkeypatch.setattr(folder.os, "rename", counted(rename))
    if step < 5:
        with pytest.raises((FolderError, KeyboardInterrupt)):
            place(NEXT, out)
    else:
        place(NEXT, out)
    assert content(out) == (SITE if step < 5 else NEXT)
    assert os.listdir(tmp_path) == ["site"]


def test_compare(tmp_path: Path) -> None:
    out = tmp_path / "site"
    assert compare(SITE, out) == Differences((), tuple(sorted(SITE)), ())
    place(SITE, out)
    assert not compare(SITE, out)
    (out / "agents/a/c.html").write_text("new")
    (out / "index.html").write_bytes(b"other")
    (out / MARKER).unlink()
    before = content(out)
    assert compare(SITE, out) == Differences(("index.html",), (MARKER,), ("agents/a/c.html",))
    assert content(out) == before


def test_a_folder_where_a_page_should_be(tmp_path: Path) -> None:
    place(SITE, tmp_path / "site")
    (tmp_path / "site/index.html").unlink()
    (tmp_path / "site/index.html").mkdir()
    assert compare(SITE, tmp_path / "site") == Differences((), ("index.html",), ())
