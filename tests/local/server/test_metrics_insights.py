"""Metrics Insights' queries, as dashboards and alarms write them."""

import pytest

from corral.local.server.core import AwsError
from corral.local.server.metric_points import Key, Points, key_of, statistic
from corral.local.server.metrics_insights import Query
from tests.local.server.conftest import Server


def metric(name: str, *values: float, **dimensions: str) -> tuple[Key, Points]:
    found = [(float(at), value) for at, value in enumerate(values)]
    return key_of("Corral", name, dimensions.items()), found


INDEX = dict(
    [
        metric("Cost", 1, 2, Environment="dev", Team="a", Agent="x"),
        metric("Cost", 3, Environment="dev", Team="a", Agent="y"),
        metric("Cost", 9, Environment="dev", Team="b", Agent="z"),
        metric("Cost", 99, Environment="prod", Team="b", Agent="z"),
        metric("Cost", 50, Environment="dev"),
        metric("Other", 1000, Environment="dev", Team="a", Agent="x"),
    ]
)
AGENTS = 'SCHEMA("Corral", Agent, Environment, Team)'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"SELECT SUM(Cost) FROM {AGENTS} WHERE Environment = 'dev'", {"Cost": [1, 2, 3, 9]}),
        (
            f"SELECT SUM(Cost) FROM {AGENTS} WHERE Environment = 'dev' GROUP BY Team",
            {"a": [1, 2, 3], "b": [9]},
        ),
        (f"SELECT MAX(Cost) FROM {AGENTS} WHERE Environment = 'dev' AND Team = 'a'", {"Cost": [1, 2, 3]}),
        ('SELECT SUM(Cost) FROM "Corral" GROUP BY Team', {"a": [1, 2, 3], "b": [9, 99], "Other": [50]}),
        (
            "SELECT SUM(Cost) FROM Corral GROUP BY Team, Agent",
            {"a x": [1, 2], "a y": [3], "b z": [9, 99], "Other Other": [50]},
        ),
        (f"SELECT SUM(Cost) FROM {AGENTS} GROUP BY Agent ORDER BY MAX() DESC LIMIT 1", {"z": [9, 99]}),
        (f"SELECT SUM(Cost) FROM {AGENTS} GROUP BY Agent ORDER BY SUM() LIMIT 2", {"x": [1, 2], "y": [3]}),
        (f"SELECT SUM(Cost) FROM {AGENTS} WHERE Environment = 'test'", {}),
    ],
)
def test_series(query: str, expected: dict[str, list[float]]) -> None:
    found = Query.parse(query).series(INDEX, 0, 100)
    assert {label: [value for _, value in points] for label, points in found.items()} == expected
    assert list(found) == list(expected) or "ORDER" not in query


def test_only_what_is_within_the_time_counts() -> None:
    query = Query.parse(f"SELECT SUM(Cost) FROM {AGENTS} GROUP BY Agent")
    assert query.series(INDEX, 1, 2) == {"x": [(1.0, 2)]}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT MEDIAN(Cost) FROM Corral",
        "SELECT SUM(Cost) FROM Corral WHERE Team != 'a'",
        "SELECT SUM(Cost) FROM Corral WHERE Team = 'a' OR Team = 'b'",
        "SELECT SUM(Cost)",
        "SUM(SEARCH('Cost', 'Sum'))",
    ],
)
def test_what_is_not_understood_is_refused(query: str) -> None:
    with pytest.raises(AwsError) as refused:
        Query.parse(query)
    assert query in refused.value.message


@pytest.mark.parametrize(
    ("stat", "expected"), [("p50", 50), ("p95", 95), ("p99.5", 100), ("p100", 100), ("p0", 1)]
)
def test_percentiles(stat: str, expected: float) -> None:
    assert statistic(stat, [float(value) for value in range(100, 0, -1)]) == expected


def test_a_query_of_get_metric_data_gives_a_result_for_each_group(server: Server, name: str) -> None:
    cloudwatch = server.client("cloudwatch")
    for team, value in (("a", 1.0), ("b", 2.0), ("b", 3.0)):
        dimensions = [{"Name": "Team", "Value": team}]
        datum = {"MetricName": "M", "Dimensions": dimensions, "Timestamp": 7200, "Value": value}
        cloudwatch.put_metric_data(Namespace=name, MetricData=[datum])
    query = {"Id": "q", "Expression": f'SELECT SUM(M) FROM "{name}" GROUP BY Team', "Period": 3600}
    answer = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=3600, EndTime=10800)
    assert [(each["Id"], each["Label"], each["Values"]) for each in answer["MetricDataResults"]] == [
        ("q", "a", [1.0]),
        ("q", "b", [5.0]),
    ]


def test_two_queries_in_one_request_are_refused(server: Server) -> None:
    cloudwatch = server.client("cloudwatch")
    queries = [{"Id": f"q{n}", "Expression": "SELECT SUM(M) FROM N", "Period": 60} for n in range(2)]
    with pytest.raises(cloudwatch.exceptions.ClientError, match="one Metrics Insights query"):
        cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=0, EndTime=60)
