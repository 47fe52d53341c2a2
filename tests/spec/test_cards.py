"""A value in a card is text and never Markdown: whatever it holds, the page has it word for word."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from corral.spec.cards import check_card, render_card, unshielded
from corral.spec.prompt import PromptError

VALUE = "{{ parameters.value }}"
CARD = f"## About\n\nIt helps with {VALUE} here.\n\n{VALUE}\n\n| a |\n|---|\n| {VALUE} |"


def page(text: str, **parameters: object) -> str:
    context = {"parameters": parameters, "tools": ("a-b", "c"), "agent": "x", "team": "y", "domains": ()}
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return unshielded(markdown.render(render_card(text, context)))


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "**bold** _it_ `code` [link](http://example.com) ![x](y)",
        "# Heading",
        "- item",
        "1. item",
        "    code",
        "| cell | cell",
        "&lt;script&gt;",
        "http://example.com",
        "\\",
        "{{ agent }}",
        "---",
    ],
)
def test_attacks_stay_text(attack: str) -> None:
    said = html.escape(" ".join(attack.split()))
    assert page(CARD, value=attack).replace("\n", "") == (
        f"<h2>About</h2><p>It helps with {said} here.</p><p>{said}</p>"
        f"<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>{said}</td></tr></tbody></table>"
    )


@given(st.text(max_size=80))
def test_no_value_begins_an_element(value: str) -> None:
    assert page(CARD, value=f"{value}x").count("<") == page(CARD, value="x").count("<")


def test_values_as_a_card_prints_them() -> None:
    text = "{{ tools }}/{{ domains }}/{{ parameters.n }}/{{ parameters.yes }}/{{ parameters.none }}"
    assert page(text, n=3, yes=True, none=None) == "<p>a-b, c/none/3/yes/none</p>\n"
    assert page("`{{ tools }}` **{{ agent }}**") == "<p><code>a-b, c</code> <strong>x</strong></p>\n"


def test_a_name_that_is_nothing_is_refused() -> None:
    with pytest.raises(PromptError, match="'nothing' is undefined"):
        page("{{ nothing }}")
    assert [line for line, _, _ in check_card("\n{{ last }}", [])] == [2]
