"""Reads a YAML file into plain data and keeps where each value stands, so that every error can name a line.

Stricter than YAML: text keys only, each once; no tags, anchors, aliases or control characters. Aliases could
make a small file endless, and nothing here needs them.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.tag import Tag

from corral.spec import fast_yaml
from corral.spec.errors import SpecError, show

MAX_BYTES = 200_000  # a second or more of parsing in pure Python; a hundred agents are 50,000
_MAX_DEPTH = 40
_MAX_INTEGER = 10**15  # exact as a JSON number everywhere
_TAG = "tag:yaml.org,2002:"
_SCALARS = {"str", "int", "float", "bool", "null", "timestamp"}

_UNREADABLE = object()

Node = Any  # of ruamel.yaml or of PyYAML: what both have is used here
Location = tuple[str | int, ...]
Position = tuple[int, int]  # line and column, from 1


def dotted(location: Location) -> str:
    """A location as a person writes it: agents[0].tools[1]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def hidden_character(text: str, allowed: str = "") -> str | None:
    """The first character that could change unseen how a text is read: control, line separator, bidi, tag."""
    if text.isprintable():
        return None
    for character in text:
        code = ord(character)
        reordering = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or 0xE0000 <= code <= 0xE007F
        if (
            reordering or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        ) and character not in allowed:
            return f"U+{code:04X}"
    return None


@dataclass
class Source:
    """A parsed file. `data` is None when nothing could be read; `errors` tell why."""

    path: Path
    shown: str
    data: Any = None
    errors: list[SpecError] = field(default_factory=list)
    bad: set[Location] = field(default_factory=set)  # where None stands for what could not be read
    _keys: dict[Location, Position] = field(default_factory=dict)
    _values: dict[Location, Position] = field(default_factory=dict)

    def position(self, location: Location, key: bool = False) -> Position:
        """Where a value (or its key) stands; for one that is not there, where what is around it does."""
        while location not in self._values and location:
            location, key = location[:-1], True
        found = self._keys.get(location) if key else None
        return found or self._values.get(location, (1, 1))

    def error(self, location: Location, message: str, hint: str = "", key: bool = False) -> SpecError:
        """An error at a value, or at its key."""
        return SpecError(self.shown, *self.position(location, key), message, hint)

    def _complain(self, node: Node, location: Location, message: str, hint: str = "") -> None:
        prefix = f"{dotted(location)}: " if location else ""
        self.errors.append(SpecError(self.shown, *_start(node), f"{prefix}{message}", hint))


