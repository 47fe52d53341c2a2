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
    """Write the item that denies an agent its next step."""
    return _state(agent, "put-item", "--item", ",status={S=suspended},reason={S=why}")


def resume(agent: AgentEntry) -> str:
    """Take that item away."""
    return _state(agent, "delete-item", "--key", "")


def retire(agent: AgentEntry) -> str:
    """End an agent for good."""
    environment, team = agent.spec.environment, agent.spec.team
    return f'corral retire {environment} {agent.label} --reason "why"\ncorral up {environment} --team {team}'


def _state(agent: AgentEntry, operation: str, option: str, more: str) -> str:
    """A change of an agent's state in the table that the supervisor reads at each step."""
    environment, team = agent.spec.environment, agent.spec.team
    return "\n".join(
        (
            f"TABLE=$(pulumi stack output agents_table -s {environment})",
            f"AGENT=$(pulumi stack output agents -s {environment}.{team} --json |",
            f"  jq -r '.[\"{agent.spec.name}\"].harness_arn')",
            f'aws dynamodb {operation} --table-name "$TABLE" \\',
            f'  {option} "agent={{S=$AGENT}},item={{S=state}}{more}"',
        )
    )


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
