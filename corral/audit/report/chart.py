"""Decisions over time as a figure of Plotly's: what the page's own copy of plotly.js draws."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from plotly import graph_objects
from plotly.offline import get_plotlyjs

from corral.audit.period import Period
from corral.audit.report.records import Records

# A decision is one of these; held is a denial until a person decides. Colours tell themselves apart on white and
# near black, and for people who do not see red from green.
_KINDS = (
    ("allowed", "Allowed", "#3f8f8a"),
    ("held", "Held for a person", "#c9a13b"),
    ("denied", "Denied", "#b4533f"),
)
_HOUR_MS = 3_600_000
_SHARE = 0.86  # of its hour or day that a bar takes
_HEIGHT = 280
_NO_TEAM = "not known"  # of a caller that is no agent of the platform
_STYLE_ID = re.compile(r'getElementById\("([0-9a-f]{64})"\)')


def plotly_script() -> str:
    """Return plotly.js, which goes into the page."""
    return str(get_plotlyjs())


def own_styles(script: str) -> list[str]:
    """Return the ids of the style elements plotly.js would add for maps, which it leaves be where there are such."""
    return _STYLE_ID.findall(script)


def figure(records: Records, period: Period) -> dict[str, Any] | None:
    """Return traces and layout for all teams, and each team's own values by trace; None without any decision."""
    rows = records["over-time"].rows
    if not rows:
        return None
    teams = sorted({str(row["team"] or _NO_TEAM) for row in rows})
    width = _HOUR_MS * (1 if records.by_hour else 24)
    made = graph_objects.Figure()
    for (kind, title, color), (starts, counts) in zip(_KINDS, _values(rows), strict=True):
        made.add_bar(
            name=title,
            meta=kind,
            x=starts,
            y=counts,
            width=width * _SHARE,
            offset=width * (1 - _SHARE) / 2,
            marker={"color": color, "line": {"width": 0}},
            hovertemplate="%{y:,} " + title.lower() + "<extra></extra>",
        )
    since, until = period.parameters()["since"], period.parameters()["until"]
    made.update_layout(
        barmode="stack",
        height=_HEIGHT,
        margin={"l": 52, "r": 8, "t": 8, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        xaxis={"type": "date", "range": [min(since, str(rows[0]["starts_at"])), until], "showgrid": False},
        yaxis={"rangemode": "tozero", "tickformat": ",d", "zeroline": False},
        dragmode=False,
        template="none",
    )
    document: dict[str, Any] = made.to_plotly_json()
    by_team = {team: _values([row for row in rows if str(row["team"] or _NO_TEAM) == team]) for team in teams}
    return {
        "data": document["data"],
        "layout": document["layout"],
        "teams": {
            team: {"x": [x for x, _ in values], "y": [y for _, y in values]}
            for team, values in by_team.items()
        },
    }


def totals(records: Records) -> list[dict[str, Any]]:
    """Return the same figures for all teams as rows: when it begins, and how many of each kind."""
    sums = _sums(records["over-time"].rows)
    return [
        {"starts_at": start, **dict(zip((kind for kind, *_ in _KINDS), counts, strict=True))}
        for start, counts in sums
    ]


def _values(rows: Iterable[Mapping[str, Any]]) -> list[tuple[list[str], list[int]]]:
    """When each bar begins and how high it is, a pair for each kind."""
    sums = _sums(rows)
    starts = [start for start, _ in sums]
    return [(starts, [counts[place] for _, counts in sums]) for place in range(len(_KINDS))]


def _sums(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[int]]]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * len(_KINDS))
    for row in rows:
        held = row["held"]
        for place, count in enumerate((row["allowed"], held, row["denied"] - held)):
            sums[_moment(str(row["starts_at"]))][place] += count
    return sorted(sums.items())


def _moment(starts_at: str) -> str:
    """`2026-11-28`, or `2026-11-28 19:00` for `2026-11-28T19`: as Plotly reads a date."""
    day, _, hour = starts_at.partition("T")
    return f"{day} {hour}:00" if hour else day
