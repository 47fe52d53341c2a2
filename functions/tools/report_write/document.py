"""A report as it is stored: what the agent wrote, then where its numbers come from."""

import re
from collections.abc import Sequence

from functions.common.canonical import digest
from functions.tools.report_write.queries import Query


def key(team: str, domain: str, title: str, body: str, queries: Sequence[Query]) -> str:
    """Return the key of a report. It follows from the report alone: the same one twice is one object."""
    day = max(query.run_at for query in queries).date()  # of the newest numbers, not of the writing
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-") or "report"
    whole = {"team": team, "domain": domain, "title": title, "body": body, "queries": [q.id for q in queries]}
    return f"{team}/{domain}/{day}-{slug}-{digest(whole)[:16]}.md"


def render(team: str, domain: str, title: str, body: str, queries: Sequence[Query]) -> str:
    """Return the report in Markdown. Its last section is the tool's own, from what Athena keeps of each query."""
    sources = "\n".join(_source(number, query) for number, query in enumerate(queries, start=1))
    return (
        f"# {title}\n\n"
        f"Team {team}, data domain {domain}. Written by an agent.\n\n"
        f"{body}\n\n"
        "---\n\n"
        "## Where the numbers come from\n\n"
        "What Athena keeps of each query that the report cites.\n\n"
        f"{sources}"
    )


def _source(number: int, query: Query) -> str:
    # Indented, so that nothing in a query's text ends the block.
    sql = "\n".join(f"    {line}" for line in re.split(r"\r\n|\r|\n", query.sql))
    return f"### [q{number}] {query.id}\n\nRun on {query.run_at:%Y-%m-%d at %H:%M:%S} UTC.\n\n{sql}\n"
