"""The roles of people: a team's operators and approvers, the platform's own operators, and auditors."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions

from components import permissions
from components.alert_patterns import RULES
from components.policy_documents import Grant, named_trust, people_trust
from components.role import Role, RoleArgs
from components.site import Shared
from corral.spec.names import operator_role_name


@dataclass(frozen=True)
class OperatorArgs:
    """Arguments of an Operator. `people` are the IAM principals that may take the role.

    `deciders` may decide on calls: here as there each has one name, so that nobody decides on what they asked for.
    """

    shared: Shared
    people: Sequence[str]
    deciders: Sequence[str]
    front_door_arn: Input[str]  # of the functions' aliases
    override_arn: Input[str]
    may_read: Sequence[Grant] = ()


class Operator(ComponentResource):
    """Talks to the agents of one team, reads what they write, suspends and resumes them; nothing else."""

    def __init__(self, name: str, args: OperatorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Operator", name, None, opts)
        shared = args.shared
        role = Role(
            name,
            RoleArgs(
                shared=shared,
                aws_name=operator_role_name(shared.site.environment, shared.owner),
                description=f"Talks to the agents of team {shared.owner}.",
                trust=people_trust(args.people, args.deciders),
                grants=[
                    *permissions.url_call("FrontDoor", args.front_door_arn),
                    *permissions.url_found_and_called("Override", args.override_arn),
                    *args.may_read,
                ],
            ),
            ResourceOptions(parent=self),
        )
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})


@dataclass(frozen=True)
class ApproverArgs:
    """Arguments of an Approver. `approvals_arn` is the ARN of the approvals function's alias."""

    shared: Shared
    people: Sequence[str]
    approvals_arn: Input[str]


class Approver(ComponentResource):
    """Decides on the held calls of one team through the approvals function, and can do nothing else.

    The function tells whose approver somebody is by the role's name, and who by the session's.
    """

    def __init__(self, name: str, args: ApproverArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Approver", name, None, opts)
        shared = args.shared
        role = Role(
            name,
            RoleArgs(
                shared=shared,
                aws_name=shared.site.name("team", shared.owner, "approver"),
                description=f"Decides on the held calls of team {shared.owner}.",
                trust=named_trust(args.people),
                grants=permissions.url_found_and_called("Approvals", args.approvals_arn),
            ),
            ResourceOptions(parent=self),
        )
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})


@dataclass(frozen=True)
class PlatformOperatorArgs:
    """Arguments of a PlatformOperator."""

    shared: Shared
    people: Sequence[str]
    override_arn: Input[str]


class PlatformOperator(ComponentResource):
    """Suspends and resumes any agent, any team and the environment, and can do nothing else."""

    def __init__(self, name: str, args: PlatformOperatorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:PlatformOperator", name, None, opts)
        role = Role(
            name,
            RoleArgs(
                shared=args.shared,
                aws_name=operator_role_name(args.shared.site.environment, None),
                description="Suspends and resumes agents of any team.",
                trust=people_trust(args.people),
                grants=permissions.url_found_and_called("Override", args.override_arn),
            ),
            ResourceOptions(parent=self),
        )
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})


@dataclass(frozen=True)
class AuditorArgs:
    """Arguments of an Auditor."""

    shared: Shared
    people: Sequence[str]
    trail_arn: Input[str]
    audit_bucket_arn: Input[str]
    audit_key_arn: Input[str]
    workgroup_arn: Input[str]
    topic_arn: Input[str]
    may_query: Sequence[Grant]
    registry_arn: Input[str] | None  # None where the region has no registry


class Auditor(ComponentResource):
    """Reads and queries the trail, its records, the queries run and the registry; changes nothing of it."""

    def __init__(self, name: str, args: AuditorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Auditor", name, None, opts)
        site = args.shared.site
        registry = [] if args.registry_arn is None else [permissions.registry_reading(args.registry_arn)]
        organization = [] if site.organization is None else [permissions.organization_reading()]
        role = Role(
            name,
            RoleArgs(
                shared=args.shared,
                aws_name=args.shared.site.name("auditor"),
                description="Reads the audit trail and the registry.",
                trust=people_trust(args.people),
                grants=[
                    *permissions.audit_reading(args.trail_arn, args.audit_bucket_arn, args.workgroup_arn),
                    permissions.key_reading(args.audit_key_arn),
                    *permissions.alerts_reading(
                        site.arn("events", f"rule/{site.name(RULES)}-*"), args.topic_arn
                    ),
                    *args.may_query,
                    *organization,
                    *registry,
                ],
            ),
            ResourceOptions(parent=self),
        )
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})
