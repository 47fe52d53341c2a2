"""How new lines of YAML are written: short lists and mappings on one line, text with spaces in quotes."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

_WIDTH = 100
_MOST_ON_A_LINE = 3  # entries of a mapping
_WORD = re.compile(r"[\w.@/-]+", re.ASCII)


def item_lines(item: Mapping[str, Any], column: int) -> list[str]:
    """An item of a list, a line a key."""
    return [" " * column + line for line in _dump(_styled([item])).splitlines()]


def entry_lines(key: str, value: Any, column: int) -> list[str]:
    """An entry of a mapping."""
    return [" " * column + line for line in _dump(_styled({key: value})).splitlines()]


def inline(value: Any) -> str:
    """A value on one line, as it may stand in braces or brackets."""
    return _dump(_flow([value])).strip()[1:-1]


def _dump(value: Any) -> str:
    yaml = YAML()
    yaml.width = 1_000_000  # never broken into lines
    yaml.indent(mapping=2, sequence=4, offset=2)
    if isinstance(value, CommentedSeq) and not value.fa.flow_style():
        yaml.indent(mapping=2, sequence=2, offset=0)
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()


def _styled(value: Any, top: bool = True) -> Any:
    """Values with the style they are written in: in blocks, unless they are short."""
    if not isinstance(value, Mapping | list | tuple):
        return _scalar(value)
    if not value or (not top and _short(value)):
        return _flow(value)
    if isinstance(value, Mapping):
        return CommentedMap((key, _styled(item, top=False)) for key, item in value.items())
    return CommentedSeq(
        CommentedMap((key, _styled(inner, top=False)) for key, inner in item.items())
        if isinstance(item, Mapping)
        else _styled(item, top=False)
        for item in value
    )


def _short(value: Mapping[str, Any] | Sequence[Any]) -> bool:
    # a list of mappings is a list of things with a name: a line for each key of each
    if isinstance(value, Mapping):
        return len(value) <= _MOST_ON_A_LINE and len(inline(value)) <= _WIDTH
    return len(inline(value)) <= _WIDTH and not any(isinstance(v, Mapping) and len(v) > 2 for v in value)


def _flow(value: Any) -> Any:
    if isinstance(value, Mapping):
        mapping = CommentedMap((key, _flow(item)) for key, item in value.items())
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list | tuple):
        sequence = CommentedSeq(_flow(item) for item in value)
        sequence.fa.set_flow_style()
        return sequence
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, str) and not _WORD.fullmatch(value):
        return DoubleQuotedScalarString(value)
    return value
