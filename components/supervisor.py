"""The supervisor: asked on every step of every agent, it decides, records that, and only then answers."""

from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import lambda_, sns

from components import permissions
from components.alert_patterns import RULES
from components.archive import code
from components.decisions import Decisions
from components.function import Function, FunctionArgs
from components.policy_documents import document, from_alarms, from_events, tls_only
from components.site import Shared
from components.table import Table, TableArgs

TIMEOUT_SECONDS = 20
MEMORY_MB = 512


@dataclass(frozen=True)
class SupervisorArgs:
    """Arguments of a Supervisor. `alert_email` is where alerts go, `concurrency` how many it decides at once."""

    shared: Shared
    root: Path
    decisions: Decisions
    alert_email: str
    concurrency: int


class Supervisor(ComponentResource):
    """Function, the tables of agents, of what is put above them, of approvals and tasks, and the topic for alerts."""

    def __init__(self, name: str, args: SupervisorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Supervisor", name, None, opts)
        shared, site = args.shared, args.shared.site
        child = ResourceOptions(parent=self)
        self.agents = Table(f"{name}-agents", TableArgs(shared, site.name("agents"), "agent", "item"), child)
        self.overrides = Table(f"{name}-overrides", TableArgs(shared, site.name("overrides"), "scope"), child)
        self.approvals = Table(
            f"{name}-approvals",
            TableArgs(shared, site.name("approvals"), "team", "id", expires="kept_until"),
            child,
        )
        self.tasks = Table(
            f"{name}-tasks",
            TableArgs(shared, site.name("tasks"), "agent", "session", expires="kept_until"),
            child,
        )
        topic = sns.Topic(
            f"{name}-alerts",
            name=site.name("alerts"),
            display_name=f"Corral {site.environment}",
            kms_master_key_id=shared.key_arn,
            tags=shared.tags.as_dict(),
            opts=child,
        )
        publish = ["sns:Publish"]
        sns.TopicPolicy(
            f"{name}-alerts-policy",
            arn=topic.arn,
            policy=document(
                [
                    {
                        "Sid": "Account",
                        "Effect": "Allow",
                        "Principal": {"AWS": site.global_arn("iam", "root")},
                        "Action": publish,
                        "Resource": topic.arn,
                    },
                    from_events(site, publish[0], topic.arn, RULES),
                    from_alarms(site, topic.arn),
                    tls_only(publish[0], [topic.arn]),
                ]
            ),
            opts=child,
        )
        sns.TopicSubscription(
            f"{name}-alerts-email", topic=topic.arn, protocol="email", endpoint=args.alert_email, opts=child
        )
        self.function = Function(
            name,
            FunctionArgs(
                shared=shared,
                aws_name=site.name("supervisor"),
                service="supervisor",
                description="Decides on each step of each agent, and records it.",
                handler="functions.supervisor.handler.handler",
                code=code(args.root, args.root / "functions/supervisor"),
                environment={
                    "AGENTS_TABLE": self.agents.name,
                    "OVERRIDES_TABLE": self.overrides.name,
                    "APPROVALS_TABLE": self.approvals.name,
                    "TASKS_TABLE": self.tasks.name,
                    "DECISIONS_STREAM": args.decisions.name,
                    "ALERTS_TOPIC_ARN": topic.arn,
                },
                grants=[
                    permissions.table_items("Agents", self.agents.arn, read_only=True),
                    permissions.overrides_read(self.overrides.arn),
                    permissions.table_items("Approvals", self.approvals.arn),
                    permissions.table_items("Tasks", self.tasks.arn),
                    permissions.decision_record(args.decisions.arn),
                    permissions.notify(topic.arn),
                ],
                timeout_seconds=TIMEOUT_SECONDS,
                memory_mb=MEMORY_MB,
                reserved_concurrency=args.concurrency,
            ),
            child,
        )
        lambda_.Permission(
            f"{name}-hooks",
            action="lambda:InvokeFunction",
            function=self.function.name,
            qualifier=self.function.alias_name,
            principal="bedrock-agentcore.amazonaws.com",
            source_account=site.account,
            source_arn=site.arn("bedrock-agentcore", "harness/*"),
            opts=child,
        )
        self.topic_arn = topic.arn
        self.register_outputs({"alias_arn": self.function.alias_arn, "topic_arn": self.topic_arn})
