"""What the gateway's policies let each caller do with the tools: decided by Cedar, on the deployed schema."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from corral.audit.access_account import Gateway, Role
from corral.audit.access_iam import Path, Paths
from corral.local.server.agentcore.cedar_decisions import DecisionEngine
from corral.local.server.agentcore.cedar_schema import CedarError
from corral.local.server.agentcore.tools import GatewayTool, gateway_tools
from corral.spec.names import mcp_tool_name
from corral.spec.tool import Constraint, Tool

_SAMPLES: Mapping[str, Any] = {
    "string": "x",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "array": [],
    "object": {},
}
_KEYS = ("type", "description", "required", "properties", "items")


def cedar_paths(
    gateway: Gateway,
    callers: Mapping[str, Role],
    tools: Mapping[str, Tool],
    names: Mapping[str, tuple[str, ...]],
) -> Paths:
    """Every path to a tool of those who may invoke the gateway.

    `callers` are roles by what opens the gateway to them, `tools` the catalogue by name, `names` the values to
    ask for: those of "domain" and "team". Raises CedarError for policies that do not parse.
    """
    offered = gateway_tools(_target(target) for target in gateway.targets)
    if gateway.mode != "ENFORCE":
        why = f"the gateway's policy engine does not decide (mode {gateway.mode})"
        return {
            Path(f"role {role.name}", "call", f"tool {_shown(name)}"): why
            for role in callers.values()
            for name in offered
        }
    engine = DecisionEngine(gateway.arn, offered, [_policy(policy) for policy in gateway.policies])
    known = {mcp_tool_name(name): tool for name, tool in tools.items()}
    policies = {policy["policyId"]: policy["name"] for policy in gateway.policies}
    found: Paths = {}
    for role in callers.values():
        for name, tool in offered.items():
            for action, resource, arguments in _asked(tool, known.get(name), names):
                opened = _opened(engine, role, name, arguments)
                if opened:
                    shown = ", ".join(policies.get(each, each) for each in opened)
                    found.setdefault(Path(f"role {role.name}", action, resource), f"Cedar policy {shown}")
    return found


def _opened(engine: DecisionEngine, role: Role, tool: str, arguments: dict[str, Any]) -> tuple[str, ...]:
    """The policies that allow a call."""
    account = role.arn.split(":")[4]
    session = f"arn:aws:sts::{account}:assumed-role/{role.name}/session"
    verdict = engine.decide(session, tool, arguments, datetime.now(UTC))
    return verdict.policies if verdict.allowed else ()


def _asked(
    tool: GatewayTool, spec: Tool | None, names: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What is asked of a tool: action, resource, and arguments that stand for it."""
    shown = _shown(tool.name)
    plain = {
        name: _SAMPLES[tool.input_schema["properties"][name]["type"]]
        for name in tool.input_schema.get("required", ())
    }
    if spec is None:
        yield "call", f"tool {shown}", plain
        return
    plain |= {c.argument: value for c in spec.constraints if (value := _within(c)) is not None}
    scopes = {
        argument: (kind, names[kind])
        for kind, argument in (("domain", spec.domain_argument), ("team", spec.team_argument))
        if argument is not None
    }
    for arguments in _combined(plain, scopes):
        yield "call", f"tool {shown}", arguments
        for argument, (kind, _) in scopes.items():
            yield f"call {shown} for", f"{kind} {arguments[argument]}", arguments
        for constraint in spec.constraints:
            for value in _beyond(constraint):
                beyond = {**arguments, constraint.argument: value}
                yield f"call beyond its limit on {constraint.argument}", f"tool {shown}", beyond


def _combined(
    plain: dict[str, Any], scopes: Mapping[str, tuple[str, tuple[str, ...]]]
) -> Iterator[dict[str, Any]]:
    found = [plain]
    for argument, (_, values) in scopes.items():
        found = [{**each, argument: value} for each in found for value in values]
    return iter(found)


def _within(constraint: Constraint) -> Any:
    if constraint.one_of is not None:
        return constraint.one_of[0]
    return constraint.at_least if constraint.at_least is not None else constraint.at_most


def _beyond(constraint: Constraint) -> Iterator[Any]:
    if constraint.at_most is not None:
        yield constraint.at_most + 1
    if constraint.at_least is not None:
        yield constraint.at_least - 1
    if constraint.one_of is not None:
        yield "x".join(constraint.one_of)


def _shown(tool: str) -> str:
    """A tool's name without its target, if the two are one."""
    target, _, name = tool.partition("___")
    return name if target == name else tool


def _policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A policy of the API as the engine takes it."""
    definition = policy["definition"]
    statement = (definition.get("cedar") or definition["policy"])["statement"]
    return {
        "PolicyId": policy["policyId"],
        "EnforcementMode": policy.get("enforcementMode", "ACTIVE"),
        "Definition": {"Cedar": {"Statement": statement}},
    }


def _target(target: Mapping[str, Any]) -> dict[str, Any]:
    """A target of the API as the engine's schema takes it."""
    function = target["targetConfiguration"].get("mcp", {}).get("lambda")
    if function is None:
        return {"TargetConfiguration": {}}
    tools = [
        {
            "Name": tool["name"],
            "Description": tool["description"],
            "InputSchema": _schema(tool["inputSchema"]),
        }
        for tool in function["toolSchema"].get("inlinePayload", [])
    ]
    return {
        "Name": target["name"],
        "TargetId": target["targetId"],
        "TargetConfiguration": {
            "Mcp": {"Lambda": {"LambdaArn": function["lambdaArn"], "ToolSchema": {"InlinePayload": tools}}}
        },
    }


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    found = {key.capitalize(): schema[key] for key in _KEYS if key in schema}
    if "Properties" in found:
        found["Properties"] = {name: _schema(value) for name, value in found["Properties"].items()}
    if "Items" in found:
        found["Items"] = _schema(found["Items"])
    return found


__all__ = ["CedarError", "cedar_paths"]
