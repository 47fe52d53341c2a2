"""The rule by which a report's numbers lead back to queries.

Whatever holds a digit holds a citation: each paragraph, list item, heading and table row. Whether the query really
gave that number is not judged here: sums, rounding and units would need a reading of the text. A person finds it out
from the query beside it; a number without a query cannot be written.
"""

import re
import unicodedata
from collections.abc import Iterator

from functions.common.tool import RefusalError

_CITATION = re.compile(r"\[q\d+(?:, ?q\d+)*\]", re.ASCII)
_DATE = re.compile(
    r"(?<![\w.,/-])(?:19|20)\d\d-(?:(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?|Q[1-4])(?![\w/-]|[.,]\d)",
    re.ASCII,
)
_NUMBERING = re.compile(r"^\s*(?:#{1,6}\s+)?\d{1,2}(?:\.\d{1,2})*[.)]\s", re.ASCII)
_ITEM = re.compile(r"^\s*(?:[-*+]|\d{1,2}[.)])\s", re.ASCII)
_ALONE = re.compile(r"^\s*#{1,6}\s|\|")  # a heading or a table's row: the next line is none of it
_ACTIVE = re.compile(r"<[A-Za-z!/?]|!\[|```|~~~")


def check_title(title: str) -> None:
    """Refuse a title of several lines, with something active in it, or with a number, which nothing could cite."""
    _check_characters("title", title, "")
    if figure := _figure(title):
        raise RefusalError(
            "not_traceable",
            f"The title holds the figure {figure}, which a title cannot cite: put it into the body.",
        )


def check_body(body: str, queries: int) -> None:
    """Refuse a body in which a figure has no citation, a citation no query, or a query no citation."""
    _check_characters("body", body, "\n\t")
    cited: set[int] = set()
    for block in _blocks(body):
        numbers = {int(n) for mark in _CITATION.findall(block) for n in re.findall(r"\d+", mark)}
        if wrong := sorted(numbers - set(range(1, queries + 1))):
            raise RefusalError(
                "not_traceable",
                f"The body cites q{wrong[0]}, but there are {queries} query_ids: q1 is the first.",
            )
        if not numbers and (figure := _figure(block)):
            start = " ".join(block.split())[:60]
            raise RefusalError(
                "not_traceable",
                f'"{start}" holds the figure {figure} without a citation. Add the query it comes from, as in [q1]; '
                "dates are written 2026-11-24, months 2026-11, quarters 2026-Q3.",
            )
        cited |= numbers
    if unused := sorted(set(range(1, queries + 1)) - cited):
        raise RefusalError(
            "not_traceable", f"Query {unused[0]} is cited nowhere: cite it as [q{unused[0]}] or leave it out."
        )


def _check_characters(name: str, text: str, allowed: str) -> None:
    hidden = next(
        (c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c not in allowed), None
    )
    if hidden is not None:
        where = "one line without control characters" if not allowed else "text without control characters"
        raise RefusalError("bad_arguments", f"The {name} must be {where}: it holds U+{ord(hidden):04X}.")
    if found := _ACTIVE.search(text):
        raise RefusalError(
            "bad_arguments",
            f"The {name} holds {found[0]!r}: HTML, images and code blocks are not allowed in a report.",
        )


def _blocks(body: str) -> Iterator[str]:
    """Cut a body into what must hold a citation of its own: paragraphs, list items, headings, table rows."""
    block: list[str] = []
    for line in [*body.split("\n"), ""]:
        alone = _ALONE.search(line)
        if block and (alone or not line.strip() or _ITEM.match(line)):
            yield "\n".join(block)
            block = []
        if alone:
            yield line
        elif line.strip():
            block.append(line)


def _figure(block: str) -> str | None:
    """Return the first figure of a block that counts, or None. Digits of every script count, and so do ½ and Ⅻ."""
    text = _DATE.sub("", _CITATION.sub("", _NUMBERING.sub("", block)))
    found = next((i for i, c in enumerate(text) if unicodedata.category(c).startswith("N")), None)
    return None if found is None else re.split(r"[\s|]", text[found:])[0][:20]
