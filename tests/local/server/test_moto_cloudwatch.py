"""Each change to moto's metrics and alarms beside what moto does by itself.

A failing `stock` test is good news: moto now behaves as AWS there, and the change can go.
"""

import time
from typing import Any

from tests.local.server.conftest import Server
from tests.local.server.support import stock

ALARM = {
    "AlarmName": "a",
    "Namespace": "N",
    "MetricName": "M",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def test_stock_forgets_an_alarms_state_and_calls_a_new_one_well() -> None:
    said = stock(
        f"""
cloudwatch = client("cloudwatch")
state = lambda: cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"]
cloudwatch.put_metric_alarm(**{ALARM!r})
first = state()
cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="r")
cloudwatch.put_metric_alarm(**{ALARM!r})
print(repr([first, state()]))
"""
    )
    assert said == ["OK", "OK"]


def test_an_alarm_keeps_its_state(server: Server, name: str) -> None:
    cloudwatch = server.client("cloudwatch")
    alarm: dict[str, Any] = ALARM | {"AlarmName": name}

    def state() -> str:
        [shown] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return str(shown["StateValue"])

    cloudwatch.put_metric_alarm(**alarm)
    assert state() == "INSUFFICIENT_DATA"
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="r")
    cloudwatch.put_metric_alarm(**alarm | {"Threshold": 2.0})
    assert state() == "ALARM"
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_metric_data_is_by_period_and_by_all_dimensions(server: Server, name: str) -> None:
    cloudwatch = server.client("cloudwatch")
    hour = int(time.time()) // 3600 * 3600 - 7200

    def put(value: float, at: int, **dimensions: str) -> None:
        given = [{"Name": key, "Value": each} for key, each in dimensions.items()]
        datum = {"MetricName": "M", "Dimensions": given, "Timestamp": at, "Value": value}
        cloudwatch.put_metric_data(Namespace=name, MetricData=[datum])

    for value, at in ((1, hour), (2, hour + 3599), (4, hour + 3600), (8, hour - 1)):
        put(value, at, A="x")
    put(16, hour, A="x", B="y")
    asked = {"Namespace": name, "MetricName": "M", "Dimensions": [{"Name": "A", "Value": "x"}]}
    statistics = ("Sum", "SampleCount", "Average", "Minimum", "Maximum")
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": stat.lower(), "MetricStat": {"Metric": asked, "Period": 3600, "Stat": stat}}
            for stat in statistics
        ],
        StartTime=hour,
        EndTime=hour + 7200,
        ScanBy="TimestampAscending",
    )
    found = {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}
    assert found == {
        "sum": [3, 4],
        "samplecount": [2, 1],
        "average": [1.5, 4],
        "minimum": [1, 4],
        "maximum": [2, 4],
    }
    times = [int(at.timestamp()) for at in answer["MetricDataResults"][0]["Timestamps"]]
    assert times == [hour, hour + 3600]
    descending = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "s", "MetricStat": {"Metric": asked, "Period": 3600, "Stat": "Sum"}}],
        StartTime=hour,
        EndTime=hour + 7200,
    )
    assert descending["MetricDataResults"][0]["Values"] == [4, 3]
