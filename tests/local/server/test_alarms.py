"""The local AWS's alarms: states by AWS's rules, what they are told about, and what stands in the way of telling."""

import json
from typing import Any
from urllib.error import HTTPError

import pytest

from corral.local.server.emf import metrics
from tests.local.server.conftest import ACCOUNT, REGION, Server

NOW = 1_790_553_600  # a full hour
ALARM, OK, UNKNOWN = "ALARM", "OK", "INSUFFICIENT_DATA"


class Watch:
    """One alarm on one metric, and the queue that its topic tells."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name
        self.cloudwatch, sns, sqs = (server.client(each) for each in ("cloudwatch", "sns", "sqs"))
        self.topic = sns.create_topic(Name=name)["TopicArn"]
        self.sns, self._sqs = sns, sqs
        self._queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self.allow()

    def allow(self, **condition: Any) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": self.topic,
            "Condition": condition or {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sns.set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=policy)

    def alarm(self, **settings: Any) -> None:
        on = {"Namespace": self.name, "MetricName": "M", "Statistic": "Sum", "Period": 60}
        self.cloudwatch.put_metric_alarm(
            **{
                "AlarmName": self.name,
                "EvaluationPeriods": 1,
                "Threshold": 1.0,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": [self.topic],
                "OKActions": [self.topic],
                **({} if "Metrics" in settings else on),
                **settings,
            }
        )

    def put(self, value: float, at: int, metric: str = "M", **dimensions: str) -> None:
        given = [{"Name": key, "Value": each} for key, each in dimensions.items()]
        datum = {"MetricName": metric, "Dimensions": given, "Timestamp": at, "Value": value}
        self.cloudwatch.put_metric_data(Namespace=self.name, MetricData=[datum])

    def state(self, at: int = NOW) -> str:
        from datetime import UTC, datetime

        time = datetime.fromtimestamp(at, UTC).isoformat()
        states = self.server.admin("POST", "alarms", {"time": time})
        [found] = [state for state, names in states.items() if self.name in names]
        return str(found)

    def told(self) -> list[dict[str, Any]]:
        found = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for each in found:
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(json.loads(each["Body"])["Message"]) for each in found]


@pytest.fixture
def watch(server: Server, name: str) -> Any:
    watch = Watch(server, name)
    yield watch
    watch.cloudwatch.delete_alarms(AlarmNames=[name])


def test_an_alarm_tells_when_it_begins_and_when_it_ends_and_not_in_between(watch: Watch) -> None:
    watch.alarm(AlarmDescription="look there")
    watch.put(1, NOW - 60)
    assert watch.state() == ALARM
    [message] = watch.told()
    assert (message["AlarmName"], message["AlarmDescription"]) == (watch.name, "look there")
    assert (message["OldStateValue"], message["NewStateValue"]) == (UNKNOWN, ALARM)
    assert "1 of 1 periods were beyond 1 (values: 1)" in message["NewStateReason"]
    assert watch.state(NOW + 30) == ALARM
    assert watch.told() == []
    assert watch.state(NOW + 60) == OK
    assert [each["NewStateValue"] for each in watch.told()] == [OK]


@pytest.mark.parametrize(
    ("missing", "state"),
    [("breaching", ALARM), ("notBreaching", OK), ("missing", UNKNOWN), ("ignore", ALARM), (None, UNKNOWN)],
)
def test_missing_data_is_what_the_alarm_says(watch: Watch, missing: str | None, state: str) -> None:
    watch.alarm(**({} if missing is None else {"TreatMissingData": missing}))
    if missing is None:
        watch.cloudwatch.delete_alarms(AlarmNames=[watch.name])
        watch.alarm(TreatMissingData="missing")
    watch.put(5, NOW - 60)
    assert watch.state() == ALARM
    assert watch.state(NOW + 3600) == state


def test_periods_in_a_row(watch: Watch) -> None:
    watch.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    watch.put(1, NOW - 60)
    assert watch.state() == OK
    watch.put(1, NOW - 180)
    assert watch.state() == ALARM
    watch.put(1, NOW)
    assert watch.state(NOW + 180) == OK
    watch.put(1, NOW + 180)  # in a period that has not ended
    assert watch.state(NOW + 190) == OK


def test_an_alarm_below(watch: Watch) -> None:
    watch.alarm(ComparisonOperator="LessThanThreshold", TreatMissingData="breaching", EvaluationPeriods=2)
    watch.put(1, NOW - 60)
    assert watch.state() == OK
    assert watch.state(NOW + 120) == ALARM


def test_the_highest_of_several(watch: Watch) -> None:
    def query(identifier: str, which: str) -> dict[str, Any]:
        metric = {"Namespace": watch.name, "MetricName": "S", "Dimensions": [{"Name": "K", "Value": which}]}
        stat = {"Metric": metric, "Period": 3600, "Stat": "Maximum"}
        return {"Id": identifier, "MetricStat": stat, "ReturnData": False}

    worst = {"Id": "worst", "Expression": "MAX(METRICS())", "ReturnData": True}
    watch.alarm(Metrics=[query("m1", "a"), query("m2", "b"), worst], TreatMissingData="ignore")
    watch.put(0.2, NOW - 3600, "S", K="a")
    assert watch.state() == OK
    watch.put(1.4, NOW - 1, "S", K="b")
    assert watch.state() == ALARM
    assert watch.state(NOW + 7200) == ALARM
    watch.put(0.1, NOW + 7200, "S", K="b")
    assert watch.state(NOW + 3 * 3600) == OK


def test_a_query_sums_over_whatever_dimensions_there_are(watch: Watch) -> None:
    expression = f"SELECT SUM(T) FROM \"{watch.name}\" WHERE Resource = 'g'"
    watch.alarm(
        Metrics=[{"Id": "q", "Expression": expression, "Period": 300, "ReturnData": True}], Threshold=3.0
    )
    watch.put(1, NOW - 100, "T", Resource="g", Name="x")
    watch.put(5, NOW - 100, "T", Resource="other")
    assert watch.state() == OK
    watch.put(2, NOW - 200, "T", Resource="g")
    assert watch.state() == ALARM


@pytest.mark.parametrize(
    "settings",
    [
        {"Metrics": [{"Id": "q", "Expression": "m1 / m2", "Period": 60, "ReturnData": True}]},
        {"ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold"},
        {"AlarmActions": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"]},
    ],
    ids=["expression", "comparison", "action"],
)
def test_what_it_cannot_do_it_names(watch: Watch, settings: dict[str, Any]) -> None:
    watch.alarm(**settings)
    watch.put(1, NOW - 60)
    with pytest.raises(HTTPError) as error:
        watch.state()
    assert error.value.code == 501


def test_a_topic_whose_policy_does_not_let_alarms_publish_is_not_told(watch: Watch) -> None:
    watch.alarm()
    watch.put(1, NOW - 60)
    watch.allow(StringEquals={"aws:SourceAccount": "999999999999"})
    with pytest.raises(HTTPError) as error:
        watch.state()
    assert "the topic's policy has no sns:Publish" in error.value.read().decode()


def test_a_topic_under_a_key_that_alarms_may_not_use_is_not_told(watch: Watch) -> None:
    key = watch.server.client("kms").create_key()["KeyMetadata"]["Arn"]
    watch.sns.set_topic_attributes(TopicArn=watch.topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    watch.alarm()
    watch.put(1, NOW - 60)
    with pytest.raises(HTTPError) as error:
        watch.state()
    assert "the policy of its key has no kms:GenerateDataKey" in error.value.read().decode()


def test_actions_that_are_switched_off_tell_nobody(watch: Watch) -> None:
    watch.alarm(ActionsEnabled=False)
    watch.put(1, NOW - 60)
    assert watch.state() == ALARM
    assert watch.told() == []


def test_a_time_that_is_none(server: Server) -> None:
    with pytest.raises(HTTPError) as error:
        server.admin("POST", "alarms", {"time": "soon"})
    assert "time is like 2026-01-31T08:00:00Z" in error.value.read().decode()


def _line(**changes: Any) -> str:
    directive = {"Namespace": "N", "Dimensions": [["A"], ["A", "B"]], "Metrics": [{"Name": "M"}]}
    said = {"A": "x", "B": "y", "M": 2, "_aws": {"Timestamp": 5000, "CloudWatchMetrics": [directive]}}
    return json.dumps(said | changes)


def test_a_log_line_becomes_a_value_for_each_set_of_dimensions() -> None:
    found = list(metrics(_line(M=[2, 3])))
    assert [(namespace, datum["Value"], len(datum["Dimensions"])) for namespace, datum in found] == [
        ("N", 2, 1), ("N", 3, 1), ("N", 2, 2), ("N", 3, 2),
    ]  # fmt: skip
    assert {datum["Timestamp"].timestamp() for _, datum in found} == {5.0}


@pytest.mark.parametrize(
    "line", ["", "{", '{"CloudWatchMetrics": 1}', _line(M="2"), _line(M=True), _line(A=1), _line(_aws=None)]
)
def test_a_line_that_says_no_metric_makes_none(line: str) -> None:
    assert list(metrics(line)) == []
