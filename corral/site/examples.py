"""Commands and lines of YAML that pages show, with each value quoted for where it stands."""

import json
import shlex
from typing import Any

from corral.site.gather import AgentEntry
from corral.spec.template import Parameter, Template

_TYPES: dict[str, Any] = {"boolean": True, "domain": "a-domain", "schedule": "rate(1 day)"}


def invoke(agent: AgentEntry) -> str:
    """Talk to an agent from the command line."""
    return f"corral invoke {agent.spec.environment} {agent.label} {shlex.quote(agent.example)}"


def request(agent: AgentEntry) -> str:
    """The same as a signed HTTP request (docs/api.md)."""
    body = shlex.quote(json.dumps({"message": agent.example}, ensure_ascii=False))
    return "\n".join(
        (
            f'curl "$FRONT_DOOR_URL/v1/agents/{agent.spec.name}/messages" \\',
            '  --aws-sigv4 "aws:amz:$AWS_REGION:lambda" \\',
            '  --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\',
            '  --header "x-amz-security-token: $AWS_SESSION_TOKEN" \\',
            '  --header "content-type: application/json" \\',
            f"  --data {body}",
        )
    )


def suspend(agent: AgentEntry) -> str:
    """Deny an agent its next step."""
    return f'corral suspend {agent.spec.environment} {agent.label} --reason "why"'


def read_only(agent: AgentEntry) -> str:
    """Deny an agent the tools that change things."""
    return f'corral read-only {agent.spec.environment} {agent.label} --reason "why"'


def resume(agent: AgentEntry) -> str:
    """Lift what is put above an agent, once one has seen what it is."""
    environment, team = agent.spec.environment, agent.spec.team
    return f'corral overrides {environment} {team}\ncorral resume {environment} {agent.label} --reason "why"'


def roll_back(agent: AgentEntry) -> str:
    """Go back to the version before, once one has seen what that changes, and on again later."""
    command = f"corral rollback {agent.spec.environment} {agent.label}"
    return f'{command}\n{command} --reason "why"\n{command} --lift --reason "why"'


def retire(agent: AgentEntry) -> str:
    """End an agent for good."""
    environment, team = agent.spec.environment, agent.spec.team
    return f'corral retire {environment} {agent.label} --reason "why"\ncorral up {environment} --team {team}'


def lines(template: Template) -> str:
    """What a team writes for an agent of a template: the parameters it must give."""
    wanted = [(n, p) for n, p in template.parameters.items() if p.default is None and not p.optional]
    given = ", ".join(f"{name}: {json.dumps(_value(parameter))}" for name, parameter in wanted)
    return "\n".join(
        (
            "  - name: a-name",
            f"    template: {template.template}@{template.version.partition('.')[0]}",
            "    stage: experiment",
            *([f"    parameters: {{{given}}}"] if given else []),
        )
    )


def _value(parameter: Parameter) -> Any:
    if parameter.choices is not None:
        return parameter.choices[0]
    if parameter.type in ("integer", "number"):
        return parameter.minimum if parameter.minimum is not None else 1
    return _TYPES.get(parameter.type, "...")
