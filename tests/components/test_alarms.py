"""Every alarm tells somebody and says what silence is; every agent is covered on all six metrics."""

import json
from typing import Any

import pytest

from components import evaluation, team_watch
from corral.spec.load import load_environment
from functions.drift_monitor import handler, measurements
from functions.drift_monitor.detect.metrics import METRICS
from functions.supervisor import measures
from tests.components.recorder import ROOT, Program, Recorded

pytestmark = pytest.mark.xdist_group("components")

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
# What an alarm makes of a time without data, each chosen with the reason beside it in the program.
MISSING = {
    "monitor-silent": "breaching",
    **dict.fromkeys(("monitor-failures", "gateway-throttles", "policy-mismatches"), "notBreaching"),
    **dict.fromkeys(("supervisor-errors", "supervisor-throttles", "supervisor-failures"), "notBreaching"),
    "front-door/errors": "notBreaching",
    "drift": "ignore",
}


def _kind(alarm: Recorded) -> str:
    name = alarm.inputs["name"].split("/", 2)[2]
    return "drift" if name.endswith("/drift") else name


@pytest.mark.control("alarm-actions")
def test_every_alarm_tells_a_topic_and_is_switched_on(stacks: dict[str, Program]) -> None:
    for stack, program in stacks.items():
        topics = {r.inputs["name"] for r in program.of("aws:sns/topic:Topic")} | {"corral-dev-alerts"}
        for alarm in program.of(ALARM):
            told = alarm.inputs["alarmActions"]
            assert told, alarm.name
            assert {arn.rpartition(":")[2] for arn in told} <= topics, alarm.name
            assert told == alarm.inputs["okActions"], "who was told that it began hears that it is over"
            assert alarm.inputs["actionsEnabled"] is True, alarm.name
            assert len(alarm.inputs["alarmDescription"]) <= 1024
            owner = stack.partition(".")[2] or "platform"
            assert alarm.inputs["name"].startswith(f"corral-dev/{owner}/"), alarm.name


@pytest.mark.control("alarm-actions")
def test_missing_data_is_treated_on_purpose(everything: list[Recorded]) -> None:
    alarms = [r for r in everything if r.type == ALARM]
    assert {_kind(alarm): alarm.inputs["treatMissingData"] for alarm in alarms} == MISSING


@pytest.mark.control("alarm-actions")
def test_every_agent_is_covered_on_the_six_metrics(stacks: dict[str, Program]) -> None:
    for stack, program in stacks.items():
        if stack == "dev":
            continue
        team = stack.partition(".")[2]
        drift = {a.inputs["name"]: a.inputs for a in program.of(ALARM) if _kind(a) == "drift"}
        assert len(drift) == len(program.outputs["agents"])
        for agent in program.outputs["agents"]:
            alarm = drift[f"corral-dev/{team}/{agent}/drift"]
            *measured, shown = alarm["metricQueries"]
            assert (shown["expression"], shown["returnData"]) == ("MAX(METRICS())", True)
            assert [each["returnData"] for each in measured] == [False] * 6
            asked = [each["metric"] for each in measured]
            assert [each["dimensions"] for each in asked] == [
                {"Environment": "dev", "Team": team, "Agent": agent, "Metric": metric} for metric in METRICS
            ]
            assert {(a["namespace"], a["metricName"], a["stat"], a["period"]) for a in asked} == {
                ("Corral", handler.SCORE, "Maximum", 3600)
            }
            assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
            assert (alarm["evaluationPeriods"], alarm["datapointsToAlarm"]) == (1, 1)
            assert f"corral drift show dev {team}/{agent}" in alarm["alarmDescription"]


def test_the_platform_hears_of_agents_that_many_use(stacks: dict[str, Program]) -> None:
    for stack, program in stacks.items():
        for alarm in program.of(ALARM):
            if stack == "dev" or _kind(alarm) != "drift":
                continue
            agent = program.outputs["agents"][alarm.inputs["name"].split("/")[2]]
            too = agent["stage"] in ("integration", "multi-agent", "enterprise")
            assert len(alarm.inputs["alarmActions"]) == (2 if too else 1), alarm.name


def test_a_silent_monitor_alarms_after_two_hours(programs: dict[str, Program]) -> None:
    [silent] = [a.inputs for a in programs["dev"].of(ALARM) if _kind(a) == "monitor-silent"]
    assert (silent["metricName"], silent["dimensions"]) == (handler.HEARTBEAT, {"Environment": "dev"})
    assert (silent["comparisonOperator"], silent["threshold"]) == ("LessThanThreshold", 1)
    assert (silent["period"], silent["evaluationPeriods"], silent["datapointsToAlarm"]) == (3600, 2, 2)
    [failing] = [a.inputs for a in programs["dev"].of(ALARM) if _kind(a) == "monitor-failures"]
    assert (failing["metricName"], failing["threshold"]) == ("AgentsNotJudged", 1)
    assert (failing["period"], failing["evaluationPeriods"], failing["datapointsToAlarm"]) == (3600, 2, 2)


