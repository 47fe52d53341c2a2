"""Cards: Markdown to HTML that fits below a page's title, and to plain text for the index and the search."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from corral.spec.cards import unshielded

_BELOW_TITLE = 2
_LOWEST = 6
_parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


@dataclass(frozen=True)
class Text:
    """A card: as HTML, its first paragraph, all its words."""

    html: Markup
    lead: str
    plain: str


def convert(markdown: str) -> Text:
    """Convert a card that `render_card` made. Its highest heading becomes one of the second level."""
    tokens = _parser.parse(markdown)
    _below_title([token for token in tokens if token.type in ("heading_open", "heading_close")])
    _tables_that_scroll(tokens)
    paragraphs = [_plain(token) for token in tokens if token.type == "inline"]
    lead = next((_plain(token) for before, token in pairwise(tokens) if _is_first(before)), "")
    rendered = _parser.renderer.render(tokens, _parser.options, {})
    # markdown-it escapes all that is not its own, and what comes back is escaped
    return Text(Markup(unshielded(rendered)), lead, " ".join(paragraphs))  # noqa: S704


def _is_first(before: Token) -> bool:
    return before.type == "paragraph_open" and before.level == 0


def _below_title(headings: Sequence[Token]) -> None:
    lower = _BELOW_TITLE - min((int(token.tag[1]) for token in headings), default=_BELOW_TITLE)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) + lower, _LOWEST)}"


def _tables_that_scroll(tokens: Sequence[Token]) -> None:
    """Let a keyboard reach a table that is wider than the page."""
    for token in tokens:
        if token.type == "table_open":
            token.attrSet("class", "wide")
            token.attrSet("tabindex", "0")


def _plain(token: Token) -> str:
    parts = (child.content or " " for child in token.children or () if child.type in _WITH_TEXT)
    return unshielded("".join(parts), in_html=False)


_WITH_TEXT = {"text", "code_inline", "softbreak", "hardbreak"}