def shown_path(path: Path, root: Path) -> str:
    """A path relative to the project, with forward slashes."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


_pretended: ContextVar[Mapping[Path, str]] = ContextVar("pretended", default=MappingProxyType({}))


@contextmanager
def pretending(texts: Mapping[Path, str]) -> Iterator[None]:
    """Read these texts in the place of what is on disk: an edit is checked before a byte of it is written."""
    token = _pretended.set({**_pretended.get(), **texts})
    try:
        yield
    finally:
        _pretended.reset(token)


def files(folder: Path, pattern: str) -> list[Path]:
    """The files and folders of a folder that fit a pattern, sorted; those that are pretended as well."""
    pretended = {
        folder / path.relative_to(folder).parts[0] for path in _pretended.get() if path.is_relative_to(folder)
    }
    return sorted({*folder.glob(pattern), *(path for path in pretended if path.match(pattern))})


def is_file(path: Path) -> bool:
    """Whether there is such a file, on disk or pretended."""
    return path in _pretended.get() or path.is_file()


def read_text(path: Path, root: Path) -> str | SpecError:
    """The text of a file of the project, or why it cannot be had."""
    if path in _pretended.get():
        return _pretended.get()[path]

    def wrong(message: str, hint: str = "") -> SpecError:
        return SpecError(shown_path(path, root), None, None, message, hint)

    try:
        if not path.is_file():
            return wrong("is not a file" if path.exists() else "does not exist")
        size = path.stat().st_size
        if size > MAX_BYTES:
            return wrong(f"is {size:,} bytes long", f"Allowed: at most {MAX_BYTES:,}.")
        content = path.read_bytes()
    except OSError as error:
        return wrong(f"cannot be read: {error.strerror or error}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return SpecError(
            shown_path(path, root),
            line,
            1,
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            "Save it as UTF-8.",
        )


def read_yaml(path: Path, root: Path) -> Source:
    """Read one YAML file. Never raises for what is in it."""
    source = Source(path, shown_path(path, root))
    text = read_text(path, root)
    if isinstance(text, SpecError):
        source.errors.append(text)
        return source
    yaml = YAML(typ="safe", pure=True)
    try:
        node = fast_yaml.compose(text) or yaml.compose(text)
        if node is not None:
            source.data = _Builder(source, yaml.constructor.construct_object).build(node)
        if source.data is None and not source.errors:
            source.errors.append(SpecError(source.shown, 1, 1, "is empty"))
    except RecursionError:
        source.errors.append(SpecError(source.shown, 1, 1, "is nested too deeply"))
    except (YAMLError, ValueError, LookupError, AssertionError, TypeError, AttributeError) as error:
        # ruamel.yaml raises more than its own errors on some malformed input
        source.errors.append(_syntax_error(source.shown, text, error))
    return source


def _start(node: Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _syntax_error(shown: str, text: str, error: Exception) -> SpecError:
    if isinstance(error, ReaderError):
        before = text[: error.position] if isinstance(error.position, int) else ""
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        return SpecError(shown, line, column, "a character that YAML does not allow", "Remove it.")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = (error.problem or error.context) if isinstance(error, MarkedYAMLError) else None
    if problem and "\\t" in problem:
        return SpecError(shown, line, column, "not YAML: a tab", "Indent with spaces.")
    if "single document" in str(getattr(error, "context", "")):
        return SpecError(shown, line, column, "a second document begins", "One document a file.")
    if problem and "<block end>" in problem:
        return SpecError(
            shown, line, column, "not YAML: this does not fit the lines before", "Check the indentation."
        )
    begun = getattr(error, "context_mark", None)
    hint = f"What it is in begins on line {begun.line + 1}." if begun and begun.line + 1 != line else ""
    return SpecError(shown, line, column, f"not YAML: {problem or 'it cannot be parsed'}", hint)


class _Builder:
    """Turns nodes into plain data (dict, list, text, numbers, booleans, None) and notes the positions."""

    def __init__(self, source: Source, scalar: Callable[[Node], Any]) -> None:
        self.source = source
        self.scalar = scalar

    def build(self, node: Node, location: Location = ()) -> Any:
        """The data of a node; None for what cannot be read, which is then noted as bad."""
        self.source._values.setdefault(location, _start(node))
        data = self._data(node, location)
        if data is _UNREADABLE:
            self.source.bad.add(location)
            return None
        return data

    def _data(self, node: Node, location: Location) -> Any:
        if (anchor := getattr(node, "anchor", None)) is not None:
            hint = "Anchors and aliases are not used here: write the value out."
            self.source._complain(node, (), f"anchor &{anchor}", hint)
            return _UNREADABLE
        if len(location) > _MAX_DEPTH:
            self.source._complain(node, (), "nested too deeply", f"Allowed: at most {_MAX_DEPTH} levels.")
            return _UNREADABLE
        tag = str(node.tag)
        if node.id == "mapping" and tag == f"{_TAG}map":
            return self._mapping(node, location)
        if node.id == "sequence" and tag == f"{_TAG}seq":
            return [self.build(item, (*location, index)) for index, item in enumerate(node.value)]
        if node.id == "scalar" and tag.removeprefix(_TAG) in _SCALARS:
            return self._scalar(node, location, tag.removeprefix(_TAG))
        self.source._complain(node, location, f"tag {tag.replace(_TAG, '!!')}", "Tags are not used here.")
        return _UNREADABLE

    def _mapping(self, node: Node, location: Location) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, key, value in self._entries(node, location):
            place = (*location, name)
            if name in data:
                first = self.source._keys[place][0]
                self.source._complain(key, place, "the key is there twice", f"It is also on line {first}.")
                continue
            self.source._keys[place] = _start(key)
            # a value on lines of its own is best found by its key
            same_line = value.start_mark.line == key.start_mark.line and value.id == "scalar"
            self.source._values[place] = _start(value if same_line else key)
            data[name] = self.build(value, place)
        return data

    def _entries(self, node: Node, location: Location) -> Iterator[tuple[str, Node, Node]]:
        for key, value in node.value:
            if key.id == "scalar" and key.tag == f"{_TAG}str" and getattr(key, "anchor", None) is None:
                name = self._scalar(key, location, "str")
                if name is not _UNREADABLE:
                    yield name, key, value
            else:
                text = show(key.value) if key.id == "scalar" else "a list or mapping"
                self.source._complain(key, location, f"{text} is not allowed as a key", "Keys are text.")

    def _scalar(self, node: Node, location: Location, kind: str) -> Any:
        if kind == "timestamp":
            return node.value  # the models read dates from text
        try:
            value = (
                node.value
                if kind == "str"
                else self.scalar(ScalarNode(Tag(suffix=f"{_TAG}{kind}"), node.value))
            )
        except (YAMLError, ValueError, LookupError, AttributeError, TypeError, OverflowError):
            self.source._complain(
                node,
                location,
                f"{show(node.value)} cannot be read as {kind}",
                "Put it in quotes if it is text.",
            )
            return _UNREADABLE
        if isinstance(value, str) and (found := hidden_character(value, allowed="\n\t")):
            self.source._complain(node, location, f"text with the hidden character {found}", "Remove it.")
            return _UNREADABLE
        if isinstance(value, int) and abs(value) > _MAX_INTEGER:
            self.source._complain(
                node, location, f"{show(node.value)} is too large a number", "Put it in quotes if it is text."
            )
            return _UNREADABLE
        if isinstance(value, float) and value - value != 0:
            self.source._complain(node, location, f"{show(node.value)} is not a finite number")
            return _UNREADABLE
        return value
