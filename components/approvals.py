"""Where people decide on held calls: a function behind a signed URL, and the schedule that sees to what they leave."""

from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import lambda_, scheduler

from components import permissions
from components.archive import code
from components.dead_letters import DeadLetters, DeadLettersArgs
from components.decisions import Decisions
from components.function import Function, FunctionArgs
from components.policy_documents import service_trust
from components.role import Role, RoleArgs
from components.site import Shared
from components.supervisor import Supervisor

TIMEOUT_SECONDS = 60
MEMORY_MB = 512
CONCURRENCY = 5
SWEEP = "rate(5 minutes)"
RETRIES = 2
MAX_AGE_SECONDS = 300  # by then the next one is due
_SCHEDULER = "scheduler.amazonaws.com"


@dataclass(frozen=True)
class ApprovalsArgs:
    """Arguments of Approvals."""

    shared: Shared
    root: Path
    decisions: Decisions
    supervisor: Supervisor


class Approvals(ComponentResource):
    """A function whose URL takes signed requests only, from teams' approver roles; it also runs every few minutes."""

    def __init__(self, name: str, args: ApprovalsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Approvals", name, None, opts)
        shared, site, supervisor = args.shared, args.shared.site, args.supervisor
        child = ResourceOptions(parent=self)
        dead_letters = DeadLetters(
            f"{name}-dead-letters", DeadLettersArgs(shared, site.name("approvals-dead-letters")), child
        )
        self.function = Function(
            name,
            FunctionArgs(
                shared=shared,
                aws_name=site.name("approvals"),
                service="approvals",
                description="Lists held calls, and takes people's decisions on them.",
                handler="functions.approvals.handler.handler",
                code=code(args.root, args.root / "functions/approvals"),
                environment={
                    "AGENTS_TABLE": supervisor.agents.name,
                    "APPROVALS_TABLE": supervisor.approvals.name,
                    "DECISIONS_STREAM": args.decisions.name,
                    "ALERTS_TOPIC_ARN": supervisor.topic_arn,
                    "TEAM_ROLES": f"{site.global_arn('sts', 'assumed-role')}/{site.name('team')}-",
                },
                grants=[
                    permissions.table_items("Agents", supervisor.agents.arn, read_only=True),
                    permissions.table_reading("Approvals", supervisor.approvals.arn),
                    permissions.decision_record(args.decisions.arn),
                    permissions.notify(supervisor.topic_arn),
                ],
                timeout_seconds=TIMEOUT_SECONDS,
                memory_mb=MEMORY_MB,
                reserved_concurrency=CONCURRENCY,
                dead_letters_arn=dead_letters.arn,
            ),
            child,
        )
        url = lambda_.FunctionUrl(
            f"{name}-url",
            function_name=self.function.name,
            qualifier=self.function.alias_name,
            authorization_type="AWS_IAM",
            invoke_mode="BUFFERED",
            opts=child,
        )
        self.outputs = {
            "approvals_arn": self.function.alias_arn,
            "approvals_function": self.function.name,
            "approvals_url": url.function_url,
            "approvals_schedule_arn": self._schedule(name, shared, dead_letters),
        }
        self.register_outputs(self.outputs)

    def _schedule(self, name: str, shared: Shared, dead_letters: DeadLetters) -> Output[str]:
        """Have what is due seen to, in a group of schedules of its own, for which alone Scheduler takes the role."""
        site, child = shared.site, ResourceOptions(parent=self)
        group_name = site.name("approvals")
        group = scheduler.ScheduleGroup(
            f"{name}-group", name=group_name, tags=shared.tags.as_dict(), opts=child
        )
        role = Role(
            f"{name}-schedule",
            RoleArgs(
                shared=shared,
                aws_name=site.name("approvals-schedule"),
                description="Has the approvals function see to what is due.",
                trust=service_trust(site, _SCHEDULER, site.arn("scheduler", f"schedule-group/{group_name}")),
                grants=[
                    permissions.function_invoke("Approvals", [self.function.alias_arn]),
                    permissions.dead_letters(dead_letters.arn),
                    permissions.key_use(shared.key_arn),
                ],
            ),
            child,
        )
        schedule = scheduler.Schedule(
            f"{name}-sweep",
            name="sweep",
            group_name=group.name,
            description="Tells people again of what nobody decides, and notes what has expired.",
            schedule_expression=SWEEP,
            flexible_time_window=scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            kms_key_arn=shared.key_arn,
            target=scheduler.ScheduleTargetArgs(
                arn=self.function.alias_arn,
                role_arn=role.arn,
                input='{"sweep": true}',
                retry_policy=scheduler.ScheduleTargetRetryPolicyArgs(
                    maximum_retry_attempts=RETRIES, maximum_event_age_in_seconds=MAX_AGE_SECONDS
                ),
                dead_letter_config=scheduler.ScheduleTargetDeadLetterConfigArgs(arn=dead_letters.arn),
            ),
            opts=ResourceOptions(parent=self, depends_on=[role.policy]),
        )
        return schedule.arn
