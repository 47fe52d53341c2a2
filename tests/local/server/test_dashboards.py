"""Dashboards that CloudWatch would refuse are refused here too; moto takes any JSON."""

import json
from typing import Any

import pytest

from corral.local.server.dashboard_body import wrong
from tests.local.server.conftest import Server
from tests.local.server.support import stock

METRIC: dict[str, Any] = {
    "type": "metric",
    "x": 0,
    "y": 0,
    "width": 12,
    "height": 6,
    "properties": {"region": "us-east-1", "metrics": [["N", "M", "A", "x", {"label": "l", "stat": "p95"}]]},
}
ALARM = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a/b"


def changed(**properties: Any) -> dict[str, Any]:
    return METRIC | {"properties": METRIC["properties"] | properties}


def test_stock_takes_any_json() -> None:
    said = stock(
        """
cloudwatch = client("cloudwatch")
cloudwatch.put_dashboard(DashboardName="d", DashboardBody='{"widgets": "none"}')
print(repr(cloudwatch.get_dashboard(DashboardName="d")["DashboardBody"]))
"""
    )
    assert said == '{"widgets": "none"}'


def test_one_that_is_right_is_kept_as_it_is(server: Server, name: str) -> None:
    cloudwatch = server.client("cloudwatch")
    body = json.dumps({"start": "-P7D", "periodOverride": "inherit", "widgets": [METRIC]})
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)
    assert cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"] == body
    cloudwatch.delete_dashboards(DashboardNames=[name])


def test_one_that_is_wrong_is_refused_with_where(server: Server, name: str) -> None:
    cloudwatch = server.client("cloudwatch")
    body = json.dumps({"widgets": [METRIC, METRIC | {"width": 30}]})
    with pytest.raises(cloudwatch.exceptions.ClientError, match="/widgets/1/width: 30 is greater"):
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)
    with pytest.raises(cloudwatch.exceptions.ClientError, match="name 'a/b' is not"):
        cloudwatch.put_dashboard(DashboardName="a/b", DashboardBody='{"widgets": []}')
    with pytest.raises(cloudwatch.exceptions.ClientError, match="does not exist"):
        cloudwatch.get_dashboard(DashboardName=name)


@pytest.mark.parametrize(
    ("widget", "said"),
    [
        (METRIC | {"type": "graph"}, "'graph' is not one of"),
        (METRIC | {"title": "t"}, "'title' was unexpected"),
        (METRIC | {"x": 16}, "beyond column 24"),
        (changed(region=None), "None is not of type"),
        (changed(view="lines"), "'lines' is not one of"),
        (changed(period=90), "not valid under any"),
        (changed(stat="Median"), "does not match"),
        (changed(metrics=[]), "non-empty"),
        (changed(metrics=[["N"]]), "not valid under any"),
        (changed(metrics=[["N", "M", "A"]]), "a name and a value"),
        (changed(metrics=[["N", "M", {"label": "l"}, "A"]]), "only the last part"),
        (changed(metrics=[["N", "M", {"lable": "l"}]]), "not valid under any"),
        (changed(metrics=[[{"expression": "MAX(METRICS())"}, "M"]]), "not valid under any"),
        (changed(metrics=[["N", "M"]] * 501), "too long"),
        (changed(view="gauge"), "'yAxis' is a required"),
        (changed(annotations={"horizontal": [{"label": "l"}]}), "'value' is a required"),
        (
            changed(
                metrics=[[{"expression": "SELECT SUM(M) FROM N"}], [{"expression": "SELECT MAX(M) FROM N"}]]
            ),
            "one Metrics Insights query",
        ),
        ({"type": "alarm", "properties": {"alarms": ["a/b"]}}, "does not match"),
        ({"type": "alarm", "properties": {"alarms": [ALARM] * 101}}, "too long"),
        ({"type": "text", "properties": {"text": "t"}}, "'markdown' is a required"),
    ],
)
def test_what_is_wrong_with_a_widget(widget: dict[str, Any], said: str) -> None:
    found = list(wrong({"widgets": [widget]}))
    assert any(said in each for each in found), found


def test_all_widgets_together_have_2500_metrics() -> None:
    many = changed(metrics=[["N", "M"]] * 500)
    assert not list(wrong({"widgets": [many] * 5}))
    assert "2501 metrics" in next(iter(wrong({"widgets": [*[many] * 5, METRIC]})))
