"""An IAM role: its trust, its boundary, and one inline policy with all that it may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Resource, ResourceOptions
from pulumi_aws import iam

from components.policy_documents import Grant, policy
from components.site import Shared


@dataclass(frozen=True)
class RoleArgs:
    """Arguments of a Role. `aws_name` is its name in IAM, `trust` its trust policy.

    A change of `policy_name` puts the new policy beside the old one, which goes at the end of the update. So what
    still runs on the old grants keeps them until then.
    """

    shared: Shared
    aws_name: str
    description: str
    trust: Input[str]
    grants: Sequence[Grant]
    policy_name: str = "permissions"


class Role(ComponentResource):
    """A role within the boundary. What AWS tries out when it is given the role should depend on `policy`."""

    def __init__(self, name: str, args: RoleArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Role", name, None, opts)
        shared = args.shared
        role = iam.Role(
            f"{name}-role",
            name=args.aws_name,
            path=shared.role_path,
            description=args.description,
            assume_role_policy=args.trust,
            permissions_boundary=shared.boundary_arn,
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self),
        )
        self.policy: Resource = iam.RolePolicy(
            f"{name}-policy",
            name=args.policy_name,
            role=role.name,
            policy=policy(args.grants),
            opts=ResourceOptions(parent=self),
        )
        self.arn = role.arn
        self.name = role.name
        self.register_outputs({"arn": self.arn, "name": self.name})
