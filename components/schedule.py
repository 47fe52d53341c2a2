"""Messages that a team's agents get at set times.

EventBridge Scheduler hands a message to the front door's function and has done its part: Lambda takes it on,
runs it, and tries again twice if it fails. So two things go to the dead letters: what Scheduler could not hand
over, and what failed each time it ran.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import scheduler

from components import permissions
from components.policy_documents import service_trust
from components.role import Role, RoleArgs
from components.site import Shared
from corral.spec.resolved import AtSetTimes

RETRIES = 3
MAX_AGE_SECONDS = 3600  # a report that is an hour late is for a person to look at
_SERVICE = "scheduler.amazonaws.com"


@dataclass(frozen=True)
class Scheduled:
    """An agent that gets messages at set times. `key` is what its names follow from."""

    name: str
    key: str
    at: AtSetTimes


@dataclass(frozen=True)
class SchedulesArgs:
    """Arguments of Schedules. `front_door_arn` is the ARN of the front door function's alias."""

    shared: Shared
    agents: Mapping[str, Scheduled]
    front_door_arn: Input[str]
    dead_letters_arn: Input[str]


class Schedules(ComponentResource):
    """A team's schedules, in a group of their own, for one of which only Scheduler takes their role."""

    def __init__(self, name: str, args: SchedulesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Schedules", name, None, opts)
        shared, child = args.shared, ResourceOptions(parent=self)
        group = shared.site.name("team", shared.owner)
        made = scheduler.ScheduleGroup(f"{name}-group", name=group, tags=shared.tags.as_dict(), opts=child)
        role = Role(
            name,
            RoleArgs(
                shared=shared,
                aws_name=role_name(shared),
                description=f"Sends the agents of team {shared.owner} messages at set times.",
                # A schedule's group is the narrowest that Scheduler tells when it takes a role.
                trust=service_trust(
                    shared.site, _SERVICE, shared.site.arn("scheduler", f"schedule-group/{group}")
                ),
                grants=[
                    permissions.function_invoke("FrontDoor", [args.front_door_arn]),
                    permissions.dead_letters(args.dead_letters_arn),
                    permissions.key_use(shared.key_arn),
                ],
            ),
            child,
        )
        self.dead_letters_arn = args.dead_letters_arn
        self.names = {agent: f"{group}/{scheduled.key}" for agent, scheduled in args.agents.items()}
        self.arns: dict[str, Output[str]] = {}
        for agent, scheduled in args.agents.items():
            schedule = scheduler.Schedule(
                f"{name}-{scheduled.key}",
                name=scheduled.key,
                group_name=made.name,
                description=f"What {shared.owner}/{agent} is told to do at set times.",
                schedule_expression=scheduled.at.expression,
                schedule_expression_timezone="UTC",
                flexible_time_window=scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
                kms_key_arn=shared.key_arn,
                target=scheduler.ScheduleTargetArgs(
                    arn=args.front_door_arn,
                    role_arn=role.arn,
                    input=_input(scheduled),
                    retry_policy=scheduler.ScheduleTargetRetryPolicyArgs(
                        maximum_retry_attempts=RETRIES, maximum_event_age_in_seconds=MAX_AGE_SECONDS
                    ),
                    dead_letter_config=scheduler.ScheduleTargetDeadLetterConfigArgs(
                        arn=args.dead_letters_arn
                    ),
                ),
                opts=ResourceOptions(parent=self, depends_on=[role.policy]),
            )
            self.arns[agent] = schedule.arn
        self.register_outputs({"arns": self.arns})


def role_name(shared: Shared) -> str:
    """The name of the role that a team's schedules act as, which its front door knows before there is one."""
    return shared.site.name("team", shared.owner, "schedules")


def _input(scheduled: Scheduled) -> str:
    """What the front door gets. Scheduler fills in what stands in angle brackets, the same again for a retry."""
    sent = {
        "agent": scheduled.name,
        "message": scheduled.at.message,
        "scheduled_time": "<aws.scheduler.scheduled-time>",
        "execution_id": "<aws.scheduler.execution-id>",
    }
    return json.dumps({"schedule": sent})
