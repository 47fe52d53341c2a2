"""card.md.j2: what an agent is for, in Markdown for people, as prompts are: Jinja2 in a sandbox.

A value is text and never Markdown. Whatever of it could begin or end something in Markdown is printed as a
character of Unicode's private use, which no Markdown parser knows; `unshielded` brings it back, in the HTML.
"""

import html
import string
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.sandbox import SandboxedEnvironment

from corral.spec.prompt import PROMPT_NAMES, check_text, render_text

CARD = "card.md.j2"
CARD_NAMES = PROMPT_NAMES | {"domains"}
_PRIVATE_USE = 0xE000
_SHIELDED = f"{string.punctuation} "
_SHIELDS = {ord(character): _PRIVATE_USE + ord(character) for character in _SHIELDED}
_PLAIN = {shield: chr(character) for character, shield in _SHIELDS.items()}
_IN_HTML = {shield: html.escape(character) for shield, character in _PLAIN.items()}


def _shielded(value: object) -> object:
    """A value as a card prints it: a list joined by commas, true as yes, none as nothing said."""
    if isinstance(value, Undefined):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(str(_shielded(item)) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return " ".join(str(value).split()).translate(_SHIELDS)


_cards = SandboxedEnvironment(
    undefined=StrictUndefined, finalize=_shielded, trim_blocks=True, lstrip_blocks=True
)


def check_card(text: str, parameters: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with a card template: line, message, hint."""
    return check_text(_cards, "card", text, CARD_NAMES, parameters)


def render_card(text: str, context: Mapping[str, Any]) -> str:
    """Render a card to Markdown with shielded values. Raises PromptError for whatever goes wrong in it."""
    return render_text(_cards, text, context)


def unshielded(rendered: str, *, in_html: bool = True) -> str:
    """What was made from a card's Markdown, with the values' own characters: HTML, or else plain text."""
    return rendered.translate(_IN_HTML if in_html else _PLAIN)
