"""A dashboard as one HTML page that needs nothing else, on CloudWatch's grid of 24 columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt
from markupsafe import Markup
from plotly import graph_objects
from plotly.offline import get_plotlyjs

from corral.dashboard.read import Series, Shown

TEMPLATES = Path("templates/dashboard")
UNIT, GAP = 46, 8  # pixels of a row of the grid, and between two
_TITLE = 46  # pixels above a graph and below it
_PALETTE = (
    "#1769c2",
    "#d9822b",
    "#3f8f8a",
    "#b4533f",
    "#7d5ba6",
    "#8a6d3b",
    "#4c9f38",
    "#c2417c",
    "#5b6770",
    "#c9a13b",
)
_GRAPH_MARGIN = {"l": 48, "r": 12, "t": 8}
_LEGEND_LINE = 19  # pixels
_CHARACTER, _SYMBOL = 6.2, 42  # pixels of a legend's text, and before it
_COLUMN = 50  # pixels of a column of the grid in a window of 1,280
_GRID = "#e6e9e4"
_DAY_MS = 86_400_000
_STATES = {"ALARM": "in alarm", "INSUFFICIENT_DATA": "no data yet", "OK": "ok"}
_markdown = MarkdownIt("commonmark", {"html": False}).disable("image")


class PageError(Exception):
    """The page cannot be made. The text says why."""


def page(root: Path, name: str, shown: Sequence[Shown], since: datetime, until: datetime) -> str:
    """Make the page from the project's template. Raises PageError."""
    folder = root / TEMPLATES
    if not (folder / "page.html.j2").is_file():
        raise PageError(f"{TEMPLATES}/page.html.j2 is not there: pages of dashboards are made from it")
    jinja = SandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return jinja.get_template("page.html.j2").render(
        name=name,
        since=f"{since:%Y-%m-%d %H:%M}",
        until=f"{until:%Y-%m-%d %H:%M}",
        unit=UNIT,
        gap=GAP,
        plotly=Markup(get_plotlyjs()),  # noqa: S704 plotly's own
        widgets=[_widget(each, (since, until)) for each in shown],
    )


def _widget(shown: Shown, during: tuple[datetime, datetime]) -> dict[str, Any]:
    """What the template needs of a widget: its place, its title, and one of html, alarms, number, figure."""
    widget, properties = shown.widget, shown.widget["properties"]
    made: dict[str, Any] = {
        **{key: widget[key] for key in ("x", "y", "width", "height")},
        "title": properties.get("title", ""),
        "kind": widget["type"],
    }
    if widget["type"] == "text":
        # markdown-it escapes all that is not its own
        made["html"] = Markup(_markdown.render(properties["markdown"]))  # noqa: S704
    elif widget["type"] == "alarm":
        made["alarms"] = [
            {"name": name, "state": state.lower(), "said": _STATES[state]} for name, state in shown.alarms
        ]
    elif properties.get("view") == "singleValue":
        made |= {"kind": "number", "number": _short(shown.total)}
    elif shown.series:
        made["figure"] = Markup(_figure(shown, during))  # noqa: S704 plotly escapes what is in its JSON
    return made


def _short(value: float | None) -> str:
    if value is None:
        return "no data"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _legend_lines(shown: Shown) -> int:
    """How many lines the legend takes, roughly: a graph leaves them room."""
    widest = max(_SYMBOL + _CHARACTER * len(_label(series)) for series in shown.series)
    beside = max(1, int(shown.widget["width"] * _COLUMN // widest))
    return min(4, -(-len(shown.series) // beside))


def _label(series: Series) -> str:
    """A tool by its own name, as a gateway's metrics put its target's before it."""
    return series.label.rpartition("___")[2]


def _figure(shown: Shown, during: tuple[datetime, datetime]) -> str:
    properties: Mapping[str, Any] = shown.widget["properties"]
    made = graph_objects.Figure()
    for place, series in enumerate(shown.series):
        color = series.color or _PALETTE[place % len(_PALETTE)]
        made.add_scatter(
            x=series.times,
            y=series.values,
            name=_label(series),
            mode="lines+markers" if len(series.values) < 2 else "lines",
            line={"color": color, "width": 1.6},
            stackgroup="all" if properties.get("stacked") else None,
        )
    for mark in properties.get("annotations", {}).get("horizontal", ()):
        made.add_hline(
            y=mark["value"],
            line={"color": mark.get("color"), "width": 1, "dash": "dash"},
            annotation={"text": mark.get("label", ""), "font": {"size": 10, "color": mark.get("color")}},
        )
    axis = properties.get("yAxis", {}).get("left", {})
    lowest, highest = axis.get("min"), axis.get("max")
    made.update_layout(
        template="none",
        height=shown.widget["height"] * (UNIT + GAP) - GAP - _TITLE,
        margin=_GRAPH_MARGIN | {"b": 30 + _LEGEND_LINE * _legend_lines(shown)},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 11, "color": "#56605c"},
        hovermode="x unified",
        legend={
            "orientation": "h",
            "x": 0,
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "font": {"size": 11},
            "traceorder": "normal",
        },
        showlegend=True,
        xaxis={
            "type": "date",
            "range": list(during),
            "gridcolor": _GRID,
            "nticks": 6,
            "tickformatstops": [
                {"dtickrange": [None, _DAY_MS - 1], "value": "%-d %b %H:%M"},
                {"dtickrange": [_DAY_MS, None], "value": "%-d %b"},
            ],
        },
        yaxis={
            "gridcolor": _GRID,
            "zeroline": False,
            "exponentformat": "none",
            "nticks": 5,
            "range": [lowest, highest] if lowest is not None and highest is not None else None,
            "rangemode": "tozero" if lowest == 0 else "normal",
        },
    )
    return str(made.to_html(full_html=False, include_plotlyjs=False, config={"displayModeBar": False}))
