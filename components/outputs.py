"""What a team's stack reads of its platform's, told before anything of the team is registered if it is not there.

docs/outputs.md lists all that both kinds of stack export.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pulumi
from pulumi import Output

from corral.spec.template import GuardrailLevel

_NEEDED = (
    *("team_boundary_arn", "gateway_arn", "policy_engine_id", "supervisor_arn", "agents_table"),
    *("approvals_arn", "override_arn"),
    *("guardrail_arn", "guardrail_id", "guardrail_version", "platform_key_arn"),
    *("guardrail_strict_arn", "guardrail_strict_id", "guardrail_strict_version"),
    "alerts_topic_arn",
)
# The engine's own function. Unlike a stack reference that fails, it ends neither update nor program.
_READ = "pulumi:pulumi:readStackOutputs"


class AppliedGuardrail(NamedTuple):
    """A guardrail in the version that front doors apply."""

    arn: Output[str]
    id: Output[str]
    version: Output[str]


@dataclass(frozen=True)
class PlatformOutputs:
    """What a team's stack uses of its platform's. `registry_id` is None where the region has no registry."""

    team_boundary_arn: Output[str]
    gateway_arn: Output[str]
    policy_engine_id: Output[str]
    supervisor_arn: Output[str]
    agents_table: Output[str]
    approvals_arn: Output[str]
    override_arn: Output[str]
    guardrail_arn: Output[str]
    guardrail_id: Output[str]
    guardrail_version: Output[str]
    guardrail_strict_arn: Output[str]
    guardrail_strict_id: Output[str]
    guardrail_strict_version: Output[str]
    platform_key_arn: Output[str]
    alerts_topic_arn: Output[str]
    registry_id: Output[str] | None

    @classmethod
    def of(cls, environment: str, *, registry: bool) -> "PlatformOutputs":
        """Read an environment's platform stack, which is of this organization and project.

        Raises pulumi.RunError, with what to run, for a stack that is not there or not complete.
        """
        name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{environment}"
        _check(name, environment, (*_NEEDED, "registry_id") if registry else _NEEDED)
        stack = pulumi.StackReference(name)
        values = {key: stack.get_output(key) for key in _NEEDED}
        return cls(**values, registry_id=stack.get_output("registry_id") if registry else None)

    @property
    def guardrails(self) -> dict[GuardrailLevel, AppliedGuardrail]:
        """The guardrail of each level."""
        return {
            "standard": AppliedGuardrail(self.guardrail_arn, self.guardrail_id, self.guardrail_version),
            "strict": AppliedGuardrail(
                self.guardrail_strict_arn, self.guardrail_strict_id, self.guardrail_strict_version
            ),
        }


def _check(name: str, environment: str, needed: Iterable[str]) -> None:
    first = f"run `pulumi up -s {environment}` first"
    try:
        outputs: dict[str, Any] = pulumi.runtime.invoke(_READ, {"name": name}).value["outputs"]
    except Exception as error:  # what the SDK raises for a function that failed has no class of its own
        if "unknown stack" in str(error):
            raise pulumi.RunError(
                f"environment {environment} has no platform, there is no stack {name}: {first}"
            ) from None
        raise pulumi.RunError(f"the platform stack {environment} cannot be read: {error}") from None
    missing = [key for key in needed if not isinstance(outputs.get(key), str)]
    if missing:
        raise pulumi.RunError(f"the platform stack {environment} lacks {', '.join(missing)}: {first}")