def test_alarms_are_on_metrics_that_are_written(programs: dict[str, Program]) -> None:
    alarms = {_kind(a): a.inputs for a in programs["dev"].of(ALARM)}
    assert alarms["monitor-failures"]["metricName"] == handler.UNJUDGED
    assert alarms["supervisor-failures"]["metricName"] == measures.FAILURE
    gateway, engine = (programs["dev"].outputs[key] for key in ("gateway_arn", "policy_engine_id"))
    assert alarms["gateway-throttles"]["metricQueries"][0]["expression"] == (
        f"SELECT SUM(Throttles) FROM \"AWS/Bedrock-AgentCore\" WHERE Resource = '{gateway}'"
    )
    assert alarms["policy-mismatches"]["metricQueries"][0]["expression"] == (
        f"SELECT SUM(MismatchErrors) FROM \"AWS/Bedrock-AgentCore\" WHERE PolicyEngine = '{engine}'"
    )
    for kind, alarm in alarms.items():
        assert alarm["threshold"] == 1, kind
        if kind.startswith("supervisor"):
            assert (alarm["period"], alarm["evaluationPeriods"], alarm["statistic"]) == (300, 1, "Sum")
    for program in programs.values():
        for alarm in program.of(ALARM):
            if _kind(alarm) == "front-door/errors":
                door = program.outputs["front_door_function"]
                assert alarm.inputs["dimensions"] == {"FunctionName": door}
                assert (alarm.inputs["metricName"], alarm.inputs["statistic"]) == ("Errors", "Sum")
                assert (alarm.inputs["threshold"], alarm.inputs["period"]) == (1, 300)
                assert (alarm.inputs["evaluationPeriods"], alarm.inputs["datapointsToAlarm"]) == (1, 1)


def test_the_program_and_the_monitor_mean_the_same_metrics() -> None:
    assert tuple(METRICS) == team_watch.METRICS
    assert team_watch.SCORE == handler.SCORE
    assert evaluation.NAMESPACE == measurements.SCORES
    assert set(measurements._USED.values()) == {
        *(measures.COST, measures.JOURNEY, measures.ERROR, measures.OVERRIDE)
    }


@pytest.mark.control("alarm-actions")
def test_topics_take_alarms_of_this_account_and_so_does_their_key(programs: dict[str, Program]) -> None:
    [key] = [k for k in programs["dev"].of("aws:kms/key:Key") if k.name == "dev-key-key"]
    statements = {s["Sid"]: s for s in json.loads(key.inputs["policy"])["Statement"]}
    assert statements["Alarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statements["Alarms"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    for program in programs.values():
        for topic in program.of("aws:sns/topic:Topic"):
            assert topic.inputs["kmsMasterKeyId"] == programs["dev"].outputs["platform_key_arn"]
        for policy in program.of("aws:sns/topicPolicy:TopicPolicy"):
            [alarms] = [s for s in json.loads(policy.inputs["policy"])["Statement"] if s["Sid"] == "Alarms"]
            assert alarms["Condition"] == {
                "StringEquals": {"aws:SourceAccount": "111122223333"},
                "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:*"},
            }


def _config(program: Program, agent: str) -> dict[str, Any]:
    items = [json.loads(i.inputs["item"]) for i in program.of("aws:dynamodb/tableItem:TableItem")]
    [item] = [i for i in items if i["name"]["S"] == agent]
    return dict(item)


def test_every_agent_is_evaluated_from_its_creation_on_by_what_drift_needs(
    stacks: dict[str, Program],
) -> None:
    for stack, program in stacks.items():
        team = stack.partition(".")[2]
        made = {
            r.inputs["onlineEvaluationConfigName"]: r
            for r in program.of("aws-native:bedrockagentcore:OnlineEvaluationConfig")
        }
        assert len(made) == len(program.outputs.get("agents", ()))
        for agent, said in program.outputs.get("agents", {}).items():
            resource = made[f"dev_{team}_{agent}".replace("-", "_")]
            given = resource.inputs
            assert given["executionStatus"] == "ENABLED"
            assert any("-policy" in urn for urn in resource.dependencies), "AWS tries the role out"
            watch = json.loads(_config(program, agent)["watch"]["S"])
            asked = [each["evaluatorId"] for each in given["evaluators"]]
            assert {watch["accuracy"], "Builtin.ContextRelevance"} <= set(asked)
            assert given["dataSourceConfig"]["cloudWatchLogs"]["serviceNames"] == [watch["service"]]
            out = given["outputConfig"]["cloudWatchConfig"]
            assert out == {
                "logGroupName": program.outputs["evaluations_log_group"],
                "metricsNamespace": measurements.SCORES,
            }
            sampled = given["rule"]["samplingConfig"]["samplingPercentage"]
            assert sampled == evaluation.SAMPLING[said["stage"]]
            assert watch["topic"] == program.outputs["alerts_topic_arn"]


def test_an_agents_price_and_tolerances_reach_its_item(programs: dict[str, Program]) -> None:
    item = _config(programs["dev.support"], "helpdesk")
    assert json.loads(item["price"]["S"]) == {"input": 0.06, "output": 0.24}
    watch = json.loads(item["watch"]["S"])
    template = load_environment(ROOT / "stacks/dev").agents["support"]["helpdesk"].made_from
    assert watch["tolerances"] == template.drift.model_dump(exclude_none=True) != {}
    assert watch["version"] == "1"
