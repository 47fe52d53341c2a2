"""Drift on the local AWS: what agents are measured by, and who hears when one has been made worse on purpose.

Time is simulated: a month of measurements is put into CloudWatch under its times, and passes of the monitor and
evaluations of alarms are run as of those times, two a day.
"""

import json
import random
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.served.conftest import run

START = 1_790_553_600  # Mon 28 Sep 2026 00:00 UTC
HOUR = 3600
DAYS = 30
WORSE_FROM = 21
PER_HOUR = 9  # sessions
WORSE, WELL = "helpdesk", "onboarding"  # of team support
DRIFT = f"corral-dev/support/{WORSE}/drift"  # the alarm, on which the team has the agent suspended
Served = dict[str, Any]


def door(served: Served, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(f"{served['endpoint']}/_corral/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read())


def iso(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def measurements(agent: str, drawn: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """A month of an agent in use, as namespaces and data of PutMetricData. One is worse in its fourth week."""
    own = [
        {"Name": k, "Value": v} for k, v in (("Environment", "dev"), ("Team", "support"), ("Agent", agent))
    ]
    scored = [{"Name": "service.name", "Value": f"harness_dev_support_{agent}.DEFAULT"}]
    for hour in range(DAYS * 24):
        bad = agent == WORSE and hour >= WORSE_FROM * 24
        rates = {
            "Builtin.Correctness": 0.70 if bad else 0.92,
            "Builtin.ContextRelevance": 0.95,
            "JourneyCompletion": 0.9,
            "ErrorRate": 0.02,
            "HumanOverrideRate": 0.02,
        }
        at = START + hour * HOUR + 60
        for metric, rate in rates.items():
            yes = sum(drawn.random() < rate for _ in range(PER_HOUR))
            counts = {value: count for value, count in ((1.0, yes), (0.0, PER_HOUR - yes)) if count}
            judged = metric.startswith("Builtin")
            yield (
                "Corral/Evaluations" if judged else "Corral",
                {
                    "MetricName": metric,
                    "Dimensions": scored if judged else own,
                    "Timestamp": at,
                    "Values": list(counts),
                    "Counts": [float(count) for count in counts.values()],
                },
            )
        costs = [drawn.lognormvariate(-7, 0.6) for _ in range(PER_HOUR)]
        yield "Corral", {"MetricName": "CostPerTask", "Dimensions": own, "Timestamp": at, "Values": costs}


def listed(project: Path) -> list[dict[str, Any]]:
    """What is above the agents of the team."""
    done = run(project, "overrides", "dev", "support", "--local", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return list(found["overrides"] if isinstance(found, dict) else found)


def overridden(project: Path, since: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is above the agents of the team, once it is no more what it was: the alarm is heard a moment later."""
    deadline = time.monotonic() + 30
    while (found := listed(project)) == since and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


class Month:
    """What came of it: the alarms' states after each evaluation, and all that the team was told."""

    def __init__(
        self, served: Served, admin: boto3.Session, outputs: dict[str, dict[str, Any]], project: Path
    ) -> None:
        self.stopped: list[dict[str, Any]] = []
        self.afterwards: list[dict[str, Any]] | None = None
        self.refused = ""
        self._cloudwatch, self._logs = admin.client("cloudwatch"), admin.client("logs")
        sqs = admin.resource("sqs")
        queue = sqs.create_queue(QueueName="on-call-of-support")
        team = outputs["support"]
        arn = queue.attributes["QueueArn"]
        admin.client("sns").subscribe(TopicArn=team["alerts_topic_arn"], Protocol="sqs", Endpoint=arn)
        cloudwatch = admin.client("cloudwatch")
        for agent, seed in ((WORSE, 11), (WELL, 12)):
            by_namespace: dict[str, list[dict[str, Any]]] = {}
            for namespace, datum in measurements(agent, random.Random(seed)):
                by_namespace.setdefault(namespace, []).append(datum)
            for namespace, data in by_namespace.items():
                for first in range(0, len(data), 500):
                    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[first : first + 500])
        self.states: dict[int, dict[str, list[str]]] = {}
        schedule = outputs[""]["drift_monitor_schedule"]
        for hour in range(24, DAYS * 24 + 1, 12):
            at = START + hour * HOUR + 900
            answer = door(served, "schedules", {"schedule": schedule, "scheduled_time": iso(at)})["answer"]
            assert answer["not_judged"] == 0
            # The scores are of the hour in which the pass ran, which has then ended.
            self.states[hour] = door(served, "alarms", {"time": iso(START + (hour + 1) * HOUR)})
            if not self.stopped and DRIFT in self.states[hour]["ALARM"]:
                self._stopped_and_resumed(served, project, START + (hour + 1) * HOUR)
        self.told: list[dict[str, Any]] = []
        while received := queue.receive_messages(MaxNumberOfMessages=10):
            for message in received:
                self.told.append(json.loads(message.body))
                message.delete()

    def _stopped_and_resumed(self, served: Served, project: Path, at: int) -> None:
        """What its alarm does to the agent; then a person has it work again, and the alarm begins once more."""
        self.stopped = overridden(project, since=[])
        asked = run(project, "invoke", "dev", f"support/{WORSE}", "Where is my order?", "--local")
        self.refused = asked.stdout + asked.stderr
        done = run(
            project, "resume", "dev", f"support/{WORSE}", "--reason", "Mended.", "--yes", "--local", "--json"
        )
        assert done.returncode == 0, done.stderr
        self._cloudwatch.set_alarm_state(AlarmName=DRIFT, StateValue="OK", StateReason="as if it had ended")
        assert DRIFT in door(served, "alarms", {"time": iso(at)})["ALARM"]
        deadline = time.monotonic() + 30
        while "cooling down" not in self._outcomes() and time.monotonic() < deadline:
            time.sleep(0.5)
        self.afterwards = listed(project)

    def _outcomes(self) -> list[str]:
        """What the function made of each alarm, by its log."""
        found = self._logs.filter_log_events(logGroupName="/aws/lambda/corral-dev-override")["events"]
        lines = [json.loads(each["message"]) for each in found if '"outcome"' in each["message"]]
        return [str(line["outcome"]) for line in lines if line["alarm"] == DRIFT]

    def hours_in_alarm(self, agent: str) -> list[int]:
        name = f"corral-dev/support/{agent}/drift"
        return [hour for hour, states in self.states.items() if name in states["ALARM"]]


@pytest.fixture(scope="module")
def month(
    served: Served, admin: boto3.Session, outputs: dict[str, Any], project: Path, monkeypatch_module: Any
) -> Month:
    return Month(served, admin, outputs, project)


@pytest.fixture(scope="module")
def monkeypatch_module(served: Served) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", served["endpoint"])
        yield


@pytest.mark.control("alarm-actions")
def test_an_agent_made_worse_alarms_within_two_days_and_its_team_reads_why(month: Month) -> None:
    first = month.hours_in_alarm(WORSE)[0]
    assert WORSE_FROM * 24 < first <= WORSE_FROM * 24 + 48
    assert month.hours_in_alarm(WORSE) == [hour for hour in month.states if hour >= first], "it stays"
    words, *more = [each for each in month.told if each.get("Subject", "").startswith("Worse")]
    assert not more
    assert words["Subject"] == f"Worse: support/{WORSE} accuracy"
    assert "sessions since" in words["Message"]
    assert "baseline 0.9" in words["Message"]
    assert f"corral drift show dev support/{WORSE}" in words["Message"]
    alarm, again = [
        said
        for each in month.told
        if (said := _json(each["Message"])) and said["AlarmName"].endswith("/drift")
        if said["NewStateValue"] == "ALARM"
    ]
    assert alarm["AlarmName"] == again["AlarmName"] == DRIFT, "again: the test has it begin once more"
    assert "docs/drift.md" in alarm["AlarmDescription"]


@pytest.mark.control("suspension", "alarm-actions")
def test_its_alarm_suspends_it_once_and_leaves_alone_what_a_person_resumed(month: Month) -> None:
    [override] = month.stopped
    assert (override["name"], override["mode"]) == (f"support/{WORSE}", "suspended")
    assert override["by"].endswith(f":alarm:{DRIFT}")
    assert f"agent suspended: {override['reason']}" in month.refused
    assert month.afterwards == [], "it began again within the cool-down"
    assert "cooling down" in month._outcomes()


@pytest.mark.control("alarm-actions")
def test_the_agent_beside_it_is_quiet_for_a_month(month: Month) -> None:
    assert month.hours_in_alarm(WELL) == []
    about = [each for each in month.told if WELL in each.get("Subject", "")]
    assert [_json(each["Message"])["NewStateValue"] for each in about] == ["OK"], "told once that data came"


def _json(text: str) -> dict[str, Any]:
    return dict(json.loads(text)) if text.startswith("{") else {}


@pytest.mark.control("alarm-actions")
def test_a_monitor_that_does_not_run_alarms_the_platform(
    month: Month, served: Served, admin: boto3.Session, outputs: dict[str, dict[str, Any]]
) -> None:
    name, topic = "corral-dev/platform/monitor-silent", outputs[""]["alerts_topic_arn"]
    queue = admin.resource("sqs").create_queue(QueueName="on-call-of-the-platform")
    admin.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.attributes["QueueArn"])
    last = START + DAYS * 24 * HOUR
    assert name not in door(served, "alarms", {"time": iso(last + HOUR)})["ALARM"], (
        "there was one pass in two hours"
    )
    states = door(served, "alarms", {"time": iso(last + 4 * HOUR)})
    assert name in states["ALARM"]
    [message] = [json.loads(json.loads(each.body)["Message"]) for each in queue.receive_messages()]
    assert message["AlarmName"] == name
    assert "has not finished a pass for two hours" in message["AlarmDescription"]
    assert f"corral-dev/support/{WORSE}/drift" in states["ALARM"], "what was known of an agent stays"


def test_an_agent_in_use_is_measured(project: Path, served: Served, admin: boto3.Session) -> None:
    began = time.time()
    said = run(
        project,
        "invoke",
        "dev",
        f"support/{WORSE}",
        "How do I reset it to factory settings?",
        "--local",
        "--json",
    )
    assert said.returncode == 0, said.stderr
    own = [
        {"Name": k, "Value": v} for k, v in (("Environment", "dev"), ("Team", "support"), ("Agent", WORSE))
    ]
    # Sums: of tasks before it in this hour some may have had no answer of a model, and so no tokens.
    stats = {
        **dict.fromkeys(("CostPerTask", "InputTokens", "OutputTokens"), "Sum"),
        **dict.fromkeys(("JourneyCompletion", "ErrorRate", "HumanOverrideRate"), "Average"),
    }
    queries = [
        {
            "Id": f"m{index}",
            "MetricStat": {
                "Metric": {"Namespace": "Corral", "MetricName": name, "Dimensions": own},
                "Period": HOUR,
                "Stat": stat,
            },
        }
        for index, (name, stat) in enumerate(stats.items())
    ]
    found = admin.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=began - HOUR, EndTime=began + HOUR
    )["MetricDataResults"]
    measured = {each["Label"].split()[0]: each["Values"][0] for each in found}
    cost = (measured["InputTokens"] * 0.06 + measured["OutputTokens"] * 0.24) / 1e6
    assert measured["CostPerTask"] == pytest.approx(cost, rel=1e-6)
    assert 0 <= measured["ErrorRate"] <= 1


def test_what_was_found_is_shown(month: Month, project: Path, served: Served) -> None:
    rows = json.loads(run(project, "drift", "show", "dev", "support", "--local", "--json").stdout)
    assert [(row["agent"], row["metric"]) for row in rows[:2]] == [
        (f"support/{WORSE}", "accuracy"),
        (f"support/{WORSE}", "context_relevance"),
    ]
    assert len(rows) == 12
    bad, *others = rows
    assert (bad["state"], bad["baseline_version"]) == ("drift", "1")
    assert bad["score"] >= 1
    assert START + WORSE_FROM * 24 * HOUR < bad["since"] <= START + (WORSE_FROM + 2) * 24 * HOUR
    assert "sessions since" in bad["reason"]
    assert float(bad["baseline"]) == pytest.approx(0.92, abs=0.02)
    assert all(row["score"] < 1 for row in others)
    said = run(project, "drift", "show", "dev", f"support/{WORSE}", "--local").stdout
    assert f"support/{WORSE} accuracy: drift\n    accuracy 0." in said
    assert "2026-10-" in said


def test_its_team_accepts_it_as_it_is_and_the_alarm_ends(
    month: Month, project: Path, served: Served, outputs: dict[str, dict[str, Any]]
) -> None:
    agent = f"support/{WORSE}"
    asked = ("--metric", "accuracy", "--reason", "Shorter answers are meant.", "--yes", "--local", "--json")
    done = run(project, "drift", "accept", "dev", agent, *asked)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["target"], said["metrics"]) == (agent, ["accuracy"])
    assert "corral-dev-team-support-operator" in said["by"]
    at = START + DAYS * 24 * HOUR + HOUR + 900
    schedule = {"schedule": outputs[""]["drift_monitor_schedule"], "scheduled_time": iso(at)}
    assert door(served, "schedules", schedule)["answer"]["not_judged"] == 0
    shown = json.loads(run(project, "drift", "show", "dev", agent, "--local", "--json").stdout)
    [accuracy] = [row for row in shown if row["metric"] == "accuracy"]
    assert accuracy["state"] == "learning"
    assert DRIFT not in door(served, "alarms", {"time": iso(at - 900 + HOUR)})["ALARM"]


def test_what_cannot_be_shown_says_why(project: Path, served: Served) -> None:
    said = run(project, "drift", "show", "dev", "support/helpdes", "--local")
    assert said.returncode == 1
    assert 'Did you mean "support/helpdesk"?' in said.stderr
    done = run(project, "drift", "show", "dev", "sales", "--local")
    assert done.returncode == 0, done.stderr
    rows = done.stdout
    assert "learning" in rows
    assert "unknown" not in rows
