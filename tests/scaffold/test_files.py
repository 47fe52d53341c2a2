"""Files are written whole or not at all, whatever happens in the middle."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from corral.scaffold.files import CannotWriteError, Change, edited, read, write
from corral.spec.source import MAX_BYTES

OLD, NEW = b"a: 1\n", b"a: 2\n"


@pytest.fixture
def changes(tmp_path: Path) -> list[Change]:
    """A file that is edited, and two new ones of which one needs folders."""
    (tmp_path / "old.yaml").write_bytes(OLD)
    return [
        Change(tmp_path / "old.yaml", OLD, NEW),
        Change(tmp_path / "new.yaml", None, b"b: 1\n"),
        Change(tmp_path / "one/two/three.md", None, b"text\n"),
    ]


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_all_are_written(tmp_path: Path, changes: list[Change]) -> None:
    (tmp_path / "old.yaml").chmod(0o640)
    write(changes, tmp_path)
    assert tree(tmp_path) == {
        "old.yaml": NEW,
        "new.yaml": b"b: 1\n",
        "one": None,
        "one/two": None,
        "one/two/three.md": b"text\n",
    }
    assert (tmp_path / "old.yaml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("which", [1, 2, 3])
@pytest.mark.parametrize("name", ["replace", "fsync", "fdopen"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_at_any_step_leaves_everything_as_it_was(
    tmp_path: Path,
    changes: list[Change],
    monkeypatch: pytest.MonkeyPatch,
    which: int,
    name: str,
    error: BaseException,
) -> None:
    real: Callable[..., object] = getattr(os, name)
    calls = []

    def failing(*arguments: object, **named: object) -> object:
        calls.append(arguments)
        if len(calls) == which:
            raise error
        return real(*arguments, **named)

    monkeypatch.setattr(os, name, failing)
    wanted = CannotWriteError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(wanted) as caught:
        write(changes, tmp_path)
    assert len(calls) == which
    assert tree(tmp_path) == {"old.yaml": OLD}
    if wanted is CannotWriteError:
        assert "No space left on device. Nothing was changed" in str(caught.value)


def test_the_edited_file_is_replaced_last(
    tmp_path: Path, changes: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, order = os.replace, []
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append(Path(b).name), real(a, b)))
    write(changes, tmp_path)
    assert order == ["new.yaml", "three.md", "old.yaml"]


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_process_that_is_killed_leaves_the_old_file_whole(tmp_path: Path, step: str) -> None:
    path = tmp_path / "old.yaml"
    path.write_bytes(OLD)
    program = (
        "import os, signal, sys; from pathlib import Path; from corral.scaffold.files import Change, write\n"
        f"os.{step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "path = Path(sys.argv[1]); write([Change(path, path.read_bytes(), b'a: 2\\n')], path.parent)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], cwd=Path(__file__).parents[2], timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == OLD
    assert [p.suffix for p in tmp_path.iterdir() if p != path] == [".tmp"]  # which nobody reads
    write([Change(path, OLD, NEW)], tmp_path)
    assert path.read_bytes() == NEW


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"a: 3\n"), "changed by somebody else in the meantime"),
        (lambda path: path.unlink(), "is gone"),
        (lambda path: path.chmod(0o444), "may only be read"),
        (lambda path: (path.rename(path.with_name("x")), path.symlink_to("x")), "is a symbolic link"),
        (lambda path: path.with_name("new.yaml").write_text("there"), "new.yaml is there already"),
        (lambda path: path.with_name("new.yaml").symlink_to("nowhere"), "new.yaml is there already"),
        (lambda path: path.with_name("one").write_text("there"), "one is not a folder"),
    ],
)
def test_what_is_not_as_it_was_is_left_alone(
    tmp_path: Path, changes: list[Change], spoil: Callable[[Path], object], said: str
) -> None:
    spoil(tmp_path / "old.yaml")
    before = tree(tmp_path)
    with pytest.raises(CannotWriteError, match=said):
        write(changes, tmp_path)
    assert tree(tmp_path) == before


def test_a_change_while_it_writes_is_noticed(
    tmp_path: Path, changes: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def replace(source: str, target: Path) -> None:
        real(source, target)
        (tmp_path / "old.yaml").write_bytes(b"a: 3\n")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(CannotWriteError, match="changed by somebody else"):
        write(changes, tmp_path)
    assert tree(tmp_path) == {"old.yaml": b"a: 3\n"}


def test_a_file_does_not_grow_beyond_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(CannotWriteError, match=r"would be 200,001 bytes long\. Allowed: at most 200,000"):
        write([Change(tmp_path / "new.yaml", None, b"#" * (MAX_BYTES + 1))], tmp_path)
    assert tree(tmp_path) == {}


def test_two_edited_files_are_not_one_step(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only one"):
        write([Change(tmp_path / name, OLD, NEW) for name in "ab"], tmp_path)


def test_a_file_is_read_with_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    before, text = read(path, tmp_path)
    assert text == "a: 1\r\n"
    assert edited(path, before, "a: 2\r\n").after == b"\xef\xbb\xbfa: 2\r\n"


@pytest.mark.parametrize("content", [b"\xff", None])
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "old.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CannotWriteError, match=r"old\.yaml (is not UTF-8|cannot be read: No such file)"):
        read(path, tmp_path)
