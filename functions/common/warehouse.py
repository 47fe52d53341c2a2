"""What the tools of the warehouse agree on: a domain's database, a team's name, and for whom a query was run.

warehouse-query writes the team into a comment before each query, having taken out every comment of the caller's.
Athena keeps a query's text as it was run, and no other role may run one in the workgroup: so what report-write
reads there is true, whatever a model says.
"""

import json
import os
import re

from functions.common.tool import Arguments, RefusalError

_TEAM = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def team_of(arguments: Arguments) -> str:
    """Return the argument `team`: policy binds it to the agent's own. It goes into SQL, so its form is checked."""
    team = arguments.text("team", max_length=16)
    if not _TEAM.fullmatch(team):
        raise RefusalError("bad_arguments", f"There is no team {team!r}. Use the one in your instructions.")
    return team


def databases() -> dict[str, str]:
    """Return the database of each domain that has tables."""
    found: dict[str, str] = json.loads(os.environ["WAREHOUSE_DATABASES"])
    return found


def database_of(domain: str) -> str:
    """Return a domain's database. RefusalError for a domain without tables."""
    database = databases().get(domain)
    if database is None:
        raise RefusalError(
            "unknown_domain",
            f"There is no data domain {domain!r} with tables. Use the domain named in your instructions.",
        )
    return database


def marked(statement: str, team: str) -> str:
    """Return a statement with the team it is run for before it."""
    return f"{_mark(team)} {statement}"


def is_marked(query: str, team: str) -> bool:
    """Tell whether a query, as Athena has it, was run for a team."""
    return query.startswith(f"{_mark(team)} ")


def _mark(team: str) -> str:
    return f"/* corral: run for team {team} */"
