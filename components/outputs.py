"""What a platform's stack tells its teams' stacks, and the reading of it."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Output

_NEEDED = (
    *("team_boundary_arn", "gateway_arn", "policy_engine_id", "supervisor_arn", "agents_table"),
    *("guardrail_arn", "guardrail_id", "guardrail_version", "platform_key_arn"),
)


@dataclass(frozen=True)
class PlatformOutputs:
    """What a team's stack uses of its platform's. `registry_id` is None where the region has no registry."""

    team_boundary_arn: Output[str]
    gateway_arn: Output[str]
    policy_engine_id: Output[str]
    supervisor_arn: Output[str]
    agents_table: Output[str]
    guardrail_arn: Output[str]
    guardrail_id: Output[str]
    guardrail_version: Output[str]
    platform_key_arn: Output[str]
    registry_id: Output[str] | None

    @classmethod
    def of(cls, environment: str, *, registry: bool) -> "PlatformOutputs":
        """Read an environment's platform stack, which is of this organization and project."""
        name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{environment}"
        stack = pulumi.StackReference(name)
        values = {key: _required(stack, key, environment) for key in _NEEDED}
        return cls(**values, registry_id=_required(stack, "registry_id", environment) if registry else None)


def _required(stack: pulumi.StackReference, key: str, environment: str) -> Output[str]:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise pulumi.RunError(
                f"the platform stack {environment} has no output {key}: "
                f"run `pulumi up -s {environment}` first"
            )
        return value

    return stack.get_output(key).apply(check)
