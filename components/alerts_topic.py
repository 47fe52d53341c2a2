"""A topic that people read: alarms, budgets and the platform's functions write to it, over TLS."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import sns

from components.policy_documents import document, from_alarms, from_budgets, tls_only
from components.site import Shared


@dataclass(frozen=True)
class AlertsTopicArgs:
    """Arguments of an AlertsTopic. `key_arn` is a key that alarms and budgets may use, `email` where it is read."""

    shared: Shared
    aws_name: str
    display_name: str
    key_arn: Input[str]
    email: str


class AlertsTopic(ComponentResource):
    """A topic with an e-mail address subscribed to it, which AWS asks to confirm."""

    def __init__(self, name: str, args: AlertsTopicArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:AlertsTopic", name, None, opts)
        site, child = args.shared.site, ResourceOptions(parent=self)
        topic = sns.Topic(
            f"{name}-topic",
            name=args.aws_name,
            display_name=args.display_name,
            kms_master_key_id=args.key_arn,
            tags=args.shared.tags.as_dict(),
            opts=child,
        )
        account = {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": site.global_arn("iam", "root")},
            "Action": ["sns:Publish"],
            "Resource": topic.arn,
        }
        services = [from_alarms(site, topic.arn), from_budgets(site, topic.arn)]
        policy = sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=document([account, *services, tls_only("sns:Publish", [topic.arn])]),
            opts=child,
        )
        sns.TopicSubscription(
            f"{name}-email", topic=topic.arn, protocol="email", endpoint=args.email, opts=child
        )
        self.arn = topic.arn
        self.open_arn = policy.arn  # the same, once services may publish to it
        self.register_outputs({"arn": self.arn})


def team_topic(shared: Shared) -> str:
    """The ARN of a team's topic, which its agents' configuration names before there is one."""
    return shared.site.arn("sns", team_topic_name(shared))


def team_topic_name(shared: Shared) -> str:
    """The name of a team's topic."""
    return shared.site.name("team", shared.owner, "alerts")
