"""Composes YAML with libyaml, twenty times as fast as in Python, wherever both certainly agree on what it says.

libyaml speaks YAML 1.1, this project YAML 1.2: so libyaml only finds the structure and the places, and what a
plain word is (text, number, true or false) is decided by ruamel.yaml's own rules for 1.2. Whatever is rare, in
doubt or wrong is left to ruamel.yaml, whose errors are those that a person sees.
"""

import re
from collections.abc import Iterable
from typing import Any

import yaml
from ruamel.yaml.resolver import implicit_resolvers
from yaml.nodes import MappingNode, Node, SequenceNode

# PyYAML can be built without libyaml.
_Parser: Any = vars(yaml.cyaml)["CParser"] if yaml.__with_libyaml__ else object

_TAG = "tag:yaml.org,2002:"
_MAX_DEPTH = 60  # more than a file may have; libyaml's composer would use up the C stack
# Where the two readers differ, or might.
_IN_DOUBT = re.compile(
    r"""(?<!\w)&\S        # an anchor
    | (?<!\w)!(?!=)       # a tag
    | ^(%|\.\.\.|---\S*[ ])  # a directive, the end of a document, a text on the line that begins one
    | ^[ ]*[|>]           # a block of text without a key
    | [|>][-+\d]*\#       # a comment glued to the head of a block
    | ["'\]}]:\S          # a value glued to its key
    | \r(?!\n) | [\t\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]  # unusual characters
    """,
    re.MULTILINE | re.VERBOSE,
)


def _rules() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """What plain words of YAML 1.2 are no text: by first character, tag and pattern."""
    rules: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for versions, tag, pattern, first in implicit_resolvers:
        if (1, 2) in versions:
            for character in first:
                rules.setdefault(character, []).append((tag, re.compile(pattern.pattern, pattern.flags)))
    return rules


_RULES = _rules()


class _InDoubtError(Exception):
    """Left to ruamel.yaml."""


def compose(text: str) -> Node | None:
    """The node of a text's only document; None when ruamel.yaml has to read it."""
    if _Parser is object or _IN_DOUBT.search(text):
        return None
    try:
        return _Composer(text).get_single_node()  # type: ignore[no-any-return]
    except (yaml.YAMLError, _InDoubtError, UnicodeError, RecursionError):
        return None


class _Composer(_Parser):  # type: ignore[misc]
    """libyaml's parser. It calls these methods at each node."""

    depth = 0

    def resolve(self, kind: type[Node], value: str | None, implicit: Iterable[bool] | bool) -> str:
        """The tag of a node that has none."""
        if kind is MappingNode:
            return f"{_TAG}map"
        if kind is SequenceNode:
            return f"{_TAG}seq"
        plain, _ = implicit  # type: ignore[misc]
        if plain and not value:
            raise _InDoubtError  # where nothing stands is for ruamel.yaml to say
        if plain and value:
            for tag, pattern in _RULES.get(value[:1], ()):
                if pattern.match(value):
                    return tag
        return f"{_TAG}str"

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Called before a node is composed."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _InDoubtError

    def ascend_resolver(self) -> None:
        """Called after a node was composed."""
        self.depth -= 1
