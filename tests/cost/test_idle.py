"""What resources cost while idle: each type has its price or its reason, and none is left out in silence."""

from dataclasses import dataclass
from typing import Any

import pytest

from components.trail_selectors import DATA_EVENTS, MANAGEMENT_ONLY
from corral.cost import prices
from corral.cost.idle import idle
from corral.cost.prices import ALARMED, FREE, KEY, METRIC, PRICED, READING, SECRET
from functions.supervisor import measures


@dataclass(frozen=True)
class Made:
    type: str
    inputs: dict[str, Any]


ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def test_every_type_of_the_program_has_a_price_or_a_reason_and_not_both() -> None:
    """A type that is new in the program is in one of these tables, as test_meta_components holds them to it."""
    assert {*DATA_EVENTS, *MANAGEMENT_ONLY} - PRICED.keys() - FREE.keys() == set()
    assert not PRICED.keys() & FREE.keys()
    assert all(len(reason) > 3 for reason in FREE.values())


def test_prices_are_dated_and_say_where_they_were_read() -> None:
    for item in (KEY, ALARMED, METRIC, READING, SECRET, prices.COMPOSITE, prices.DASHBOARD):
        assert item.source.startswith("https://aws.amazon.com/")
        assert item.seen.startswith("https://")
        assert item.usd > 0
    assert KEY.confirmed
    assert not SECRET.confirmed


def alarm(*metrics: dict[str, Any], **simple: Any) -> Made:
    queries = [{"id": f"m{i}", "metric": metric} for i, metric in enumerate(metrics)]
    return Made(
        ALARM,
        {"metricQueries": [*queries, {"id": "q", "expression": "MAX(METRICS())"}]} if queries else simple,
    )


@pytest.mark.parametrize(
    ("made", "alarmed", "own"),
    [
        (alarm(namespace="AWS/Lambda", metricName="Errors"), 1, 0),
        (alarm(namespace="Corral", metricName="MonitorPass"), 1, 1),
        (alarm(namespace="Corral", metricName=measures.FAILURE), 1, 0),
        (alarm(*[{"namespace": "Corral", "metricName": "DriftScore"}] * 6), 6, 6),
        (Made(ALARM, {"metricQueries": [{"id": "q", "expression": 'SELECT SUM(x) FROM "AWS/x"'}]}), 1, 0),
    ],
)
def test_an_alarm_costs_by_the_metrics_it_watches(made: Made, alarmed: int, own: int) -> None:
    found = idle({"dev": [made]})
    assert (found.units.get(ALARMED, 0), found.units.get(METRIC, 0)) == (alarmed, own)
    assert found.usd == pytest.approx(alarmed * 0.10 + own * 0.30)


def test_stacks_are_summed_and_what_is_unknown_is_named() -> None:
    key, table = Made("aws:kms/key:Key", {}), Made("aws:dynamodb/table:Table", {})
    strange = Made("aws:ec2/natGateway:NatGateway", {})
    part = Made("corral:index:Team", {})
    found = idle(
        {
            "dev": [key, table, part],
            "dev.support": [key, strange, Made("aws:secretsmanager/secret:Secret", {})],
        }
    )
    assert found.stacks == {"dev": 1.0, "dev.support": 1.4}
    assert found.usd == pytest.approx(2.4)
    assert found.free == {"aws:dynamodb/table:Table": 1}
    assert found.unknown == {"aws:ec2/natGateway:NatGateway": 1}
    told = found.to_json()
    assert [each["what"] for each in told["items"]] == ["KMS keys", "secrets"], "the dearest first"
    assert told["items"][0]["usd"] == 2.0
