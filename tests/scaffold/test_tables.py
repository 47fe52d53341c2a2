"""The columns of a CSV file, and why a file cannot be a table."""

from pathlib import Path

import pytest

from corral.scaffold.tables import TableError, read_table


def columns(tmp_path: Path, text: str | bytes) -> dict[str, str]:
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return dict(read_table(path)[1])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-20", "9223372036854775807"], "bigint"),
        (["1", "9223372036854775808"], "double"),
        (["007", "1"], "string"),
        (["1.5", "2", "1e3"], "double"),
        (["true", "false"], "boolean"),
        (["true", "1"], "string"),
        (["2026-01-31"], "date"),
        (["2026-02-31"], "string"),
        (["2026-01-31 10:00:00", "2026-01-31 10:00:00.123"], "timestamp"),
        (["2026-01-31T10:00:00"], "string"),
        (["1", ""], "string"),
        (["٣"], "string"),
        (["nan"], "string"),
        ([], "string"),
    ],
)
def test_types(tmp_path: Path, values: list[str], kind: str) -> None:
    text = "".join(f"x,{value}\n" for value in values)
    assert columns(tmp_path, f"a,b\n{text}") == {"a": "string", "b": kind}


def test_days_beside_quoted_values_are_text(tmp_path: Path) -> None:
    assert columns(tmp_path, 'a,b\n"x, y",2026-01-31\n') == {"a": "string", "b": "string"}


def test_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    assert columns(tmp_path, b"\xef\xbb\xbfa,b\r\nx,1\r\n") == {"a": "string", "b": "bigint"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "has no header line"),
        (b"\xff,b\n", "is not UTF-8"),
        (b"Order ID,b\n", 'the column "Order ID" cannot be named so.*Did you mean "order_id"'),
        (b"a,a\n", '"a" is there twice'),
        (b"a,b\n1\n", "row 2 has 1 values, the header has 2"),
        (b'a,b\n1,"2\n', "is not CSV"),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        columns(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="No such file"):
        read_table(tmp_path / "no.csv")
