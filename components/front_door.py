"""A team's front door: the one way people and applications talk to its agents."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import lambda_

from components import permissions
from components.agent import Agent
from components.archive import code
from components.function import Function, FunctionArgs
from components.site import Shared
from corral.spec.names import ENDPOINT

SPARE_SECONDS = 30  # for the guardrail and the way back, over the longest time an agent may take
MAX_TIMEOUT_SECONDS = 900  # Lambda's
MEMORY_MB = 512
CONCURRENCY = 20


@dataclass(frozen=True)
class FrontDoorArgs:
    """Arguments of a FrontDoor."""

    shared: Shared
    root: Path
    agents: Mapping[str, Agent]
    guardrail_arn: Input[str]
    guardrail_id: Input[str]
    guardrail_version: Input[str]
    guardrail_key_arn: Input[str]
    agent_timeout_seconds: int  # the longest of all its agents


class FrontDoor(ComponentResource):
    """A function whose URL takes signed requests only. It passes an agent a message and nothing else."""

    def __init__(self, name: str, args: FrontDoorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:FrontDoor", name, None, opts)
        shared = args.shared
        team = shared.owner
        harnesses = [arn for agent in args.agents.values() for arn in (agent.harness_arn, agent.endpoint_arn)]
        invoke = [permissions.harness_invoke(harnesses)] if harnesses else []
        self.function = Function(
            name,
            FunctionArgs(
                shared=shared,
                aws_name=shared.site.name("front-door", team),
                service="front-door",
                description=f"Takes messages to the agents of team {team}.",
                handler="functions.front_door.handler.handler",
                code=code(args.root, args.root / "functions/front_door"),
                environment={
                    "TEAM": team,
                    "AGENTS": Output.json_dumps(
                        {
                            agent: {"harness_arn": made.harness_arn, "qualifier": ENDPOINT}
                            for agent, made in args.agents.items()
                        }
                    ),
                    "GUARDRAIL_ID": args.guardrail_id,
                    "GUARDRAIL_VERSION": args.guardrail_version,
                },
                grants=[
                    *invoke,
                    *permissions.guardrail_apply(shared.site, args.guardrail_arn, args.guardrail_key_arn),
                ],
                timeout_seconds=min(args.agent_timeout_seconds + SPARE_SECONDS, MAX_TIMEOUT_SECONDS),
                memory_mb=MEMORY_MB,
                reserved_concurrency=CONCURRENCY,
            ),
            ResourceOptions(parent=self),
        )
        url = lambda_.FunctionUrl(
            f"{name}-url",
            function_name=self.function.name,
            qualifier=self.function.alias_name,
            authorization_type="AWS_IAM",
            invoke_mode="BUFFERED",
            opts=ResourceOptions(parent=self),
        )
        self.url = url.function_url
        self.register_outputs({"url": self.url})
