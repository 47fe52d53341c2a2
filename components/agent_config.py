"""What the supervisor, the override function and the drift monitor know of an agent: its item in the agents' table."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from components.evaluation import canary_service_name, service_name
from corral.spec.evaluated import accuracy_evaluator
from corral.spec.names import drift_alarm_name
from corral.spec.resolved import ResolvedAgent
from corral.spec.rights import session_name
from corral.spec.task_cost import base_tokens
from corral.spec.tool import Tool


def config_item(
    agent: ResolvedAgent,
    tools: Mapping[str, Tool],
    approvers: Sequence[str],
    topic: str,
    harness_arn: str,
    version: str,
) -> dict[str, Any]:
    """What the supervisor and the drift monitor know of an agent, as a DynamoDB item."""
    approval = [
        {
            "tool": rule.tool,
            "conditions": [
                {"argument": c.argument, "operator": c.operator, "value": c.value} for c in rule.conditions
            ],
            "within_minutes": rule.within_minutes,
            "approvers": rule.approvers,
            "delegate": session_name(rule.delegate) if rule.delegate else "",
            "tool_does": tools[rule.tool].summary,
            "because": rule.because,
        }
        for rule in agent.approval
    ]
    watch: dict[str, Any] = {
        "version": version,
        "topic": topic,
        "service": service_name(agent),
        "accuracy": accuracy_evaluator(agent.made_from),
        "tolerances": agent.made_from.drift.model_dump(exclude_none=True),
    }
    if agent.suspend_on_alarm is not None:
        watch["suspend"] = {
            "alarm": drift_alarm_name(agent.environment, agent.team, agent.key),
            "cooldown_hours": agent.suspend_on_alarm.cooldown_hours,
        }
    priced: dict[str, Any] = {}
    if agent.price is not None:
        cap: dict[str, Any] = {
            "usd": agent.limits.cost_per_task_usd,
            "base_tokens": base_tokens(agent, tools),
            "max_output_tokens": agent.limits.max_output_tokens,
            "input_price": agent.price.input,
            "output_price": agent.price.output,
        }
        if costly := {name: usd for name in agent.tools if (usd := tools[name].cost_per_call_usd)}:
            cap["tools"] = costly
        priced = {"price": {"S": agent.price.model_dump_json()}, "cap": {"S": json.dumps(cap)}}
    tried: dict[str, Any] = {}
    if agent.canary is not None:
        said = {**agent.canary.model_dump(), "service": canary_service_name(agent)}
        tried = {"canary": {"S": json.dumps(said)}}
    return {
        **priced,
        **tried,
        "agent": {"S": harness_arn},
        "item": {"S": "config"},
        "environment": {"S": agent.environment},
        "team": {"S": agent.team},
        "name": {"S": agent.name},
        "key": {"S": agent.key},
        "tools": {"L": [{"S": tool} for tool in agent.tools]},
        "reads": {"L": [{"S": tool} for tool in agent.tools if tools[tool].access == "read"]},
        "approval": {"S": json.dumps(approval)},
        "approvers": {"L": [{"S": name} for name in approvers]},
        "watch": {"S": json.dumps(watch)},
    }
