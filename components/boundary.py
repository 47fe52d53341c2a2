"""Permissions boundaries: the most that any role of an environment can do, whatever its policy says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Config, Output, Resource, ResourceOptions, RunError
from pulumi_aws import iam

from components.actions import MODEL, ORGANIZATION, TEAM_TABLE_ACTIONS, TRAIL_READ
from components.permissions import ANY
from components.policy_documents import Grant, policy
from components.site import Site
from components.tags import Tags
from corral.spec.names import role_path


@dataclass(frozen=True)
class BoundaryArgs:
    """Arguments of a Boundary. `after` are made before it, and so outlive it."""

    site: Site
    tags: Tags
    aws_name: str
    description: str  # for good, like the name: IAM changes neither, nor replaces a boundary in use
    actions: Iterable[str]
    of_teams: bool = False  # whose roles invoke models, and keep requests in tables of their own
    after: Sequence[Resource] = ()


class Boundary(ComponentResource):
    """A managed policy used as a boundary: the actions Corral's roles need, in this account, no others.

    In an account that was bootstrapped it is there already, and beyond the reach of who deploys: the stack's setting
    `corral:boundaries: bootstrap` says so.
    """

    def __init__(self, name: str, args: BoundaryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Boundary", name, None, opts)
        site, path = args.site, role_path(args.site.environment, "platform")
        if bootstrapped():
            self.arn = Output.from_input(site.global_arn("iam", f"policy{path}{args.aws_name}"))
            self.register_outputs({"arn": self.arn})
            return
        # IfExists: an action without a resource, such as sending traces, has no resource account.
        own = {"StringEqualsIfExists": {"aws:ResourceAccount": site.account}}
        grants = [Grant("OwnAccount", sorted(args.actions), [ANY], own)]
        if site.organization is not None and not args.of_teams:
            # The trail is of another account's when another one manages the organization.
            grants.append(Grant("OrganizationTrail", sorted((*TRAIL_READ, *ORGANIZATION)), [ANY]))
        if args.of_teams:
            grants.append(Grant("OwnModels", MODEL, _models(site)))
            tables = [site.arn("dynamodb", f"table/{site.name('team', '*', 'requests')}")]
            grants.append(Grant("OwnRequests", sorted(TEAM_TABLE_ACTIONS), tables))
        boundary = iam.Policy(
            f"{name}-policy",
            name=args.aws_name,
            path=path,
            description=args.description,
            policy=policy(grants),
            tags=args.tags.as_dict(),
            opts=ResourceOptions(parent=self, depends_on=args.after, protect=site.production),
        )
        self.arn = boundary.arn
        self.register_outputs({"arn": self.arn})


def bootstrapped() -> bool:
    """Whether an account's owner made the boundaries, and the deployers, before."""
    said = Config("corral").get("boundaries")
    if said not in (None, "bootstrap"):
        raise RunError(f'the setting corral:boundaries is "{said}". Allowed: bootstrap, or no such setting.')
    return said is not None


def _models(site: Site) -> list[str]:
    return [
        f"arn:{site.partition}:bedrock:*::foundation-model/*",
        f"arn:{site.partition}:bedrock:*:{site.account}:inference-profile/*",
        f"arn:{site.partition}:bedrock:*:{site.account}:application-inference-profile/*",
    ]
