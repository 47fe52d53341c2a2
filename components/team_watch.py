"""What a team is told: a topic, its budget, evaluations, an alarm for each agent and one for the front door."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.alarm import AlarmArgs, Watched, alarm
from components.alerts_topic import AlertsTopic, AlertsTopicArgs, team_topic_name
from components.budget import Budget, BudgetArgs
from components.evaluation import Evaluation, EvaluationArgs
from components.function import NAMESPACE
from components.site import Shared
from corral.spec.resolved import ResolvedAgent
from corral.spec.rights import Stage

# In the order in which people list them; the drift monitor writes a score for each. A test holds them to its own.
METRICS = (
    *("accuracy", "context_relevance", "cost_per_task"),
    *("journey_completion", "error_rate", "human_override_rate"),
)
SCORE = "DriftScore"
ALARMS_AT = 1.0  # scores are made so
# What is in use by many is the platform's business as well.
PLATFORM_TOO: tuple[Stage, ...] = ("integration", "multi-agent", "enterprise")
HOUR = 3600


@dataclass(frozen=True)
class TeamWatchArgs:
    """Arguments of a TeamWatch. `topic_key_arn` is the platform's key, which its monitor and alarms may use."""

    shared: Shared
    root: Path
    agents: Sequence[ResolvedAgent]
    on_call: str
    topic_key_arn: Input[str]
    platform_topic_arn: Input[str]
    front_door: Input[str]  # the name of its function
    monthly_budget_usd: float
    platform_email: str  # of the platform's owner


class TeamWatch(ComponentResource):
    """Everything of a team that tells people. Two resources an agent: its evaluation and its alarm."""

    def __init__(self, name: str, args: TeamWatchArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:TeamWatch", name, None, opts)
        shared, child = args.shared, ResourceOptions(parent=self)
        self.topic = AlertsTopic(
            f"{name}-alerts",
            AlertsTopicArgs(
                shared,
                team_topic_name(shared),
                f"Corral {shared.site.environment} {shared.owner}",
                args.topic_key_arn,
                args.on_call,
            ),
            child,
        )
        self.budget = Budget(
            f"{name}-budget",
            # Budgets tries the topic when it is told of it.
            BudgetArgs(shared, args.monthly_budget_usd, self.topic.open_arn, args.platform_email),
            child,
        )
        evaluation = Evaluation(f"{name}-evaluation", EvaluationArgs(shared, args.root, args.agents), child)
        self.results = evaluation.log_group
        self.evaluations: dict[str, Output[str]] = {}
        self.alarms: dict[str, Output[str]] = {}
        for agent in args.agents:
            self.evaluations[agent.name] = evaluation.of(agent)
            if agent.canary is not None:
                evaluation.of_canary(agent)
            self.alarms[agent.name] = self._drift(name, args, agent)
        failing = alarm(
            f"{name}-front-door-errors",
            AlarmArgs(
                shared,
                "front-door/errors",
                f"The front door of team {shared.owner} failed: callers got no answer. Its log group is "
                f"/aws/lambda/{shared.site.name('front-door', shared.owner)}.",
                Watched("AWS/Lambda", "Errors", {"FunctionName": args.front_door}),
                threshold=1,
                # No call, no data: a night without questions is no failure.
                missing="notBreaching",
                topics=[self.topic.arn, args.platform_topic_arn],
            ),
            child,
        )
        self.all_alarms = [failing.arn, *self.alarms.values()]
        self.register_outputs({"topic_arn": self.topic.arn})

    def _drift(self, name: str, args: TeamWatchArgs, agent: ResolvedAgent) -> Output[str]:
        """The one alarm of an agent, on the worst of its six scores (docs/decisions/0014). Returns its ARN."""
        environment, shown = agent.environment, f"{agent.team}/{agent.name}"
        own = {"Environment": environment, "Team": agent.team, "Agent": agent.name}
        scores = [Watched(NAMESPACE, SCORE, {**own, "Metric": metric}) for metric in METRICS]
        again = f"corral resume {environment} {shown} --reason ..."
        stops = (
            f" It suspends the agent; when it may work again: `{again}`." if agent.suspend_on_alarm else ""
        )
        platform = [args.platform_topic_arn] if agent.stage in PLATFORM_TOO else []
        return alarm(
            f"{name}-{agent.key}-drift",
            AlarmArgs(
                args.shared,
                f"{agent.key}/drift",
                f"{shown} in {environment}, at stage {agent.stage}, has left its baseline in one of: "
                f"{', '.join(METRICS)}. Which, and by how much: the drift monitor's message, or "
                f"`corral drift show {environment} {shown}`. What to do: docs/drift.md, When an alarm comes; "
                f"runbook: agents/{shown}.html of the documentation site.{stops}",
                Watched(highest=scores),
                threshold=ALARMS_AT,
                # A monitor that stops is one alarm of the platform's, not one of each agent: until it is back,
                # what was last known of an agent stays.
                missing="ignore",
                topics=[self.topic.arn, *platform],
                statistic="Maximum",
                period=HOUR,
            ),
            ResourceOptions(parent=self),
        ).arn
