"""SQL text cut into the tokens of Athena's dialect (Trino).

Comments are taken out of what is sent to Athena, so that Athena and this check never read one differently.
Characters that Trino has no use for outside quotes are refused.
"""

import re
from dataclasses import dataclass
from typing import Literal

from functions.common.tool import RefusalError

Kind = Literal["word", "quoted", "string", "number", "symbol"]


@dataclass(frozen=True)
class Token:
    """One token. `value` is a name as the catalogue knows it (lower case, unquoted), else the text."""

    kind: Kind
    text: str
    value: str

    @property
    def is_name(self) -> bool:
        """Whether this can name a table or a column."""
        return self.kind in ("word", "quoted")

    def says(self, *words: str) -> bool:
        """Whether this is one of these keywords or symbols. A quoted name never is a keyword."""
        return self.kind in ("word", "symbol") and self.value in words


_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\r\n]* | /\*.*?\*/ )
    | (?P<space>   \s+ )
    | (?P<string>  '(?:[^']|'')*' )
    | (?P<quoted>  "(?:[^"]|"")+" )
    | (?P<number>  \d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![A-Za-z_]) | \.\d+(?:[eE][+-]?\d+)?(?![A-Za-z_]) )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<symbol>  /(?!\*) | \*(?!/) | [(),.+\-%<>=!|\[\]:;] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


def tokens(sql: str) -> tuple[list[Token], str]:
    """Return the tokens of one statement, and the statement without comments and closing semicolon.

    Refused if anything in it is not understood.
    """
    found: list[Token] = []
    clean = ""
    position = 0
    while position < len(sql):
        match = _TOKEN.match(sql, position)
        if match is None:
            raise RefusalError("bad_sql", _complaint(sql, position))
        position = match.end()
        kind, text = match.lastgroup, match.group()
        clean += " " if kind == "comment" else text
        if kind == "word":
            found.append(Token("word", text, text.lower()))
        elif kind == "quoted":
            found.append(Token("quoted", text, text[1:-1].replace('""', '"').lower()))
        elif kind in ("string", "number", "symbol"):
            found.append(Token(kind, text, text))  # type: ignore[arg-type]
    while found and found[-1].says(";"):
        found.pop()
    if any(token.says(";") for token in found):
        raise RefusalError("bad_sql", "Send one statement only: take out the semicolon and what follows it.")
    return found, clean.strip("; \t\r\n\f\v")


def _complaint(sql: str, position: int) -> str:
    rest = sql[position:]
    if rest.startswith("'"):
        return "A text in single quotes is not closed."
    if rest.startswith('"'):
        return "A name in double quotes is empty or not closed."
    if rest.startswith(("/*", "*/")):
        return "A comment is not closed, or not opened; comments do not nest."
    if rest.startswith("`"):
        return 'Names are quoted with double quotes here ("name"), not with backquotes.'
    return f"The character {rest[0]!r} at position {position + 1} has no place outside quotes."
