"""libyaml and ruamel.yaml are two readers of one language: wherever the fast one is used, both say the same.

The same data, the same places of every key and value, the same errors; and where they might not, the fast one
steps back.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from corral.spec import fast_yaml
from corral.spec.source import Source, read_yaml

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("stacks", "templates", "functions/tools", "tests/fixtures/good", "tests/fixtures/bad")
    for path in (ROOT / folder).rglob("*.yaml")
)
TEXTS = [path.read_text(encoding="utf-8") for path in FILES]
relaxed = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def both(folder: Path, text: str) -> tuple[Source, Source]:
    path = folder / "file.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    fast = read_yaml(path, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_yaml, "compose", lambda text: None)
        return fast, read_yaml(path, folder)


def assert_same(folder: Path, text: str) -> None:
    fast, slow = both(folder, text)
    assert fast.errors == slow.errors
    assert repr(fast.data) == repr(slow.data), "the types too: 1 is not 1.0, nor True"
    assert fast == slow, "bad places, positions of keys and of values"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yaml")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_of_the_project(folder: Path, path: Path) -> None:
    assert_same(folder, path.read_text(encoding="utf-8"))


def test_the_fast_one_reads_the_files_people_write() -> None:
    """Anchors, tags and tabs are for the slow one; the rest, and CRLF, are not."""
    read = [fast_yaml.compose(text) is not None for text in TEXTS]
    assert sum(read) / len(read) > 0.9
    assert fast_yaml.compose('a: R&D & Co!\r\nb: "x != 1"\r\n') is not None


@pytest.mark.parametrize(
    "word",
    [
        "yes", "No", "on", "OFF", "y", "n", "true", "False", "TRUE", "tRUE", "null", "Null", "~", "", "=", "<<",
        "0", "-0", "+1", "007", "0o17", "0O17", "017", "0x1F", "0b101", "1_000", "_1", "1:30", "190:20:30",
        "1.5", ".5", "5.", "1e3", "1E3", "1.e+3", "1e", "-.5e-3", ".5e3", ".inf", "-.INF", ".nan", ".NaN", "+.inf",
        "1_0.5", "1:30.5", "685_230.15", "2027-01-31", "2027-1-31", "2027-01-31 10:00:00", "2027-01-31T10:00:00Z",
        "2027-01-31T1:00:00+01:00", "0.1.2", "1.0.0", "1,000", "12e03", "0b2", "0xg", "08", "-", "--", "---x", "?",
        "99999999999999999999", "1e999", "0x", "0b", "0o", "1__2", "+", "-_", ".", "..", "._", "+_1", "0_", "@a",
        "`a", "%a", "a#b", "a: b", "a :b", "a:b", "[a:b]", "{a:b}", "{a: b}", "{a, b}", "[a: b]", "{'a':b}", "[,]",
        "[a,]", "{,}", "[?]", "[? a]", "{? a : b}", "- a", "'a''b'", '"a\\/b"', '"\\x41\\u0042\\U00000043"', '"\\q"',
        '"\\N\\_\\L\\P\\e\\0"', '"a\\\n b"', "!", "! 12", "!!str 1", "!a b", "!=x y", "&a 1", "*a", "&a", "| x", "|",
        "|\n  x\n  y", "|2\n   x", "|-\n  x\n\n", "|+\n  x\n\n", ">\n  x\n  y\n\n  z", ">-\n  x\n   y\n", "|\n x\n  y",
        "|#", ">-#", "|2+#\n  x",
        "a\n  b", "'a\n  b'", "#", "# x", "a # x", "é", "日本", "😀 x", "a\u2028b", "a\x85b", "a\ufeffb", "a\u00a0b",
        "a\tb", "\ta", "a\t", "a\t# x", "'a\tb'", '"\t"', "a\x07b", "a\x7fb", "\ud800",
    ],
)  # fmt: skip
def test_words(folder: Path, word: str) -> None:
    around = ("a: {}", "- {}", "a: [{}]", "a: {{b: {}}}", "{}: a", "{}", "{}\n...", "a:\n  b: {}\nc: 1\n")
    for text in around:
        assert_same(folder, text.format(word))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n", "# only", "---", "--- a", "---\na: 1", "a: 1\n---\nb: 1", "a: 1\n...", "a: 1\n...\nb", "...",
        "%YAML 1.1\n---\na: yes", "%YAML 1.2\n---\na: 017", "%TAG ! x\n---\na: 1", "a: %b", "a: |\n  %b\n",
        "\ufeffa: 1", "a: 1\rb: 2", "a: 1\r\nb: 2\r\n", "a:\n- b\n- c", "a:\n - b\n -  - c\n    - d", "- - - a",
        "? a\n: b", "? [a]\n: b", "{[a]: b}", "[a]: b", "a: 1\na: 2", "<<: {a: 1}\nb: 2", "a:\n  <<: {b: 1}",
        "a: b: c", "a:\n b: 1\n  c: 2", "a:\n  b: 1\n c: 2", "[a", "{a", "]", "'a", '"a', "a: 'b' c", "a: [b] c",
        "a : b", "'a' : b", '"a": b', "a:  b  ", "a: b #c", "a: b#c", "a:\n\n\n  b", "a: >\n\n\n  b\n", "a: |3\n  b",
        "a: {b: [c, {d: e}], f: }", "a: [\n1,\n2\n]", "a: {\n  b: 1,\n  c: 2}", "[a, [b, [c]]]", "a: [b\nc]",
        "a: {b\nc: 1}", "a: \"b\n\n  c\"", "a: 'b\n\n  c'", "a: b\n\n  c", "1: a", "true: a", "null: a", "~: a", ": a",
        "- a\nb: c", "a: - b", "- a: 1\n  b: 2\n-\n  c: 3\n-\n- d", "a: [1, 2, ]", "a: [ , ]", "a: {x: 1, x: 2}",
        "a: *b", "a: &b c\nd: *b", "a: !!python/object:os.system x", "a: @b", "a: `b", "a: [@b]", "a: 'x'y", "a: x'y'",
        "'a\n b': c", "a\n b: c", "a: b\n: c", "key: [a]: b", "x: ? y", "a: b,c]", "a: b}", "a: [b}c]", "a: [b:]",
        "a: [b: ]", "a: [:b]", "a: {:b}", "a: {b:}", "a: ::", "a: [::]", "a: [a::b]", "http://x: y", "[http://x:80/]",
        "{a: http://x, b: c}", "a: -b", "a: [-b]", "a: [- b]", "a: ?b", "a: [?b]", "a: :b", "- -\n- ?\n- :", "{a}: b",
        "|\n#", "--- |\n#", "- |\n#", "a: |\n#", '["a:b":c::d"]', '{"a":b::c"}', '["a":b]', "[[a]:b]", "--- # x\na: 1",
    ],
)  # fmt: skip
def test_documents(folder: Path, text: str) -> None:
    assert_same(folder, text)


@pytest.mark.parametrize("bracket", ["[", "{a: ", "- ", "[{a: ", "? "])
def test_no_depth_is_too_deep_for_it(folder: Path, bracket: str) -> None:
    for depth in (30, 39, 40, 41, 50, 59, 60, 61, 300):
        assert_same(folder, bracket * depth)
        assert_same(folder, bracket * depth + "1" + "}" * (depth * bracket.count("{")))
    assert fast_yaml.compose(bracket * (190_000 // len(bracket))) is None


@relaxed
@given(text=st.text("{}[]:,-#&*!|>'\"%@`?=<~\\/ \n\r\tab1.0_+eéx\u2028\x85\ufeff", max_size=40))
@example(text="a: [b,\n]\n")
def test_random_punctuation(folder: Path, text: str) -> None:
    assert_same(folder, text)


@relaxed
@given(text=st.text(max_size=40))
def test_random_text(folder: Path, text: str) -> None:
    assert_same(folder, text)


@relaxed
@given(data=st.data())
def test_files_with_a_part_of_another_pasted_in(folder: Path, data: st.DataObject) -> None:
    text, other = data.draw(st.sampled_from(TEXTS)), data.draw(st.sampled_from(TEXTS))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    first = data.draw(st.integers(0, len(other)))
    by = other[first : first + data.draw(st.integers(0, 40))] + data.draw(
        st.text(":-[]{}\"'#,|>&!\n ?", max_size=3)
    )
    assert_same(folder, text[:start] + by + text[min(end, start + 60) :])


def lines(depth: int) -> Any:
    words = st.sampled_from(
        ["a", "b", "1", "yes", "'x'", '"y"', "[a, b]", "{a: 1}", "|", ">-", "# c", "", "a b", "~"]
    )
    part = st.tuples(
        st.integers(0, depth), st.sampled_from(["", "- ", "a: ", "b: ", "- a: ", "? ", ": "]), words
    )
    return st.lists(part, max_size=8).map(lambda found: "\n".join("  " * i + p + w for i, p, w in found))


@relaxed
@given(text=lines(3))
def test_random_blocks(folder: Path, text: str) -> None:
    assert_same(folder, text)
