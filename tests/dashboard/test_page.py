"""A dashboard's page, from what CloudWatch answers."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from corral.dashboard.page import PageError, page
from corral.dashboard.read import NoDashboardError, Series, Shown, read

ROOT = Path(__file__).parents[2]
UNTIL = datetime(2026, 11, 29, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=7)
PLACE = {"x": 0, "y": 0, "width": 12, "height": 6}


def graph(**properties: Any) -> dict[str, Any]:
    metrics = [["Corral", "CostPerTask", "Agent", "a", {"label": "a", "stat": "Maximum", "color": "#b4533f"}]]
    given = {"title": "Cost", "region": "us-east-1", "stat": "Sum", "period": 3600, "metrics": metrics}
    return {"type": "metric", **PLACE, "properties": given | properties}


class CloudWatch:
    """Answers with one dashboard; keeps what was asked."""

    def __init__(self, *widgets: dict[str, Any]) -> None:
        self.widgets = widgets
        self.asked: list[dict[str, Any]] = []

    def get_dashboard(self, **asked: str) -> dict[str, str]:
        if asked["DashboardName"] != "d":
            raise ClientError({"Error": {"Code": "ResourceNotFound"}}, "GetDashboard")
        return {"DashboardBody": json.dumps({"widgets": self.widgets})}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        self.asked += asked["MetricDataQueries"]
        return [
            {
                "MetricDataResults": [
                    {
                        "Id": each["Id"],
                        "Label": each.get("Label", "l"),
                        "Timestamps": [SINCE],
                        "Values": [7.0],
                    }
                    for each in asked["MetricDataQueries"]
                ]
            }
        ]

    def describe_alarms(self, AlarmNames: list[str]) -> dict[str, Any]:  # noqa: N803
        states = {"a/ok": "OK", "a/bad": "ALARM"}
        return {
            "MetricAlarms": [{"AlarmName": n, "StateValue": states[n]} for n in AlarmNames if n in states]
        }


def test_a_metric_is_asked_for_as_its_widget_says() -> None:
    cloudwatch = CloudWatch(graph(), graph(metrics=[[{"expression": "SELECT SUM(M) FROM N", "id": "q1"}]]))
    first, second = read(cloudwatch, "d", SINCE, UNTIL)
    metric, query = cloudwatch.asked
    measured = {"Namespace": "Corral", "MetricName": "CostPerTask"}
    measured |= {"Dimensions": [{"Name": "Agent", "Value": "a"}]}  # type: ignore[dict-item]
    assert metric["MetricStat"] == {"Metric": measured, "Period": 3600, "Stat": "Maximum"}
    assert (query["Expression"], query["Period"]) == ("SELECT SUM(M) FROM N", 3600)
    assert first.series == [Series("a", [SINCE], [7.0], "#b4533f")]
    assert second.series[0].label == "l"


def test_alarms_that_alarm_come_first_and_those_that_are_gone_do_not() -> None:
    arns = [f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:a/{name}" for name in ("ok", "gone", "bad")]
    widget = {"type": "alarm", **PLACE, "properties": {"title": "Alarms", "alarms": arns}}
    [shown] = read(CloudWatch(widget), "d", SINCE, UNTIL)
    assert shown.alarms == [("a/bad", "ALARM"), ("a/ok", "OK")]
    made = page(ROOT, "d", [shown], SINCE, UNTIL)
    assert made.index("a/bad: in alarm") < made.index("a/ok: ok")


def test_one_that_is_not_there() -> None:
    with pytest.raises(NoDashboardError):
        read(CloudWatch(), "other", SINCE, UNTIL)


@pytest.mark.parametrize(
    ("stat", "total"), [("Sum", 6.0), ("SampleCount", 6.0), ("Maximum", 3.0), ("Average", 3.0)]
)
def test_one_number_is_a_sum_where_sums_are_added_and_else_the_last(stat: str, total: float) -> None:
    values = Series("l", [SINCE, SINCE, SINCE], [1.0, 2.0, 3.0])
    assert Shown(graph(view="singleValue", stat=stat), [values]).total == total


def test_what_was_not_measured_is_said() -> None:
    made = page(ROOT, "d", [Shown(graph()), Shown(graph(view="singleValue"))], SINCE, UNTIL)
    assert "Nothing was measured." in made
    assert "no data" in made


def test_what_comes_from_aws_is_text() -> None:
    evil = "<img src=x onerror=alert(1)>"
    texts = {"type": "text", **PLACE, "properties": {"markdown": f"# {evil}"}}
    shown = [Shown(texts), Shown(graph(title=evil), [Series(evil, [SINCE], [1.0])])]
    shown.append(Shown({"type": "alarm", **PLACE, "properties": {"title": "t"}}, alarms=[(evil, "OK")]))
    assert evil not in page(ROOT, "d", shown, SINCE, UNTIL)


def test_a_project_without_the_template_is_told(tmp_path: Path) -> None:
    with pytest.raises(PageError, match=r"templates/dashboard/page\.html\.j2"):
        page(tmp_path, "d", [], SINCE, UNTIL)
