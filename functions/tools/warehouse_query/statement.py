"""The check that a statement only reads, and only tables of one domain.

It is one of two locks: the function's role may only read the tables of data domains. This one keeps a query
within its own domain, which the role cannot, and says in words what is wrong. There is no SQL parser in a
Lambda's standard library, and this needs none: in Trino's grammar a table is named after FROM, after JOIN, or
after a comma between tables, and nowhere else (TABLE and writing statements are refused as words).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from functions.common.tool import RefusalError
from functions.tools.warehouse_query.tokens import Token, tokens

MAX_CHARACTERS = 10_000
MAX_DEPTH = 50
_TABLE = re.compile(r"[a-z_][a-z0-9_]*")

# Words that begin, or turn a query into, something that does more than read. A column of that name is quoted.
FORBIDDEN = frozenset(
    (
        *("alter", "analyze", "call", "comment", "commit", "copy", "create", "deallocate", "delete", "deny"),
        *("describe", "drop", "execute", "explain", "export", "grant", "import", "insert", "into", "load"),
        *("lock", "merge", "msck", "optimize", "prepare", "refresh", "rename", "repair", "reset", "revoke"),
        *("rollback", "show", "start", "table", "truncate", "unload", "update", "use", "vacuum"),
    )
)
# Reserved words that end a list of tables. LIMIT, OFFSET and WINDOW also do, but Trino lets a table be called
# that.
_OPEN = Token("symbol", "(", "(")
_AFTER_TABLES = ("where", "group", "having", "order", "union", "except", "intersect")


@dataclass
class _Level:
    """One depth of brackets: whether it is a query, is in its list of tables, has a table due next."""

    query: bool = False
    in_tables: bool = False
    table_due: bool = False


def checked(sql: str, database: str, others: Collection[str] = ()) -> str:
    """Return the statement to run, without comments; RefusalError if it is anything but a read of `database`.

    `others` are the databases of other domains: their names are refused wherever they stand.
    """
    if len(sql) > MAX_CHARACTERS:
        raise RefusalError(
            "bad_sql", f"The statement is longer than {MAX_CHARACTERS} characters: shorten it."
        )
    found, statement = tokens(sql)
    if not found or not found[0].says("select", "with"):
        raise RefusalError(
            "not_a_read", "Only one SELECT statement can be run, with or without WITH before it."
        )
    foreign = {"information_schema", *(name.lower() for name in others)} - {database.lower()}
    for token in found:
        if token.kind == "word" and token.value in FORBIDDEN:
            raise RefusalError(
                "not_a_read",
                f"{token.text.upper()} is not allowed: this tool only reads. "
                f'If it is the name of a column, write it as "{token.text}".',
            )
        if token.is_name and token.value in foreign:
            raise RefusalError("other_database", _other(token.text))
    _check_tables(found, database.lower())
    return statement


def _check_tables(found: list[Token], database: str) -> None:
    """Go through the statement once and look at every place where a table is named."""
    levels = [_Level()]
    for position, token in enumerate(found):
        level = levels[-1]
        previous = found[position - 1] if position else None
        if token.says("("):
            # Brackets where a table is due hold a query or tables; all others an expression, or a query
            # within one.
            levels.append(_Level(in_tables=level.table_due, table_due=level.table_due))
            level.table_due = False
            if len(levels) > MAX_DEPTH:
                raise RefusalError(
                    "bad_sql", f"Brackets are nested deeper than {MAX_DEPTH}: simplify the statement."
                )
        elif token.says(")"):
            levels.pop()
            if not levels:
                raise RefusalError("bad_sql", "A bracket is closed that was not opened.")
        elif token.says("select"):
            levels[-1] = _Level(query=True)
        elif token.says("from"):
            # Not in EXTRACT(YEAR FROM x), which is no query, nor in x IS DISTINCT FROM y.
            if level.query and not (previous and previous.says("distinct")):
                level.in_tables = level.table_due = True
        elif token.says("join"):
            level.in_tables = level.table_due = True
        elif token.says(","):
            level.table_due = level.in_tables
        elif token.says(*_AFTER_TABLES):
            level.in_tables = level.table_due = False
        elif level.table_due and not token.says("lateral"):
            level.table_due = False
            if token.says("values", "with") and previous and previous.says("("):
                level.in_tables = False  # VALUES (1), (2) and WITH a AS (...), b AS (...) list no tables
            elif not (token.says("unnest") and found[position + 1 : position + 2] == [_OPEN]):
                _check_table(found, position, database)
    if len(levels) > 1:
        raise RefusalError("bad_sql", "A bracket is not closed.")


def _check_table(found: list[Token], position: int, database: str) -> None:
    """Look at the table named at a position, which may have its database before it but no other."""
    parts = [found[position]]
    while position + 2 < len(found) and found[position + 1].says("."):
        position += 2
        parts.append(found[position])
    if not all(part.is_name for part in parts):
        raise RefusalError("bad_sql", f"A table's name was expected, not {parts[-1].text}.")
    qualified = len(parts) > 2 or (len(parts) == 2 and parts[0].value != database)
    # A period within quotes is no separator for Trino; nothing here should hang on that.
    if qualified or any("." in part.value for part in parts):
        raise RefusalError("other_database", _other(".".join(part.text for part in parts)))
    # Such as "orders$partitions", Trino's tables about tables.
    if not _TABLE.fullmatch(parts[-1].value):
        raise RefusalError(
            "bad_sql", f"{parts[-1].text} is no table's name: it takes letters, digits and underscores only."
        )
    if found[position + 1 : position + 2] == [_OPEN]:
        raise RefusalError(
            "bad_sql", f"{parts[-1].text}(...) is no table: functions other than UNNEST give no rows here."
        )


def _other(name: str) -> str:
    return f"{name} is not a table of this domain. Name its tables alone, without a database before them."
