"""A team's dashboard: whether its agents are as they were, what they cost, whether callers get answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import Input, ResourceOptions
from pulumi_aws import cloudwatch

from components import evaluation
from components.dashboard import (
    AMBER,
    DAY,
    GREEN,
    QUARTER,
    RED,
    Row,
    Widget,
    alarms,
    dashboard,
    graph,
    line,
    query,
    text,
)
from components.function import NAMESPACE
from components.site import Shared
from components.team_watch import ALARMS_AT, SCORE
from corral.spec.evaluated import accuracy_evaluator
from corral.spec.names import dashboard_name
from corral.spec.resolved import ResolvedAgent

_DAYS_OF_A_MONTH = 30
_ALARMS_A_LINE = 4


@dataclass(frozen=True)
class TeamDashboardArgs:
    """Arguments of a team's dashboard. `alarms` are the ARNs of the team's, `front_door` its function's name."""

    shared: Shared
    agents: Sequence[ResolvedAgent]
    on_call: str
    monthly_budget_usd: float
    alarms: Sequence[Input[str]]
    front_door: Input[str]


def team_dashboard(name: str, args: TeamDashboardArgs, opts: ResourceOptions) -> cloudwatch.Dashboard:
    """Make it. Colours tell agents apart: each has the same one in every graph."""
    site, team = args.shared.site, args.shared.owner
    rows = [
        Row(2, [text(_words(args))]),
        Row(
            2 + len(args.alarms) // _ALARMS_A_LINE,
            [alarms("Alarms: an agent has left its baseline, or the front door fails", args.alarms)],
        ),
    ]
    if args.agents:
        rows += [Row(6, widgets) for widgets in _of_agents(args)]
    calls = {"FunctionName": args.front_door}
    last: list[Widget] = [
        graph(
            *(site, "Front door: requests, and those that failed"),
            [
                line("AWS/Lambda", "Invocations", calls, "requests", color=GREEN),
                line("AWS/Lambda", "Errors", calls, "failed", color=RED),
                line("AWS/Lambda", "Throttles", calls, "throttled", color=AMBER),
            ],
            stat="Sum",
        ),
        graph(
            *(site, "Front door: milliseconds to answer"),
            [
                line("AWS/Lambda", "Duration", calls, "half of them", stat="p50"),
                line("AWS/Lambda", "Duration", calls, "95 of 100", stat="p95"),
            ],
        ),
    ]
    if args.agents:
        per_day = args.monthly_budget_usd / _DAYS_OF_A_MONTH
        spent = _each(args, NAMESPACE, "CostPerTask")
        marks = [(per_day, f"a thirtieth of {args.monthly_budget_usd:g} USD a month")]
        last.insert(
            0,
            graph(
                *(site, "Models: US dollars a day", spent), stat="Sum", period=DAY, stacked=True, marks=marks
            ),
        )
    rows.append(Row(6, last))
    return dashboard(name, dashboard_name(site.environment, team), rows, opts)


def _words(args: TeamDashboardArgs) -> str:
    environment, team = args.shared.site.environment, args.shared.owner
    return (
        f"# {team} in {environment}\n"
        f"On call: {args.on_call}. Which metric and since when: `corral drift show {environment} {team}`. "
        f"Stop an agent: `corral suspend {environment} {team}/AGENT --reason ...`. A line is an agent."
    )


def _of_agents(args: TeamDashboardArgs) -> list[list[Widget]]:
    """Three rows: how much they are used and how far from their baselines, then the six metrics."""
    site = args.shared.site
    often: dict[str, Any] = {"period": QUARTER}
    share = often | {"highest": 1}
    judged = {each.name: accuracy_evaluator(each.made_from) for each in args.agents}
    relevance = dict.fromkeys(judged, "Builtin.ContextRelevance")
    mark = [(ALARMS_AT, "alarms")]
    return [
        [
            graph(
                site,
                "Drift: the worst of an agent's six scores",
                query(_worst(args)),
                stat="Maximum",
                marks=mark,
            ),
            graph(
                *(site, "Tasks an hour", _each(args, NAMESPACE, "JourneyCompletion")),
                stat="SampleCount",
                stacked=True,
            ),
        ],
        [
            graph(site, "Accuracy", _judged(args, judged), **share),
            graph(site, "Context relevance", _judged(args, relevance), **share),
            graph(site, "Journeys completed", _each(args, NAMESPACE, "JourneyCompletion"), **share),
        ],
        [
            graph(site, "US dollars a task", _each(args, NAMESPACE, "CostPerTask"), **often),
            graph(site, "Tool calls that failed", _each(args, NAMESPACE, "ErrorRate"), **often),
            graph(site, "Calls that a person refused", _each(args, NAMESPACE, "HumanOverrideRate"), **often),
        ],
    ]


def _worst(args: TeamDashboardArgs) -> str:
    environment, team = args.shared.site.environment, args.shared.owner
    return (
        f'SELECT MAX({SCORE}) FROM SCHEMA("{NAMESPACE}", Agent, Environment, Metric, Team) '
        f"WHERE Environment = '{environment}' AND Team = '{team}' GROUP BY Agent"
    )


def _each(args: TeamDashboardArgs, namespace: str, metric: str) -> list[list[Any]]:
    environment, team = args.shared.site.environment, args.shared.owner
    return [
        line(namespace, metric, {"Environment": environment, "Team": team, "Agent": agent.name}, agent.name)
        for agent in args.agents
    ]


def _judged(args: TeamDashboardArgs, evaluators: Mapping[str, str]) -> list[list[Any]]:
    return [
        line(
            *(evaluation.NAMESPACE, evaluators[agent.name]),
            {"service.name": evaluation.service_name(agent)},
            agent.name,
        )
        for agent in args.agents
    ]
