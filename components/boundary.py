"""The permissions boundary: the most that any role of an environment can do, whatever its policy says."""

from dataclasses import dataclass

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import iam

from components.actions import ACCOUNT_ACTIONS, MODEL
from components.permissions import ANY
from components.policy_documents import Grant, policy
from components.site import Site
from components.tags import Tags
from corral.spec.names import role_path


@dataclass(frozen=True)
class BoundaryArgs:
    """Arguments of a Boundary."""

    site: Site
    tags: Tags


class Boundary(ComponentResource):
    """A managed policy used as a boundary: the actions Corral's roles need, in this account, no others."""

    def __init__(self, name: str, args: BoundaryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Boundary", name, None, opts)
        site = args.site
        models = [
            f"arn:{site.partition}:bedrock:*::foundation-model/*",
            f"arn:{site.partition}:bedrock:*:{site.account}:inference-profile/*",
            f"arn:{site.partition}:bedrock:*:{site.account}:application-inference-profile/*",
        ]
        # IfExists: an action without a resource, such as sending traces, has no resource account.
        own = {"StringEqualsIfExists": {"aws:ResourceAccount": site.account}}
        boundary = iam.Policy(
            f"{name}-policy",
            name=site.name("boundary"),
            path=role_path(site.environment, "platform"),
            description="The most that a role of Corral can do.",
            policy=policy(
                [
                    Grant("OwnAccount", sorted(ACCOUNT_ACTIONS), [ANY], own),
                    Grant("OwnModels", MODEL, models),
                ]
            ),
            tags=args.tags.as_dict(),
            opts=ResourceOptions(parent=self),
        )
        self.arn = boundary.arn
        self.register_outputs({"arn": self.arn})
