"""What of the records the report shows: each a saved query, counted and cut by the database, never read whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["text", "code", "time", "number"]


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in the query, what it is called in the report, how it is written."""

    name: str
    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Wanted:
    """Rows that the report wants of a saved query. `select` is asked of it, `{saved}` being the query itself."""

    id: str  # its place in the report
    query: str
    title: str
    select: str
    order: str
    columns: tuple[Column, ...]
    limit: int = 50
    given: Mapping[str, str] = field(default_factory=dict)

    def sql(self, saved: str) -> str:
        """Return the rows of which the report shows the first, each with the number of all."""
        selected = self.select.format(saved=f"({saved})")
        return (
            f"SELECT *, count(*) OVER () AS all_rows FROM ({selected}) AS selected\n"
            f"ORDER BY {self.order} LIMIT {self.limit}"
        )


@dataclass(frozen=True)
class Listing:
    """What was found: the first rows, how many there are, and the command that gives all. Or why there are none."""

    wanted: Wanted
    rows: tuple[Mapping[str, Any], ...]
    total: int
    command: str
    problem: str | None = None

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than these."""
        return self.total > len(self.rows)


_TOOL, _CALLER, _TEAM = (
    Column("tool", "Tool", "code"),
    Column("caller", "Caller", "code"),
    Column("team", "Team"),
)
_FIRST, _LAST = Column("first_at", "First (UTC)", "time"), Column("last_at", "Last (UTC)", "time")


def _counts(*columns: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, title, "number") for name, title in columns)


def over_time(by: Literal["day", "hour"]) -> Wanted:
    """Decisions by day, or by hour in a short period."""
    return Wanted(
        id="over-time",
        query="decisions-over-time",
        title=f"Decisions by {by} and team",
        select="SELECT starts_at, team, allowed, denied, held FROM {saved} AS saved",
        order="starts_at, team",
        columns=(
            Column("starts_at", by.capitalize(), "time"),
            _TEAM,
            *_counts(("allowed", "Allowed"), ("denied", "Denied"), ("held", "Of these held")),
        ),
        limit=100_000,  # teams times days, or hours: what a chart draws and no table shows
        given={"by": by},
    )


LISTINGS = (
    Wanted(
        id="by-tool",
        query="calls-by-agent",
        title="Calls by tool",
        select=(
            "SELECT tool, sum(calls) AS calls, sum(allowed) AS allowed, sum(denied) AS denied, sum(failed) AS failed,"
            " count(*) AS agents FROM {saved} AS saved GROUP BY tool"
        ),
        order="calls DESC, tool",
        columns=(
            _TOOL,
            *_counts(("calls", "Calls"), ("allowed", "Allowed"), ("denied", "Denied"), ("failed", "Failed")),
            *_counts(("agents", "Agents")),
        ),
    ),
    Wanted(
        id="by-agent",
        query="calls-by-agent",
        title="Calls by agent",
        select=(
            "SELECT team, agent, sum(calls) AS calls, sum(denied) AS denied, sum(failed) AS failed,"
            " max(last_at) AS last_at FROM {saved} AS saved GROUP BY team, agent"
        ),
        order="calls DESC, team, agent",
        columns=(_TEAM, Column("agent", "Agent"), *_counts(("calls", "Calls"), ("denied", "Denied")), _LAST),
        limit=2000,  # as many as an environment has agents: the report has a row for each of them anyway
    ),
    Wanted(
        id="reasons",
        query="denials-by-reason",
        title="Why calls were denied",
        select=(
            "SELECT denied_by, why, sum(times) AS times, count(DISTINCT caller) AS callers, min(first_at) AS first_at,"
            " max(last_at) AS last_at FROM {saved} AS saved GROUP BY denied_by, why"
        ),
        order="times DESC, denied_by, why",
        columns=(
            Column("denied_by", "Denied by"),
            Column("why", "Reason"),
            *_counts(("times", "Times"), ("callers", "Callers")),
            *(_FIRST, _LAST),
        ),
        limit=30,
    ),
    Wanted(
        id="denials",
        query="denials-by-reason",
        title="Denied calls: who, what, why",
        select="SELECT times, denied_by, why, caller, tool, first_at, last_at FROM {saved} AS saved",
        order="times DESC, denied_by, why, caller, tool",
        columns=(
            _CALLER,
            _TOOL,
            Column("denied_by", "Denied by"),
            Column("why", "Reason"),
            *_counts(("times", "Times")),
            *(_FIRST, _LAST),
        ),
    ),
    Wanted(
        id="approval-results",
        query="approvals",
        title="What became of calls that wait for a person",
        select="SELECT result, count(*) AS calls FROM {saved} AS saved GROUP BY result",
        order="calls DESC, result",
        columns=(Column("result", "Result"), *_counts(("calls", "Calls"))),
        limit=10,
    ),
    Wanted(
        id="approvals",
        query="approvals",
        title="Approvals, and by whom: the latest",
        select=(
            "SELECT asked_at, approval_id, team, agent, tool, result, approved_by, used_at, arguments"
            " FROM {saved} AS saved"
        ),
        order="asked_at DESC, approval_id",
        columns=(
            Column("asked_at", "Asked (UTC)", "time"),
            *(_TEAM, Column("agent", "Agent"), _TOOL),
            Column("arguments", "Arguments", "code"),
            Column("result", "Result"),
            Column("approved_by", "Approved by", "code"),
            Column("used_at", "Ran (UTC)", "time"),
            Column("approval_id", "Approval", "code"),
        ),
        limit=40,
    ),
    Wanted(
        id="after-hours",
        query="after-hours",
        title="Use after hours: before 8:00, from 18:00, or at a weekend, by UTC",
        select=(
            "SELECT team, agent, count(*) AS sessions, sum(calls) AS calls, sum(denied) AS denied,"
            " min(first_at_place) AS first_at, max(last_at_place) AS last_at FROM {saved} AS saved GROUP BY team, agent"
        ),
        order="calls DESC, team, agent",
        columns=(
            *(_TEAM, Column("agent", "Agent")),
            *_counts(("sessions", "Sessions"), ("calls", "Calls"), ("denied", "Denied")),
            *(_FIRST, _LAST),
        ),
        limit=30,
    ),
    Wanted(
        id="usage",
        query="usage-by-team",
        title="Use by team, in tokens",
        select=(
            "SELECT team, count(DISTINCT agent) AS agents, sum(turns) AS turns, sum(input_tokens) AS input_tokens,"
            " sum(output_tokens) AS output_tokens, sum(turns_without_usage) AS no_figure"
            " FROM {saved} AS saved GROUP BY team"
        ),
        order="input_tokens DESC, team",
        columns=(
            _TEAM,
            *_counts(("agents", "Agents"), ("turns", "Turns"), ("input_tokens", "Tokens read")),
            *_counts(("output_tokens", "Tokens written"), ("no_figure", "Turns without a figure")),
        ),
        limit=200,
    ),
    Wanted(
        id="unused-tools",
        query="unused-tools",
        title="Tools that nobody called",
        select="SELECT tool FROM {saved} AS saved",
        order="tool",
        columns=(_TOOL,),
        limit=100,
    ),
    Wanted(
        id="unused-grants",
        query="unused-grants",
        title="Grants that were not used",
        select="SELECT agent, tool FROM {saved} AS saved",
        order="agent, tool",
        columns=(Column("agent", "Agent"), _TOOL),
        limit=100,
    ),
    Wanted(
        id="changes",
        query="governance-changes",
        title="Changes to governance: what was changed, by whom",
        select=(
            "SELECT area, action, changed_by, count(*) AS times, count(error_code) AS refused,"
            " min(changed_at) AS first_at, max(changed_at) AS last_at FROM {saved} AS saved"
            " GROUP BY area, action, changed_by"
        ),
        order="last_at DESC, area, action, changed_by",
        columns=(
            Column("area", "Area"),
            Column("action", "Action", "code"),
            Column("changed_by", "By", "code"),
            *_counts(("times", "Times"), ("refused", "Of these refused")),
            *(_FIRST, _LAST),
        ),
        limit=60,
    ),
    Wanted(
        id="iam-denials",
        query="iam-denials",
        title="What IAM refused",
        select="SELECT caller, service, action, refused, first_at, last_at FROM {saved} AS saved",
        order="refused DESC, caller, service, action",
        columns=(
            _CALLER,
            Column("service", "Service"),
            Column("action", "Action", "code"),
            *_counts(("refused", "Times")),
            *(_FIRST, _LAST),
        ),
        limit=30,
    ),
    Wanted(
        id="readers",
        query="audit-readers",
        title="Who read the records",
        select=(
            "SELECT reader, service, action, sum(times) AS times, sum(refused) AS refused, min(first_at) AS first_at,"
            " max(last_at) AS last_at FROM {saved} AS saved GROUP BY reader, service, action"
        ),
        order="times DESC, reader, service, action",
        columns=(
            Column("reader", "Reader", "code"),
            Column("service", "Service"),
            Column("action", "Action", "code"),
            *_counts(("times", "Times"), ("refused", "Of these refused")),
            *(_FIRST, _LAST),
        ),
        limit=30,
    ),
)
