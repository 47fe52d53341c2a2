"""A team's memory: the conversations of its agents, under the team's own key."""

from dataclasses import dataclass

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws_native import bedrockagentcore as agentcore

from components.site import Shared

EVENT_DAYS = 30  # how long a conversation is remembered


@dataclass(frozen=True)
class MemoryArgs:
    """Arguments of a Memory."""

    shared: Shared


class Memory(ComponentResource):
    """Short-term memory of a team. No other team's role is granted it, nor its key."""

    def __init__(self, name: str, args: MemoryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Memory", name, None, opts)
        shared = args.shared
        memory = agentcore.Memory(
            f"{name}-memory",
            name=f"{shared.site.environment}_{shared.owner}".replace("-", "_"),
            description=f"Conversations of the agents of team {shared.owner}.",
            event_expiry_duration=EVENT_DAYS,
            encryption_key_arn=shared.key_arn,
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self, protect=shared.site.production),
        )
        self.memory_id = memory.memory_id
        self.arn = memory.memory_arn
        self.register_outputs({"memory_id": self.memory_id, "arn": self.arn})
