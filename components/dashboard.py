"""A CloudWatch dashboard: rows of widgets over the 24 columns of its grid.

Structure: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import Input, Output, ResourceOptions
from pulumi_aws import cloudwatch

from components.site import Site

Widget = Mapping[str, Any]
COLUMNS = 24
HOUR, QUARTER, DAY = 3600, 21600, 86400  # seconds; of an hour alone much is chance
START = "-P7D"  # what is shown when it is opened; Metrics Insights reads two weeks back
MOST_ALARMS = 100  # that a widget takes
RED, GREEN, AMBER = "#b4533f", "#3f8f8a", "#c9a13b"


@dataclass(frozen=True)
class Row:
    """Widgets side by side, each as wide as the others, `height` units of the grid high."""

    height: int
    widgets: Sequence[Widget]


def dashboard(name: str, aws_name: str, rows: Iterable[Row], opts: ResourceOptions) -> cloudwatch.Dashboard:
    """Make a dashboard of rows from top to bottom."""
    placed: list[dict[str, Any]] = []
    top = 0
    for row in rows:
        width = COLUMNS // len(row.widgets)
        for place, widget in enumerate(row.widgets):
            at = {"x": place * width, "y": top, "width": width, "height": row.height}
            placed.append({**at, **widget})
        top += row.height
    body = {"start": START, "periodOverride": "inherit", "widgets": placed}
    return cloudwatch.Dashboard(
        name, dashboard_name=aws_name, dashboard_body=Output.json_dumps(body), opts=opts
    )


def text(markdown: str) -> Widget:
    """Words for whoever looks."""
    return {"type": "text", "properties": {"markdown": markdown, "background": "transparent"}}


def alarms(title: str, arns: Sequence[Input[str]]) -> Widget:
    """The state of alarms, those in alarm first. At most MOST_ALARMS are shown."""
    return {"type": "alarm", "properties": {"title": title, "alarms": list(arns[:MOST_ALARMS])}}


def line(
    namespace: str, metric: str, dimensions: Mapping[str, Input[str]], label: str, **rendering: Any
) -> list[Any]:
    """A metric as a graph draws it; `rendering` is CloudWatch's: stat, color."""
    return [
        *(namespace, metric),
        *(part for pair in dimensions.items() for part in pair),
        {"label": label, **rendering},
    ]


def query(sql: Input[str], label: str = "") -> list[list[Any]]:
    """The only metrics of a graph: a Metrics Insights query, of which CloudWatch takes one a widget."""
    return [[{"expression": sql, "id": "q1", **({"label": label} if label else {})}]]


def graph(
    site: Site,
    title: str,
    metrics: Sequence[list[Any]],
    *,
    stat: str = "Average",
    period: int = HOUR,
    stacked: bool = False,
    lowest: float | None = 0,
    highest: float | None = None,
    marks: Sequence[tuple[float, str]] = (),
) -> Widget:
    """Lines, or areas that are `stacked`, over time; `marks` are horizontal lines, each a value and what it means."""
    left = {"min": lowest, "max": highest, "showUnits": False}
    horizontal = [{"value": value, "label": label, "color": RED} for value, label in marks]
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "region": site.region,
            "view": "timeSeries",
            "stacked": stacked,
            "stat": stat,
            "period": period,
            "metrics": list(metrics),
            "yAxis": {"left": {key: value for key, value in left.items() if value is not None}},
            **({"annotations": {"horizontal": horizontal}} if horizontal else {}),
        },
    }


def number(site: Site, title: str, metrics: Sequence[list[Any]], stat: str = "Sum") -> Widget:
    """One number: of all the time that is shown."""
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "region": site.region,
            "view": "singleValue",
            "stat": stat,
            "period": DAY,
            "setPeriodToTimeRange": True,
            "metrics": list(metrics),
        },
    }
