"""Every stack has a dashboard that CloudWatch takes, on metrics that are written, with all its agents and alarms."""

import json
import re
from typing import Any

import pytest

from components import evaluation, team_watch
from components.dashboard import START
from corral.local.server.dashboard_body import wrong, wrong_name
from corral.spec.load import load_environment
from functions.common import approvals
from functions.drift_monitor import handler, measurements
from functions.supervisor import measures
from tests.components.recorder import ROOT, Program

pytestmark = pytest.mark.xdist_group("components")

WRITTEN = {
    "Corral": {
        *(measures.COST, measures.JOURNEY, measures.ERROR, measures.OVERRIDE, measures.FAILURE),
        *(handler.SCORE, handler.HEARTBEAT, handler.UNJUDGED),
        *(f"Approval{step.title()}" for step in (approvals.ASKED, approvals.YES, approvals.NO, "waiting")),
    },
    evaluation.NAMESPACE: {"Builtin.Correctness", "Builtin.Faithfulness", "Builtin.ContextRelevance"},
    "AWS/Lambda": {"Invocations", "Errors", "Throttles", "Duration"},
    "AWS/Bedrock-AgentCore": {"Invocations", "Latency", "DenyDecisions"},
    "AWS/Firehose": {"DeliveryToS3.DataFreshness"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
}
DIMENSIONS = {"Agent", "Environment", "Team"}


def body(program: Program) -> dict[str, Any]:
    [board] = program.of("aws:cloudwatch/dashboard:Dashboard")
    assert board.inputs["dashboardName"] == program.outputs["dashboard"]
    made: dict[str, Any] = json.loads(board.inputs["dashboardBody"])
    return made


def widgets(program: Program, kind: str) -> dict[str, dict[str, Any]]:
    """Widgets of a kind by their title."""
    found = [each["properties"] for each in body(program)["widgets"] if each["type"] == kind]
    assert len({each.get("title") for each in found}) == len(found)
    return {each.get("title", ""): each for each in found}


def test_each_is_one_that_cloudwatch_takes(stacks: dict[str, Program]) -> None:
    for stack, program in stacks.items():
        assert list(wrong(body(program))) == [], stack
        assert list(wrong_name(program.outputs["dashboard"])) == [], stack
        assert body(program)["start"] == START == "-P7D"  # within what Metrics Insights reads


def test_no_widget_lies_over_another(stacks: dict[str, Program]) -> None:
    for stack, program in stacks.items():
        taken: set[tuple[int, int]] = set()
        for each in body(program)["widgets"]:
            columns = range(each["x"], each["x"] + each["width"])
            cells = {(x, y) for x in columns for y in range(each["y"], each["y"] + each["height"])}
            assert not cells & taken, (stack, each["properties"].get("title"))
            taken |= cells


def test_each_graph_is_of_metrics_that_are_written(stacks: dict[str, Program]) -> None:
    seen: dict[str, set[str]] = {}
    for program in stacks.values():
        for graph in widgets(program, "metric").values():
            assert graph["region"] == "us-east-1"
            for metric in graph["metrics"]:
                if isinstance(metric[0], dict):
                    name, namespace = _asked(metric[0]["expression"])
                else:
                    namespace, name = metric[:2]
                seen.setdefault(namespace, set()).add(name)
    assert seen.keys() == WRITTEN.keys()
    for namespace, names in seen.items():
        assert names <= WRITTEN[namespace], namespace


def _asked(sql: str) -> tuple[str, str]:
    found = re.fullmatch(r'SELECT [A-Z]+\((\w+)\) FROM (?:SCHEMA\("([^"]+)", (.+?)\)|"([^"]+)") .*', sql)
    assert found, sql
    if found[3]:  # exactly the dimensions with which functions write it
        more = {"Metric"} if found[1] == handler.SCORE else set()
        assert set(found[3].split(", ")) == DIMENSIONS | more, sql
    return found[1], found[2] or found[4]


def test_a_team_sees_each_of_its_agents_on_the_six_metrics(stacks: dict[str, Program]) -> None:
    six = {
        "Accuracy": None,
        "Context relevance": "Builtin.ContextRelevance",
        "Journeys completed": measures.JOURNEY,
        "US dollars a task": measures.COST,
        "Tool calls that failed": measures.ERROR,
        "Calls that a person refused": measures.OVERRIDE,
    }
    for stack, program in stacks.items():
        if stack == "dev":
            continue
        team, agents = stack.partition(".")[2], sorted(program.outputs["agents"])
        graphs = widgets(program, "metric")
        for title, metric in six.items():
            lines = graphs[title]["metrics"]
            shown = [line[-1]["label"] for line in lines]
            assert sorted(shown) == agents, title
            assert metric is None or {line[1] for line in lines} == {metric}
            for agent, (namespace, _, *dimensions, _) in zip(shown, lines, strict=True):
                own = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
                if namespace == "Corral":
                    assert own == {"Environment": "dev", "Team": team, "Agent": agent}
                else:
                    assert namespace == measurements.SCORES
                    assert own["service.name"].startswith(f"harness_dev_{team}_")
        worst = graphs["Drift: the worst of an agent's six scores"]
        assert f"Team = '{team}'" in worst["metrics"][0][0]["expression"]
        assert worst["annotations"]["horizontal"][0]["value"] == team_watch.ALARMS_AT


def test_a_team_sees_what_a_day_may_cost(programs: dict[str, Program]) -> None:
    spent = widgets(programs["dev.support"], "metric")["Models: US dollars a day"]
    [mark] = spent["annotations"]["horizontal"]
    assert mark["value"] == pytest.approx(400 / 30)
    assert "400 USD a month" in mark["label"]
    assert (spent["stat"], spent["period"], spent["stacked"]) == ("Sum", 86400, True)


def test_all_alarms_of_a_stack_are_on_its_dashboard(stacks: dict[str, Program]) -> None:
    for stack, program in stacks.items():
        alarms = {a.inputs["name"] for a in program.of("aws:cloudwatch/metricAlarm:MetricAlarm")}
        [shown] = widgets(program, "alarm").values()
        assert {arn.partition(":alarm:")[2] for arn in shown["alarms"]} == alarms, stack


def test_the_platforms_names_no_team_and_no_agent(programs: dict[str, Program]) -> None:
    """A team that deploys changes its own dashboard only."""
    text = json.dumps(body(programs["dev"]))
    for stack, program in programs.items():
        if stack != "dev":
            assert stack.partition(".")[2] not in re.findall(r"[a-z]+", text)
            assert not [agent for agent in program.outputs["agents"] if agent in text]


def test_the_platforms_has_every_tool(programs: dict[str, Program]) -> None:
    failed = widgets(programs["dev"], "metric")["Tools: calls that failed"]
    assert {line[-1]["label"]: line[3] for line in failed["metrics"]} == {
        tool: f"corral-dev-tool-{tool}" for tool in programs["dev"].outputs["tools"]
    }


def test_who_is_on_call_is_said(programs: dict[str, Program]) -> None:
    environment = load_environment(ROOT / "stacks/dev")
    for stack, program in programs.items():
        [words] = widgets(program, "text").values()
        owner = (
            environment.teams[stack.partition(".")[2]].owner if "." in stack else environment.platform.owner
        )
        assert f"On call: {owner.on_call}" in words["markdown"], stack
