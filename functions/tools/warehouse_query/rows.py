"""A team's own rows: what a statement reads of a table with a team column, whatever its text.

Each such table that the statement names is put before it as a query of its own, with the same name:

    WITH orders AS (SELECT * FROM "db"."orders" WHERE "team" = 'sales') SELECT ...

Trino and DuckDB look a name without a database up among these first, at every depth, so nothing hangs on finding
all the places where a table is named. What gets round a name like that is refused: the database's name, wherever
it stands, and another query under the name of the table. What is within WITH RECURSIVE goes into brackets, for
Trino asks every query there for its columns: its rows come in no particular order.
"""

from collections.abc import Mapping, Sequence

from functions.common.tool import RefusalError
from functions.tools.warehouse_query.tokens import Token, tokens


def own_rows(statement: str, database: str, team_columns: Mapping[str, str], team: str) -> str:
    """Return a checked statement that reads only the team's rows of the tables in `team_columns`."""
    if not team_columns:
        return statement
    found, _ = tokens(statement)
    for position, token in enumerate(found):
        if token.is_name and database.lower() in token.value:
            raise RefusalError(
                "other_database",
                f"{token.text} is not allowed. Name the tables alone, without a database before them.",
            )
        if token.is_name and token.value in team_columns and _names_a_query(found, position):
            raise RefusalError(
                "bad_sql", f"{token.text} is a table of this domain: give your own query another name."
            )
    named = {token.value for token in found if token.is_name}
    own = ", ".join(
        f"{table} AS (SELECT * FROM {_quoted(database)}.{_quoted(table)} WHERE {_quoted(column)} = {_text(team)})"
        for table, column in sorted(team_columns.items())
        if table in named
    )
    if not own:
        return statement
    if not found[0].says("with"):
        return f"WITH {own} {statement}"
    if found[1].says("recursive"):
        return f"WITH {own} SELECT * FROM ({statement}) AS answer"
    # The statement is without comments, and its first word is WITH.
    return f"WITH {own}, {statement[len('with') :].lstrip()}"


def _names_a_query(found: Sequence[Token], position: int) -> bool:
    """Tell whether the name at a position is given to a query, as in `name (a, b) AS (` within WITH."""
    rest = iter(found[position + 1 :])
    token = next(rest, None)
    if token is not None and token.says("("):
        depth = 1
        for token in rest:
            depth += token.says("(") - token.says(")")
            if not depth:
                break
        token = next(rest, None)
    if token is None or not token.says("as"):
        return False
    token = next(rest, None)
    # Between AS and the bracket Trino has nothing, DuckDB [NOT] MATERIALIZED.
    return token is not None and token.says("(", "not", "materialized")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
