"""The platform's dashboard: every team at a glance, and whether the platform itself decides, records and answers.

Teams and agents are found by Metrics Insights queries, so that no team's deployment changes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input, Output, ResourceOptions
from pulumi_aws import cloudwatch

from components.dashboard import (
    AMBER,
    DAY,
    GREEN,
    RED,
    Row,
    Widget,
    alarms,
    dashboard,
    graph,
    line,
    number,
    query,
    text,
)
from components.function import NAMESPACE
from components.site import Shared
from components.team_watch import ALARMS_AT, SCORE
from corral.spec.names import dashboard_name

MOST_SHOWN = 20  # teams or tools in one graph: more lines are not told apart
_AGENT = f'SCHEMA("{NAMESPACE}", Agent, Environment, Team)'
_SCORES = f'SCHEMA("{NAMESPACE}", Agent, Environment, Metric, Team)'
_LAMBDA = "AWS/Lambda"


@dataclass(frozen=True)
class PlatformDashboardArgs:
    """Arguments of the platform's dashboard: names of functions, of a stream and a queue, and ARNs of alarms."""

    shared: Shared
    on_call: str
    alarms: Sequence[Input[str]]
    supervisor: Input[str]
    tools: Mapping[str, Input[str]]  # a tool's function by the tool
    gateway_arn: Input[str]
    policy_engine_id: Input[str]
    decisions_stream: Input[str]
    undelivered: Input[str]


def platform_dashboard(name: str, args: PlatformDashboardArgs, opts: ResourceOptions) -> cloudwatch.Dashboard:
    """Make it."""
    site = args.shared.site
    words = (
        f"# Platform {site.environment}\n"
        f"On call: {args.on_call}. Each team has a dashboard of its own: `{dashboard_name(site.environment, 'TEAM')}`. "
        f"Which agent drifts: `corral drift show {site.environment}`."
    )
    rows = [
        Row(2, [text(words)]),
        Row(3, [alarms("Alarms of the platform", args.alarms)]),
        Row(2, _numbers(args)),
        Row(6, _teams(args)),
        Row(6, _deciding(args)),
        Row(6, _gateway(args)),
        Row(6, _tools(args)),
    ]
    return dashboard(name, dashboard_name(site.environment, None), rows, opts)


def _numbers(args: PlatformDashboardArgs) -> list[Widget]:
    site = args.shared.site
    return [
        number(site, "Tasks", _here(args, "COUNT(JourneyCompletion)", "tasks"), stat="SampleCount"),
        number(site, "US dollars of models", _here(args, "SUM(CostPerTask)", "US dollars")),
        number(site, "Calls held for a person", _here(args, "SUM(ApprovalAsked)", "held")),
        number(site, "Steps not decided or not recorded", [_failures(args)]),
    ]


def _teams(args: PlatformDashboardArgs) -> list[Widget]:
    site = args.shared.site
    marks = [(ALARMS_AT, "alarms")]
    worst = _by_team(args, f"MAX({SCORE})", _SCORES, "MAX")
    tasks = _by_team(args, "COUNT(JourneyCompletion)", _AGENT, "SUM")
    spent = _by_team(args, "SUM(CostPerTask)", _AGENT, "SUM")
    return [
        graph(site, "Drift: the worst score of a team's agents", worst, stat="Maximum", marks=marks),
        graph(site, "Tasks an hour", tasks, stat="SampleCount", stacked=True),
        graph(site, "Models: US dollars a day", spent, stat="Sum", period=DAY, stacked=True),
    ]


def _deciding(args: PlatformDashboardArgs) -> list[Widget]:
    site, here = args.shared.site, {"Environment": args.shared.site.environment}
    calls = {"FunctionName": args.supervisor}
    stream = {"DeliveryStreamName": args.decisions_stream}
    queue = {"QueueName": args.undelivered}
    steps = [
        line(_LAMBDA, "Invocations", calls, "steps", color=GREEN),
        line(_LAMBDA, "Errors", calls, "ended with an error", color=RED),
        line(_LAMBDA, "Throttles", calls, "throttled", color=AMBER),
    ]
    times = [
        line(_LAMBDA, "Duration", calls, said, stat=stat)
        for said, stat in (("half of them", "p50"), ("95 of 100", "p95"), ("99 of 100", "p99"))
    ]
    told = [
        line(
            "AWS/Firehose",
            "DeliveryToS3.DataFreshness",
            stream,
            "oldest record not in the bucket, s",
            stat="Maximum",
        ),
        line("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, "alerts not delivered", stat="Maximum"),
        line(NAMESPACE, "AgentsNotJudged", here, "agents not judged for drift", stat="Maximum", color=RED),
    ]
    return [
        graph(site, "Supervisor: steps it was asked about", steps, stat="Sum"),
        graph(site, "Supervisor: milliseconds to decide", times),
        graph(site, "Records, alerts and the drift monitor", told),
    ]


def _gateway(args: PlatformDashboardArgs) -> list[Widget]:
    site = args.shared.site
    gateway, engine = ("Resource", args.gateway_arn), ("PolicyEngine", args.policy_engine_id)
    return [
        graph(site, "Gateway: calls by tool", _by(args, "SUM(Invocations)", gateway, "Name"), stat="Sum"),
        graph(site, "Gateway: milliseconds by tool", _by(args, "AVG(Latency)", gateway, "Name")),
        graph(
            *(site, "Cedar: calls denied by tool", _by(args, "SUM(DenyDecisions)", engine, "ToolName")),
            stat="Sum",
        ),
    ]


def _tools(args: PlatformDashboardArgs) -> list[Widget]:
    site = args.shared.site
    failed = [line(_LAMBDA, "Errors", {"FunctionName": each}, tool) for tool, each in args.tools.items()]
    times = [line(_LAMBDA, "Duration", {"FunctionName": each}, tool) for tool, each in args.tools.items()]
    waits = _by_team(args, "MAX(ApprovalWaiting)", _AGENT, "MAX")
    return [
        graph(site, "Tools: calls that failed", failed, stat="Sum"),
        graph(site, "Tools: milliseconds, 95 of 100", times, stat="p95"),
        graph(site, "Approvals: longest wait for a person, seconds", waits, stat="Maximum"),
    ]


def _failures(args: PlatformDashboardArgs) -> list[object]:
    here = {"Environment": args.shared.site.environment}
    return line(NAMESPACE, "SupervisorFailures", here, "steps")


def _here(args: PlatformDashboardArgs, what: str, label: str) -> list[list[object]]:
    return query(f"SELECT {what} FROM {_AGENT} WHERE Environment = '{args.shared.site.environment}'", label)


def _by_team(args: PlatformDashboardArgs, what: str, schema: str, order: str) -> list[list[object]]:
    return query(
        f"SELECT {what} FROM {schema} WHERE Environment = '{args.shared.site.environment}' "
        f"GROUP BY Team ORDER BY {order}() DESC LIMIT {MOST_SHOWN}"
    )


def _by(args: PlatformDashboardArgs, what: str, of: tuple[str, Input[str]], group: str) -> list[list[object]]:
    """A query of AgentCore's own metrics: which sets of dimensions it writes is not documented, so none is named."""
    dimension, value = of
    select = f'SELECT {what} FROM "AWS/Bedrock-AgentCore" WHERE {dimension} = '
    order = f"ORDER BY {what.partition('(')[0]}() DESC LIMIT {MOST_SHOWN}"
    return query(Output.concat(select, "'", value, f"' GROUP BY {group} {order}"))
