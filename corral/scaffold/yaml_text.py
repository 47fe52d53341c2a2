"""Edits of a YAML file's text: what must change does, and every other byte stays as it is.

Nodes say where things stand in the text; a few splices make the edit. The outcome is read again and compared
with what it should say, so that an unusual way of writing is refused rather than spoilt.
"""

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from corral.scaffold.yaml_lines import entry_lines, inline, item_lines

Location = tuple[str | int, ...]
Node = Any  # of ruamel.yaml, whose own types lack what these have
Splice = tuple[int, int, str]  # from, to, what comes there instead
_BREAK = re.compile(r"\r\n|\n|\r")


class CannotEditError(Exception):
    """A text that cannot be edited without a person."""


def append_item(text: str, key: str, item: dict[str, Any]) -> str:
    """Add an item to the list that a key of the document holds; the list is made if there is none."""

    def change(data: dict[str, Any]) -> None:
        data[key] = [*(data.get(key) or ()), item]

    document = _Document(text)
    return document.edited(document.append(key, item), change)


def remove_item(text: str, key: str, index: int) -> str:
    """Remove an item of such a list, with the comment directly above it."""
    document = _Document(text)
    return document.edited(document.remove_item((key,), index), lambda data: data[key].pop(index))


def put(text: str, location: Location, value: Any) -> str:
    """Give an entry another value, a scalar; or add it as the last of its mapping, with any value."""
    document = _Document(text)
    return document.edited(
        document.put(location, value), lambda data: _at(data, location[:-1]).update({location[-1]: value})
    )


def rename(text: str, location: Location, name: str) -> str:
    """Give an entry's key another name."""

    def change(data: dict[str, Any]) -> None:
        mapping = _at(data, location[:-1])
        entries = [(name if key == location[-1] else key, value) for key, value in mapping.items()]
        mapping.clear()
        mapping.update(entries)

    document = _Document(text)
    key, _ = document.entry(location)
    return document.edited([(key.start_mark.index, key.end_mark.index, inline(name))], change)


def remove(text: str, location: Location) -> str:
    """Remove an entry of a mapping."""
    document = _Document(text)
    return document.edited(
        document.remove_entry(location), lambda data: _at(data, location[:-1]).pop(location[-1])
    )


def _at(data: Any, location: Location) -> Any:
    for part in location:
        data = data[part]
    return data


def _read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


