"""The alarms on the platform itself: whether it watches, decides, lets through and answers."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.alarm import AlarmArgs, Missing, Watched, alarm
from components.function import NAMESPACE
from components.site import Shared

HEARTBEAT_HOURS = 2  # one pass that fails is made good by the next
HOUR = 3600
_AGENTCORE = '"AWS/Bedrock-AgentCore"'


@dataclass(frozen=True)
class PlatformWatchArgs:
    """Arguments of a PlatformWatch. `supervisor` is the name of its function."""

    shared: Shared
    topic_arn: Input[str]
    supervisor: Input[str]
    gateway_arn: Input[str]
    policy_engine_id: Input[str]


class PlatformWatch(ComponentResource):
    """Alarms to the platform's topic."""

    def __init__(self, name: str, args: PlatformWatchArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:PlatformWatch", name, None, opts)
        self._name, self._args = name, args
        self.alarms: list[Output[str]] = []
        here = {"Environment": args.shared.site.environment}
        calls = {"FunctionName": args.supervisor}
        self._alarm(
            "monitor-silent",
            "The drift monitor has not finished a pass for two hours: nobody is told of agents that get worse. Its log "
            f"group is /aws/lambda/{args.shared.site.name('drift-monitor')}.",
            Watched(NAMESPACE, "MonitorPasses", here),
            missing="breaching",  # the silence is what it is for
            below=True,
            period=HOUR,
            periods=HEARTBEAT_HOURS,
        )
        self._alarm(
            "monitor-failures",
            "The drift monitor could not judge some agents. Its log names them and the cause; the next pass looks a "
            "day back.",
            Watched(NAMESPACE, "AgentsNotJudged", here),
            missing="notBreaching",  # a pass that does not come at all is monitor-silent's
            period=HOUR,
            periods=2,
        )
        for kind, said, watched in (
            ("errors", "ended with an error", Watched("AWS/Lambda", "Errors", calls)),
            ("throttles", "was called more than it may run", Watched("AWS/Lambda", "Throttles", calls)),
            ("failures", "could not decide, or not record", Watched(NAMESPACE, "SupervisorFailures", here)),
        ):
            self._alarm(
                f"supervisor-{kind}",
                f"The supervisor {said}: the steps of agents it was asked about were denied. Its log group is "
                f"/aws/lambda/{args.shared.site.name('supervisor')}.",
                watched,
                missing="notBreaching",  # agents that are not used ask nothing
            )
        self._alarm(
            "gateway-throttles",
            "The gateway throttled calls of tools: agents are called more than its limits allow.",
            Watched(query=_sum("Throttles", "Resource", args.gateway_arn)),
            missing="notBreaching",  # no call, no data
        )
        self._alarm(
            "policy-mismatches",
            "A Cedar policy met calls that do not fit its schema, and did not decide on them: a tool was changed and "
            "its policies were not.",
            Watched(query=_sum("MismatchErrors", "PolicyEngine", args.policy_engine_id)),
            missing="notBreaching",  # no call, no data
        )
        self.register_outputs({})

    def _alarm(
        self,
        kind: str,
        description: str,
        watched: Watched,
        *,
        missing: Missing,
        below: bool = False,
        period: int = 300,
        periods: int = 1,
    ) -> None:
        made = alarm(
            f"{self._name}-{kind}",
            AlarmArgs(
                self._args.shared,
                kind,
                description,
                watched,
                threshold=1,
                missing=missing,
                topics=[self._args.topic_arn],
                period=period,
                periods=periods,
                below=below,
            ),
            ResourceOptions(parent=self),
        )
        self.alarms.append(made.arn)


def _sum(metric: str, dimension: str, value: Input[str]) -> Output[str]:
    """A query over all dimensions that AWS may add: which sets of them it writes is not documented."""
    return Output.concat(f"SELECT SUM({metric}) FROM {_AGENTCORE} WHERE {dimension} = '", value, "'")
