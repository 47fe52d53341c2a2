"""The drift monitor: a function that judges every agent once an hour, and what it remembers of them."""

import json
from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import scheduler

from components import permissions
from components.archive import code
from components.dead_letters import DeadLetters, DeadLettersArgs
from components.function import Function, FunctionArgs
from components.policy_documents import service_trust
from components.role import Role, RoleArgs
from components.site import Shared
from components.table import Table, TableArgs
from corral.spec.names import drift_table_name

# A quarter past the hour: what belongs to the hour before has arrived in CloudWatch by then.
EXPRESSION = "cron(15 * * * ? *)"
TIMEOUT_SECONDS = 600
MEMORY_MB = 512
RETRIES = 2
MAX_AGE_SECONDS = 1800  # a later pass would only do what the next one does
_SERVICE = "scheduler.amazonaws.com"


@dataclass(frozen=True)
class DriftMonitorArgs:
    """Arguments of a DriftMonitor. The tables are the supervisor's: of agents, and of what is put above them."""

    shared: Shared
    root: Path
    agents: Table
    overrides: Table
    override_arn: Input[str] | None  # who decides on canaries for it, None where no agent has one


class DriftMonitor(ComponentResource):
    """Function, its table, its schedule, and the queue of passes that came to nothing."""

    def __init__(self, name: str, args: DriftMonitorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:DriftMonitor", name, None, opts)
        shared, site, child = args.shared, args.shared.site, ResourceOptions(parent=self)
        self.table = Table(
            f"{name}-memory",
            TableArgs(shared, drift_table_name(site.environment), "agent", expires="expires_at"),
            child,
        )
        dead_letters = DeadLetters(
            f"{name}-dead-letters", DeadLettersArgs(shared, site.name("drift-dead-letters")), child
        )
        decides: dict[str, Input[str]] = {}
        if args.override_arn is not None:
            decides["OVERRIDE_FUNCTION"] = args.override_arn
        self.function = Function(
            name,
            FunctionArgs(
                shared=shared,
                aws_name=site.name("drift-monitor"),
                service="drift-monitor",
                description="Judges whether agents have got worse, and tells their teams.",
                handler="functions.drift_monitor.handler.handler",
                code=code(args.root, args.root / "functions/drift_monitor"),
                environment={
                    "AGENTS_TABLE": args.agents.name,
                    "OVERRIDES_TABLE": args.overrides.name,
                    "DRIFT_TABLE": self.table.name,
                    **decides,
                },
                grants=[
                    permissions.table_scan("Agents", args.agents.arn),
                    permissions.table_scan("Overrides", args.overrides.arn),
                    permissions.table_batches("Memory", self.table.arn),
                    permissions.measured(),
                    permissions.team_topics(site.arn("sns", f"{site.name('team')}-*")),
                    *(permissions.function_invoke("Canaries", [arn]) for arn in decides.values()),
                ],
                timeout_seconds=TIMEOUT_SECONDS,
                memory_mb=MEMORY_MB,
                reserved_concurrency=1,  # two passes at once would judge the same hour twice
                dead_letters_arn=dead_letters.arn,
            ),
            child,
        )
        self._schedule(name, shared, dead_letters.arn)
        self.register_outputs({"alias_arn": self.function.alias_arn})

    def _schedule(self, name: str, shared: Shared, dead_letters: Input[str]) -> None:
        group_name = shared.site.name("drift")
        group = scheduler.ScheduleGroup(
            f"{name}-group", name=group_name, tags=shared.tags.as_dict(), opts=ResourceOptions(parent=self)
        )
        role = Role(
            f"{name}-schedule",
            RoleArgs(
                shared=shared,
                aws_name=shared.site.name("drift-schedule"),
                description="Starts the drift monitor once an hour.",
                trust=service_trust(
                    shared.site, _SERVICE, shared.site.arn("scheduler", f"schedule-group/{group_name}")
                ),
                grants=[
                    permissions.function_invoke("DriftMonitor", [self.function.alias_arn]),
                    permissions.dead_letters(dead_letters),
                    permissions.key_use(shared.key_arn),
                ],
            ),
            ResourceOptions(parent=self),
        )
        schedule = scheduler.Schedule(
            f"{name}-hourly",
            name="hourly",
            group_name=group.name,
            description="Every agent is judged by the hour that has ended.",
            schedule_expression=EXPRESSION,
            schedule_expression_timezone="UTC",
            flexible_time_window=scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            kms_key_arn=shared.key_arn,
            target=scheduler.ScheduleTargetArgs(
                arn=self.function.alias_arn,
                role_arn=role.arn,
                input=json.dumps({"scheduled_time": "<aws.scheduler.scheduled-time>"}),
                retry_policy=scheduler.ScheduleTargetRetryPolicyArgs(
                    maximum_retry_attempts=RETRIES, maximum_event_age_in_seconds=MAX_AGE_SECONDS
                ),
                dead_letter_config=scheduler.ScheduleTargetDeadLetterConfigArgs(arn=dead_letters),
            ),
            opts=ResourceOptions(parent=self, depends_on=[role.policy]),
        )
        self.schedule_arn = schedule.arn
        self.schedule_name = f"{group_name}/hourly"
