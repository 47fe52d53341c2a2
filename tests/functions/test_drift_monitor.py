"""A pass of the drift monitor: what it reads, keeps, publishes and says, and what it does when something fails."""

import json
import random
from typing import Any

import pytest

from functions.common import aws
from functions.common.drift import accepted_key
from functions.drift_monitor import agents, handler, measurements, memories
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import DAY, HOUR
from tests.functions.conftest import boto3_client, boto3_resource, create_table
from tests.functions.drift_runs import MONDAY

QUARTER = 900
Broken = Any


class Fleet:
    """Agents of two teams, what is measured of them, and what their teams are told."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.table = create_table("agents", "agent", "item")
        create_table("drift", "agent")
        self._overrides = create_table("overrides", "scope")
        self._capsys = capsys
        self._queues = {}
        self.rows: list[dict[str, Any]] = []
        for team in ("support", "sales"):
            topic = boto3_resource("sns").create_topic(Name=f"{team}-alerts")
            queue = self._queues[team] = boto3_resource("sqs").create_queue(QueueName=team)
            topic.subscribe(Protocol="sqs", Endpoint=queue.attributes["QueueArn"])
            self.add(team, "helpdesk", topic.arn)

    def add(self, team: str, name: str, topic: str, version: str = "1", **tolerances: float) -> None:
        watch = {
            "version": version,
            "topic": topic,
            "service": f"harness_dev_{team}_{name}.DEFAULT",
            "accuracy": "Builtin.Correctness",
            "tolerances": tolerances,
        }
        item = {
            "agent": f"arn:{team}/{name}",
            "item": "config",
            "environment": "dev",
            "team": team,
            "name": name,
            "key": "first-name",
            "watch": json.dumps(watch),
            "price": "{}",
        }
        self.table.put_item(Item=item)

    def override(self, scope: str, mode: str) -> None:
        self._overrides.put_item(Item={"scope": scope, "mode": mode, "reason": "odd"})

    def measure(
        self, team: str, first: int, hours: int, accuracy: float, seed: int = 1, agent: str = "helpdesk"
    ) -> None:
        """Nine evaluated sessions an hour; the exact share of them is right over every 100 hours."""
        drawn = random.Random(seed)
        data = []
        for hour in range(first, first + hours):
            right = sum(drawn.random() < accuracy for _ in range(9))
            values = {value: count for value, count in ((1.0, right), (0.0, 9 - right)) if count}
            data.append(
                {
                    "MetricName": "Builtin.Correctness",
                    "Dimensions": [{"Name": "service.name", "Value": f"harness_dev_{team}_{agent}.DEFAULT"}],
                    "Timestamp": MONDAY + hour * HOUR + 60,
                    "Values": list(values),
                    "Counts": [float(count) for count in values.values()],
                }
            )
        for start in range(0, len(data), 500):
            boto3_client("cloudwatch").put_metric_data(
                Namespace="Corral/Evaluations", MetricData=data[start : start + 500]
            )

    def passes(self, first: int, until: int, every: int = 24) -> list[dict[str, Any]]:
        """Run passes a quarter past the hour; return what was published."""
        for hour in range(first, until, every):
            when = _iso(MONDAY + hour * HOUR + QUARTER)
            handler.handler({"scheduled_time": when}, None)  # type: ignore[arg-type]
        lines = self._capsys.readouterr().out.splitlines()
        self.rows = [json.loads(line) for line in lines if "CloudWatchMetrics" in line]
        return self.rows

    def scores(self, team: str, metric: str = "accuracy") -> list[float]:
        return [
            row["DriftScore"] for row in self.rows if (row.get("Team"), row.get("Metric")) == (team, metric)
        ]

    def told(self, team: str) -> list[dict[str, str]]:
        found = []
        while received := self._queues[team].receive_messages(MaxNumberOfMessages=10):
            for message in received:
                found.append(json.loads(message.body))
                message.delete()
        return found


def _iso(at: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fleet:
    monkeypatch.setenv("DRIFT_TABLE", "drift")
    return Fleet(capsys)


def test_one_gets_worse_and_its_team_alone_is_told_once(fleet: Fleet) -> None:
    fleet.measure("support", 0, 15 * 24, 0.92)
    fleet.measure("support", 15 * 24, 4 * 24, 0.62, seed=2)
    fleet.measure("sales", 0, 19 * 24, 0.92, seed=3)
    fleet.passes(24, 20 * 24)
    assert max(fleet.scores("sales")) < 1
    assert max(fleet.scores("support")[:14]) < 1
    assert fleet.scores("support")[-1] >= 1
    assert fleet.told("sales") == []
    [message] = fleet.told("support")
    assert message["Subject"] == "Worse: support/helpdesk accuracy"
    assert "accuracy 0." in message["Message"]
    assert "baseline 0.9" in message["Message"]
    assert "corral drift show dev support/helpdesk" in message["Message"]
    [kept] = [
        item
        for item in boto3_resource("dynamodb").Table("drift").scan()["Items"]
        if "support" in item["agent"]
    ]
    found = json.loads(kept["found"])["accuracy"]
    assert (found["state"], found["told"]) == ("drift", True)
    assert MONDAY + 15 * DAY < found["since"] <= MONDAY + 17 * DAY


def test_every_metric_of_every_agent_has_a_score_at_each_pass_and_words(fleet: Fleet) -> None:
    rows = fleet.passes(24, 25)
    *scores, beat = rows
    assert [(row["Team"], row["Metric"]) for row in scores] == [
        (team, metric) for team in ("sales", "support") for metric in METRICS
    ]
    for row in scores:
        [directive] = row["_aws"]["CloudWatchMetrics"]
        assert directive["Dimensions"] == [["Environment", "Team", "Agent", "Metric"]]
        assert row["_aws"]["Timestamp"] == (MONDAY + 24 * HOUR + QUARTER) * 1000
        assert (row["DriftScore"], row["state"]) == (0.0, "learning")
        assert row["reason"] == "nothing measured yet"
    assert (beat["MonitorPasses"], beat["AgentsNotJudged"], beat["Environment"]) == (1, 0, "dev")


def test_the_same_pass_again_changes_nothing(fleet: Fleet) -> None:
    fleet.measure("support", 0, 10 * 24, 0.92)
    fleet.passes(24, 10 * 24)
    table = boto3_resource("dynamodb").Table("drift")
    before = table.scan()["Items"]
    fleet.passes(9 * 24, 9 * 24 + 1)
    after = table.scan()["Items"]
    assert [item["memories"] for item in after] == [item["memories"] for item in before]


def test_passes_that_failed_are_made_good_by_the_next(fleet: Fleet) -> None:
    fleet.measure("support", 0, 24, 0.92)
    fleet.passes(24, 25)
    kept = memories.read(["arn:support/helpdesk"])["arn:support/helpdesk"].memories["accuracy"]
    assert kept.since == MONDAY
    assert kept.last == MONDAY + 23 * HOUR


@pytest.mark.parametrize(
    ("service", "operation", "not_judged"),
    [
        ("cloudwatch", "GetMetricData", 2),
        ("dynamodb", "BatchGetItem", 2),
        ("dynamodb", "BatchWriteItem", 2),
        ("sns", "Publish", 0),
    ],
)
def test_what_fails_is_counted_and_done_with_the_next_pass(
    fleet: Fleet, broken: Broken, service: str, operation: str, not_judged: int, logged: Any
) -> None:
    fleet.measure("support", 0, 15 * 24, 0.92)
    fleet.measure("support", 15 * 24, 4 * 24, 0.3, seed=2)
    fleet.passes(24, 15 * 24 + 1)
    mend = broken(aws.client(service), operation, "ThrottlingException")
    rows = fleet.passes(16 * 24, 16 * 24 + 1)
    assert rows[-1]["AgentsNotJudged"] == not_judged
    assert "ThrottlingException" in logged()
    assert fleet.told("support") == []
    mend()
    rows = fleet.passes(17 * 24, 18 * 24 + 1)
    assert rows[-1]["AgentsNotJudged"] == 0
    assert [each["Subject"] for each in fleet.told("support")] == ["Worse: support/helpdesk accuracy"]


def test_a_suspended_agent_is_not_silent_and_begins_anew(fleet: Fleet) -> None:
    fleet.measure("support", 0, 10 * 24, 0.92)
    fleet.passes(24, 10 * 24 + 1)
    fleet.override("support/first-name", "suspended")
    rows = fleet.passes(11 * 24, 14 * 24 + 1)
    assert {row["reason"] for row in rows if row.get("Team") == "support"} == {"suspended: odd"}
    assert "suspended: odd" not in {row["reason"] for row in rows if row.get("Team") == "sales"}
    fleet.override("support/first-name", "active")
    fleet.measure("support", 14 * 24, 24, 0.92, seed=4)
    fleet.passes(14 * 24 + 1, 15 * 24 + 1)
    assert fleet.told("support") == []
    assert max(fleet.scores("support")) < 1


@pytest.mark.parametrize(
    ("scope", "mode", "stopped"),
    [
        ("*", "suspended", ["sales/helpdesk", "support/helpdesk"]),
        ("support", "suspended", ["support/helpdesk"]),
        ("support", "suspnded", ["support/helpdesk"]),  # as for the supervisor, misspelled is suspended
        ("support", "read-only", []),
        ("support/helpdesk", "suspended", []),  # of no agent's key
    ],
)
def test_stopped_are_those_that_the_supervisor_stops(
    fleet: Fleet, scope: str, mode: str, stopped: list[str]
) -> None:
    fleet.override("support/first-name", "active")
    fleet.override(scope, mode)
    assert [agent.shown for agent in agents.watched() if agent.suspended == "odd"] == stopped


def test_an_agent_that_nobody_measures_any_more_is_told_of_and_when_it_is_back(fleet: Fleet) -> None:
    fleet.measure("support", 0, 10 * 24, 0.92)
    fleet.passes(24, 11 * 24 + 1)
    [silent] = fleet.told("support")
    assert silent["Subject"] == "Nothing measured: support/helpdesk accuracy"
    fleet.measure("support", 11 * 24, 24, 0.92, seed=5)
    fleet.passes(12 * 24, 12 * 24 + 1)
    [back] = fleet.told("support")
    assert back["Subject"] == "Well again: support/helpdesk accuracy"
    assert "It was: silent, since" in back["Message"]


def test_what_its_owner_accepts_is_learned_from_the_change_on_and_alarms_no_more(fleet: Fleet) -> None:
    fleet.measure("support", 0, 12 * 24, 0.92)
    fleet.measure("support", 12 * 24, 12 * 24, 0.72, seed=2)
    fleet.passes(24, 16 * 24 + 1)
    assert fleet.scores("support")[-1] >= 1
    assert [each["Subject"] for each in fleet.told("support")] == ["Worse: support/helpdesk accuracy"]
    key = {"agent": accepted_key("arn:support/helpdesk")}
    accepted = MONDAY + 16 * 24 * HOUR + 1800
    boto3_resource("dynamodb").Table("drift").put_item(
        Item={**key, "accuracy": accepted, "expires_at": accepted + 90 * DAY}
    )
    [row] = [
        r
        for r in fleet.passes(16 * 24 + 1, 16 * 24 + 2)
        if (r.get("Team"), r.get("Metric")) == ("support", "accuracy")
    ]
    assert (row["DriftScore"], row["state"]) == (0, "learning")
    [said] = fleet.told("support")
    assert said["Subject"] == "Accepted as it is: support/helpdesk accuracy"
    fleet.passes(17 * 24, 24 * 24 + 1)
    assert fleet.told("support") == []
    [watched] = [each for each in agents.watched() if each.team == "support"]
    memory = memories.read([watched.arn])[watched.arn].memories["accuracy"]
    assert memory.baseline is not None
    assert memory.baseline.level == pytest.approx(0.72, abs=0.03)
    assert memory.since is not None
    assert MONDAY + 11 * DAY < memory.since < MONDAY + 14 * DAY, (
        "from about the change on, not from when it was accepted"
    )
    assert memory.accepted == accepted, "and once"


def test_a_templates_tolerance_is_what_the_agent_is_held_to(fleet: Fleet) -> None:
    topic = boto3_resource("sns").create_topic(Name="support-alerts").arn
    fleet.add("support", "helpdesk", topic, accuracy=0.25)
    [_, watched] = agents.watched()
    assert watched.metric("accuracy").tolerance == 0.25
    assert watched.metric("error_rate") == METRICS["error_rate"]


def test_cost_without_a_price_says_why_it_is_not_measured(fleet: Fleet) -> None:
    fleet.table.update_item(
        Key={"agent": "arn:support/helpdesk", "item": "config"}, UpdateExpression="REMOVE price"
    )
    rows = fleet.passes(24, 25)
    [cost] = [r for r in rows if (r.get("Team"), r.get("Metric")) == ("support", "cost_per_task")]
    assert cost["reason"] == "not measured: the environment has no price table"


def test_what_cannot_be_read_of_one_agent_stops_the_pass_without_a_heartbeat(fleet: Fleet) -> None:
    fleet.table.put_item(Item={"agent": "arn:x", "item": "config", "watch": "{}"})
    with pytest.raises(KeyError):
        fleet.passes(24, 25)


def test_queries_are_of_the_sums_and_counts_that_the_supervisor_and_the_judges_write(fleet: Fleet) -> None:
    [_, watched] = agents.watched()
    asked = {name: [q["MetricStat"] for q in measurements._queries(0, watched, name)] for name in METRICS}
    own = {"Environment": "dev", "Team": "support", "Agent": "helpdesk"}
    for name, stats in asked.items():
        assert [each["Stat"] for each in stats] == ["Sum", "SampleCount"]
        assert {each["Period"] for each in stats} == {HOUR}
        metric = stats[0]["Metric"]
        dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
        judged = name in ("accuracy", "context_relevance")
        assert metric["Namespace"] == ("Corral/Evaluations" if judged else "Corral")
        assert dimensions == ({"service.name": watched.service} if judged else own)
    assert handler.SHARD * measurements.per_agent() <= measurements.QUERIES


def test_the_baselines_of_many_are_learned_from_few_requests(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    really = measurements._results

    def noted(queries: list[dict[str, Any]], since: int, until: int) -> Any:
        asked.append((len(queries), (until - since) // HOUR))
        return really(queries, since, until)

    monkeypatch.setattr(measurements, "_results", noted)
    topic = boto3_resource("sns").create_topic(Name="support-alerts").arn
    for number in range(3):
        fleet.add("support", f"agent-{number}", topic)
    for seed, agent in enumerate(agents.watched()):
        fleet.measure(agent.team, 0, 8 * 24, 0.92, seed, agent.name)
    fleet.passes(24, 7 * 24, every=48)
    asked.clear()
    fleet.passes(7 * 24, 8 * 24 + 1)
    # Of each day the day of all five, and once for all what each has measured of accuracy: too little, then enough.
    assert asked == [(5 * 12, 24), (5 * 2, 7 * 24), (5 * 12, 24), (5 * 2, 8 * 24)]
    kept = memories.read([agent.arn for agent in agents.watched()])
    learned = [each.memories["accuracy"].baseline for each in kept.values()]
    assert [baseline and baseline.samples >= 9 * 7 * 24 for baseline in learned] == [True] * 5
    assert len({baseline.level for baseline in learned if baseline}) == 5, "each learns from its own"
