"""The decision record of a step."""

import os
from datetime import UTC, datetime
from typing import Any

from functions.common.canonical import digest
from functions.common.records import put
from functions.supervisor.agents import Agent
from functions.supervisor.decision import Decision
from functions.supervisor.hook import AFTER_INVOCATION, AFTER_TOOL_CALL, Hook


def write(hook: Hook, agent: Agent | None, decision: Decision) -> None:
    """Write the record. Returns once Firehose has it, raises if it has not."""
    put(record(hook, agent, decision))


def record(hook: Hook, agent: Agent | None, decision: Decision) -> dict[str, Any]:
    """Return what is recorded of a step: arguments of calls in full, but no messages and no results."""
    known: dict[str, Any] = {
        "id": hook.id,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "environment": agent.environment if agent else os.environ["ENVIRONMENT"],
        "team": agent and agent.team,
        "agent": agent and agent.name,
        "harness_arn": hook.harness_arn,
        "session_id": hook.session_id,
        "event": hook.event,
        "tool": hook.tool,
        "tool_use_id": hook.tool_use_id,
        "arguments": hook.arguments,
        "arguments_sha256": None if hook.arguments is None else digest(hook.arguments),
        "decision": "allow" if decision.allowed else "deny",
        "reason": decision.reason,
    }
    if decision.approval_id:
        known |= {"approval_id": decision.approval_id, "approved_by": decision.approved_by}
    if hook.event == AFTER_TOOL_CALL:
        known["outcome"] = "error" if hook.context.get("error") else "ok"
    if hook.event == AFTER_INVOCATION:
        used = hook.context.get("usage")
        used = used if isinstance(used, dict) else {}
        known["stop_reason"] = hook.context.get("stopReason")
        known["usage"] = {
            "input_tokens": used.get("inputTokens"),
            "output_tokens": used.get("outputTokens"),
        }
    return known
