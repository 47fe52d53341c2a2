"""Passages and their ranking.

BM25 (Robertson and Zaragoza, 2009) over the passages of one domain, in plain Python: a search library would
bring numpy along, 100 MB to load at each cold start, where a domain's documents are a few megabytes and
ranking them takes milliseconds.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

PASSAGE_CHARACTERS = 800  # about 200 tokens of a model: one thought with what it needs around it
_K1, _B = 1.5, 0.75  # the usual values: how soon repetition stops counting, how much length does

_WORD = re.compile(r"\w+")
_HEADING = re.compile(r"#{1,6}\s+(.+)")


@dataclass(frozen=True)
class Passage:
    """A piece of a document. `page` counts from 1, in a document that has pages."""

    text: str
    source: str
    page: int | None
    words: Counter[str] = field(repr=False)


def split(text: str, source: str) -> list[Passage]:
    """Cut a document at its paragraphs into passages, each under the heading it stands under.

    Form feeds between its pages make it a document with pages: then no passage goes on to the next one.
    """
    passages: list[Passage] = []
    pages = text.split("\f")
    heading, pending, number = "", "", None

    def flush() -> None:
        nonlocal pending
        if pending:
            shown = f"{heading}\n{pending}" if heading else pending
            passages.append(Passage(shown, source, number, Counter(words(f"{source} {shown}"))))
            pending = ""

    for count, page in enumerate(pages, start=1):
        number = count if len(pages) > 1 else None
        for paragraph in re.split(r"\n\s*\n", page):
            block = paragraph.strip()
            first_line, _, rest = block.partition("\n")
            found = _HEADING.fullmatch(first_line.strip())
            if found:
                flush()
                heading, block = found[1][:120].strip(), rest.strip()
            for piece in _pieces(block):
                if len(pending) + len(piece) > PASSAGE_CHARACTERS:
                    flush()
                pending = f"{pending}\n{piece}" if pending else piece
        flush()
    return passages


def _pieces(block: str) -> Iterable[str]:
    """Cut a paragraph that is longer than a passage, at a space if there is one."""
    while len(block) > PASSAGE_CHARACTERS:
        cut = block.rfind(" ", PASSAGE_CHARACTERS // 2, PASSAGE_CHARACTERS)
        cut = cut if cut > 0 else PASSAGE_CHARACTERS
        yield block[:cut]
        block = block[cut:].lstrip()
    if block:
        yield block


def words(text: str) -> list[str]:
    """Return the words to match on, in lower case, without a plural's s: `routers` finds `router`."""
    found = _WORD.findall(text.lower())
    return [w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in found]


class Index:
    """The passages of one domain, ready to be ranked."""

    def __init__(self, passages: list[Passage]) -> None:
        self._passages = passages
        self._lengths = [sum(passage.words.values()) for passage in passages]
        self._average = sum(self._lengths) / len(passages) if passages else 0.0
        self._containing = Counter(word for passage in passages for word in passage.words)

    def best(self, query: str, limit: int, source: str | None = None) -> list[tuple[float, Passage]]:
        """Return the passages that share a word with the query, best first, with their scores.

        With a `source`, only that document's.
        """
        wanted = set(words(query))
        scored = (
            (self._score(wanted, passage, length), position, passage)
            for position, (passage, length) in enumerate(zip(self._passages, self._lengths, strict=True))
            if source in (None, passage.source)
        )
        ranked = sorted((hit for hit in scored if hit[0] > 0), key=lambda hit: (-hit[0], hit[1]))
        return [(score, passage) for score, _, passage in ranked[:limit]]

    def _score(self, wanted: set[str], passage: Passage, length: int) -> float:
        total = 0.0
        for word in wanted & passage.words.keys():
            containing = self._containing[word]
            rarity = math.log(1 + (len(self._passages) - containing + 0.5) / (containing + 0.5))
            often = passage.words[word]
            total += rarity * often * (_K1 + 1) / (often + _K1 * (1 - _B + _B * length / self._average))
        return total