class _Document:
    """A text and its nodes."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self.data = _read(text)
            self.root = YAML(typ="safe", pure=True).compose(text)
        except (YAMLError, ValueError) as error:
            raise CannotEditError(f"it is not YAML: {error}") from None
        if not isinstance(self.root, MappingNode):
            raise CannotEditError("it is no mapping")
        first = _BREAK.search(text)
        self.newline = first.group() if first else "\n"

    def edited(self, splices: Sequence[Splice], change: Callable[[dict[str, Any]], object]) -> str:
        """The text with the splices made, if it then says what the change makes of the data."""
        wanted = copy.deepcopy(self.data)
        change(wanted)
        text = self.text
        for start, end, new in sorted(splices, reverse=True):
            text = text[:start] + new + text[end:]
        try:
            found = _read(text)
        except (YAMLError, ValueError):
            found = None
        if repr(found) != repr(wanted):  # 1, 1.0 and true are equal, and must not be taken for each other
            raise CannotEditError("it is written in a way that cannot be edited safely")
        return text

    def append(self, key: str, item: dict[str, Any]) -> list[Splice]:
        found = self._find(self.root, key)
        if found is None:
            return self.put((key,), [item])
        name, value = found
        if isinstance(value, SequenceNode) and value.flow_style and not self._is_bare(value):
            return [*self._append_flow(value, inline(item))]
        if isinstance(value, SequenceNode) and not value.flow_style:
            column = value.start_mark.column
            place = self._below(self._end(value), column)
            # a blank line above already is part of a text, and so would another one be
            between = [""] if self._spaced(value) and self._gap(place) == place else []
            return [self._insert(place, [*between, *item_lines(item, column)])]
        # nothing, null or []: the list begins on the next line
        colon = self._colon(name)
        end = max(colon, self._end(value)) if value.start_mark.index != value.end_mark.index else colon
        if self.root.flow_style:
            return [(colon, end, f" [{inline(item)}]")]
        return [(colon, end, ""), self._insert(self._line_end(end), item_lines(item, 2))]

    def put(self, location: Location, value: Any) -> list[Splice]:
        parent = self.node(location[:-1])
        key = str(location[-1])
        if not isinstance(parent, MappingNode):
            raise CannotEditError("it is written in a way that cannot be edited safely")
        found = self._find(parent, key)
        if found is None:
            if parent.flow_style:
                return self._append_flow(parent, f"{inline(key)}: {inline(value)}")
            place = self._below(self._end(parent), parent.start_mark.column)
            return [self._insert(place, entry_lines(key, value, parent.start_mark.column))]
        name, old = found
        if not isinstance(old, ScalarNode):
            raise CannotEditError(f"{key} is no single value")
        if old.start_mark.index == old.end_mark.index:
            return [(self._colon(name), self._colon(name), f" {inline(value)}")]
        return [(old.start_mark.index, self._end(old), inline(value))]

    def remove_item(self, location: Location, index: int) -> list[Splice]:
        sequence = self.node(location)
        if not isinstance(sequence, SequenceNode):
            raise CannotEditError("it holds no list")
        items = sequence.value
        if sequence.flow_style:
            return self._remove_flow([(node.start_mark.index, self._end(node)) for node in items], index)
        item, column = items[index], sequence.start_mark.column
        start = self._with_comment(self._line_start(item.start_mark.index), column)
        end = self._below(self._end(item), column)
        if len(items) == 1:
            key, _ = self.entry(location)
            return [(self._colon(key), self._colon(key), " []"), (start, end, "")]
        if self._blank_after(end) or index == len(items) - 1:
            above = self._line_end(self._end(items[index - 1])) if index else start
            start = max(above, self._gap(start))  # what keeps it apart from the one above goes with it
        if end == len(self.text) and not self.text.endswith(("\n", "\r")):
            start -= len(_last_break(self.text[:start]))  # the file goes on having no break at its end
        return [(start, end, "")]

    def remove_entry(self, location: Location) -> list[Splice]:
        parent = self.node(location[:-1])
        key, value = self.entry(location)
        entries = parent.value
        index = next(i for i, (name, _) in enumerate(entries) if name is key)
        if parent.flow_style:
            return self._remove_flow(
                [(name.start_mark.index, self._entry_end(name, v)) for name, v in entries], index
            )
        start, end = key.start_mark.index, self._below(self._entry_end(key, value), key.start_mark.column)
        if self.text[self._line_start(start) : start].strip():  # on the line of a list item's dash
            if index + 1 == len(entries):
                return [(start, self._entry_end(key, value), "{}")]
            return [(start, entries[index + 1][0].start_mark.index, "")]
        splices: list[Splice] = [(self._line_start(start), end, "")]
        if len(entries) == 1:
            above, _ = self.entry(location[:-1])
            splices.append((self._colon(above), self._colon(above), " {}"))
        return splices

    def node(self, location: Location) -> Node:
        """The node at a location."""
        node = self.root
        for part in location:
            if isinstance(part, int) and isinstance(node, SequenceNode):
                node = node.value[part]
            else:
                found = self._find(node, str(part))
                if found is None:
                    raise CannotEditError(f"it has no {part}")
                node = found[1]
        return node

    def entry(self, location: Location) -> tuple[Node, Node]:
        """The key and the value at a location."""
        found = self._find(self.node(location[:-1]), str(location[-1]))
        if found is None:
            raise CannotEditError(f"it has no {location[-1]}")
        return found

    def _find(self, node: Node, key: str) -> tuple[Node, Node] | None:
        entries = node.value if isinstance(node, MappingNode) else []
        return next(((name, value) for name, value in entries if name.value == key), None)

    def _end(self, node: Node) -> int:
        """Where a node's own text ends. A block's mark is further down, behind comments and blank lines."""
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        if isinstance(node, ScalarNode):
            if node.style not in ("|", ">"):
                return end
            chunk = self.text[start:end]
            if "+" in _BREAK.split(chunk)[0]:  # its empty lines belong to it
                return end - len(_last_break(chunk))
            return start + len(chunk.rstrip())
        if node.flow_style or not node.value:
            return end
        if isinstance(node, MappingNode):
            return self._entry_end(*node.value[-1])
        return self._end(node.value[-1])

    def _entry_end(self, key: Node, value: Node) -> int:
        if value.start_mark.index == value.end_mark.index:  # nothing: its mark is at what comes next
            return self._colon(key)
        return self._end(value)

    def _colon(self, key: Node) -> int:
        """The place behind a key's colon."""
        end = int(key.end_mark.index)
        found = re.compile(r"[ \t]*:").match(self.text, end)
        return found.end() if found else end

    def _is_bare(self, node: Node) -> bool:
        """Whether a flow list is [] and no more."""
        return re.fullmatch(r"\[[ \t]*\]", self.text[node.start_mark.index : node.end_mark.index]) is not None

    def _line_start(self, place: int) -> int:
        found = [match.end() for match in _BREAK.finditer(self.text, 0, place)]
        return found[-1] if found else 0

    def _line_end(self, place: int) -> int:
        """The beginning of the next line, or the end of the text."""
        found = _BREAK.search(self.text, place)
        return found.end() if found else len(self.text)

    def _below(self, end: int, column: int) -> int:
        """The line below what ends here, and below the comments that are indented deeper than it."""
        place = self._line_end(end)
        deeper = re.compile(rf"[ ]{{{column + 1},}}#[^\r\n]*(?:\r\n|\n|\r|\Z)")
        while found := deeper.match(self.text, place):
            place = found.end()
        return place

    def _with_comment(self, start: int, column: int) -> int:
        """The beginning of the comment directly above a line, if it is not indented deeper."""
        while start:
            above = self._line_start(start - len(_last_break(self.text[:start])))
            if not re.compile(rf"[ ]{{0,{column}}}#").match(self.text, above, start):
                break
            start = above
        return start

    def _gap(self, start: int) -> int:
        """The beginning of the blank lines above a line."""
        while start:
            above = self._line_start(start - len(_last_break(self.text[:start])))
            if self.text[above:start].strip():
                break
            start = above
        return start

    def _blank_after(self, end: int) -> bool:
        return end < len(self.text) and not self.text[end : self._line_end(end)].strip()

    def _spaced(self, sequence: SequenceNode) -> bool:
        """Whether blank lines stand between the last two items of a list."""
        if len(sequence.value) < 2:
            return False
        end = self._line_end(self._end(sequence.value[-2]))
        between = self.text[end : self._line_start(sequence.value[-1].start_mark.index)]
        return any(not line.strip() for line in _BREAK.split(between)[:-1])

    def _insert(self, place: int, lines: Sequence[str]) -> Splice:
        """Lines at the beginning of a line; a text without a break at its end goes on having none."""
        if place and not self.text[:place].endswith(("\n", "\r")):
            return place, place, "".join(self.newline + line for line in lines)
        return place, place, "".join(line + self.newline for line in lines)

    def _append_flow(self, node: Node, snippet: str) -> list[Splice]:
        start, close = int(node.start_mark.index), int(node.end_mark.index) - 1
        if not node.value:
            inner = self.text[start + 1 : close]
            new = snippet if not inner.strip() else f"{snippet}{self.newline}"
            return [(close - (0 if inner.strip() else len(inner)), close, new)]
        last = node.value[-1]
        first = last[0] if isinstance(last, tuple) else last
        end = self._entry_end(*last) if isinstance(last, tuple) else self._end(last)
        comma = re.compile(r"(?:\s|#[^\r\n]*[\r\n])*,").match(self.text, end, close)
        after = comma.end() if comma else end
        line = self._line_start(first.start_mark.index)
        if line <= start or self.text[line : first.start_mark.index].strip():  # not on a line of its own
            new = f" {snippet}," if comma else f", {snippet}"
            return [(after, after, new)]
        found = _BREAK.search(self.text, after, close)
        place = found.start() if found else after
        new = f"{self.newline}{self.text[line : first.start_mark.index]}{snippet}{',' if comma else ''}"
        if comma:
            return [(place, place, new)]
        return [(end, place, f",{self.text[end:place]}{new}")]

    def _remove_flow(self, spans: Sequence[tuple[int, int]], index: int) -> list[Splice]:
        start, end = spans[index]
        if index + 1 < len(spans):
            return [(start, spans[index + 1][0], "")]
        if index:
            return [(spans[index - 1][1], end, "")]
        comma = re.compile(r"[ \t]*,").match(self.text, end)
        return [(start, comma.end() if comma else end, "")]


def _last_break(text: str) -> str:
    return "\r\n" if text.endswith("\r\n") else text[-1:] if text.endswith(("\n", "\r")) else ""
