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
from components.outputs import AppliedGuardrail
from components.schedule import role_name
from components.site import Shared
from components.table import Table, TableArgs
from corral.spec import peak
from corral.spec.names import ENDPOINT
from corral.spec.resolved import DEFAULT_LIMITS, ResolvedAgent
from corral.spec.template import GuardrailLevel

SPARE_SECONDS = 30  # for the guardrail and the way back, over the longest time an agent may take
MAX_TIMEOUT_SECONDS = 900  # Lambda's
MEMORY_MB = 512
USUAL_RATE = 60  # messages a minute: what the function takes an agent to have of which nothing else is said


@dataclass(frozen=True)
class FrontDoorArgs:
    """Arguments of a FrontDoor. `specs` are its agents as resolved, `dead_letters_arn` goes with schedules."""

    shared: Shared
    root: Path
    agents: Mapping[str, Agent]
    specs: Mapping[str, ResolvedAgent]
    guardrails: Mapping[GuardrailLevel, AppliedGuardrail]
    guardrail_key_arn: Input[str]
    dead_letters_arn: Input[str] | None


class FrontDoor(ComponentResource):
    """A function whose URL takes signed requests only. It passes an agent a message and nothing else.

    Its table holds the answers to requests that name themselves, for a day, and counts the messages of a minute.
    Agents with a schedule get messages from Scheduler as well, which invokes the function itself.
    """

    def __init__(self, name: str, args: FrontDoorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:FrontDoor", name, None, opts)
        shared = args.shared
        team = shared.owner
        harnesses = [
            arn for agent in args.agents.values() for arn in (agent.harness_arn, *agent.endpoint_arns)
        ]
        grants = [permissions.harness_invoke(harnesses)] if harnesses else []
        applied = {
            level: args.guardrails[level] for level in sorted({s.guardrail for s in args.specs.values()})
        }
        if applied:
            arns = [guardrail.arn for guardrail in applied.values()]
            grants += permissions.guardrail_apply(shared.site, arns, args.guardrail_key_arn)
        longest = max(
            (spec.limits.timeout_seconds for spec in args.specs.values()),
            default=int(DEFAULT_LIMITS["timeout_seconds"]),
        )
        requests = Table(
            f"{name}-requests",
            TableArgs(shared, shared.site.name("team", team, "requests"), "id", expires="expires_at"),
            ResourceOptions(parent=self),
        )
        grants.append(permissions.table_items("Requests", requests.arn, delete=True))
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
                        {agent: _known(args.specs[agent], made) for agent, made in args.agents.items()}
                    ),
                    "GUARDRAILS": Output.json_dumps(
                        {level: {"id": made.id, "version": made.version} for level, made in applied.items()}
                    ),
                    "REQUESTS_TABLE": requests.name,
                    **_schedules(args),
                },
                grants=grants,
                timeout_seconds=min(longest + SPARE_SECONDS, MAX_TIMEOUT_SECONDS),
                memory_mb=MEMORY_MB,
                reserved_concurrency=peak.front_door_concurrency(args.specs.values()),
                dead_letters_arn=args.dead_letters_arn,
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


def _known(spec: ResolvedAgent, made: Agent) -> dict[str, Input[str] | bool | int]:
    """What the function knows of an agent. Its variables have 4 KB: what most agents are is not said."""
    known: dict[str, Input[str] | bool | int] = {"harness_arn": made.harness_arn, "qualifier": ENDPOINT}
    if spec.guardrail != "standard":
        known["guardrail"] = spec.guardrail
    if spec.schedule is not None:
        known["scheduled"] = True
    if spec.canary is not None:
        known["canary"] = spec.canary.share
    if (rate := peak.messages_per_minute(spec)) != USUAL_RATE:
        known["per_minute"] = rate
    return known


def _schedules(args: FrontDoorArgs) -> dict[str, Input[str]]:
    """Who is on record as having sent what a schedule sends: a session of the schedules' role."""
    if not any(spec.schedule for spec in args.specs.values()):
        return {}
    site = args.shared.site
    role = f"arn:{site.partition}:sts::{site.account}:assumed-role/{role_name(args.shared)}"
    return {"SCHEDULES_ROLE": role}
