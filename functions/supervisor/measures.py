"""What each step of an agent tells of it: cost, journeys, errors and overrides, as metrics of the agent.

A task is one invocation. Nothing is kept between steps, so a measure is a step's own: what it counts and what is left
out is in docs/drift.md.
"""

import os
from collections.abc import Mapping

from functions.common.emf import emit
from functions.common.session import is_tried
from functions.supervisor.agents import Agent
from functions.supervisor.decision import Decision
from functions.supervisor.hook import AFTER_INVOCATION, AFTER_TOOL_CALL, BEFORE_TOOL_CALL, Hook

COST = "CostPerTask"  # US dollars
JOURNEY = "JourneyCompletion"  # 1 or 0
ERROR = "ErrorRate"  # 1 or 0
OVERRIDE = "HumanOverrideRate"  # 1 or 0
FAILURE = "SupervisorFailures"
CANARY = {"Endpoint": "canary"}  # one more dimension: what is tried is no part of the agent's own figures

_FINISHED = ("end_turn", "stop_sequence")
_PAUSED = "tool_use"  # the caller runs a tool of its own and goes on: the task is not over
_REFUSED = "approval denied"


def measure(hook: Hook, agent: Agent | None, decision: Decision) -> None:
    """Write what this step tells."""
    if agent is None:
        return
    of = {"Environment": agent.environment, "Team": agent.team, "Agent": agent.name}
    if agent.canary and is_tried(hook.session_id):
        of |= CANARY
    emit(of, values(hook, agent, decision))


def failed() -> None:
    """Write that a step could not be decided or recorded."""
    emit({"Environment": os.environ["ENVIRONMENT"]}, {FAILURE: 1})


def values(hook: Hook, agent: Agent, decision: Decision) -> Mapping[str, float]:
    """Return the metrics of a step, {} if it tells nothing."""
    if hook.event == BEFORE_TOOL_CALL:
        refused = not decision.allowed and (decision.reason or "").startswith(_REFUSED)
        return {OVERRIDE: float(refused)} if decision.allowed or refused else {}
    if hook.event == AFTER_TOOL_CALL:
        return {ERROR: float(bool(hook.context.get("error")))}
    return _of_task(hook, agent, decision.tools_usd) if hook.event == AFTER_INVOCATION else {}


def _of_task(hook: Hook, agent: Agent, tools_usd: float) -> Mapping[str, float]:
    measured: dict[str, float] = {}
    used = hook.context.get("usage")
    tokens = [used.get(key) for key in ("inputTokens", "outputTokens")] if isinstance(used, dict) else []
    counts = [float(count) for count in tokens if isinstance(count, int) and not isinstance(count, bool)]
    if len(counts) == 2:
        measured |= {"InputTokens": counts[0], "OutputTokens": counts[1]}
        if agent.price is not None:
            cost = agent.price.of(*counts)
            # A task in which no model spoke has no cost to compare.
            measured |= {COST: cost + tools_usd} if cost > 0 else {}
    stopped = hook.context.get("stopReason")
    if isinstance(stopped, str) and stopped != _PAUSED:
        measured[JOURNEY] = float(stopped in _FINISHED)
    return measured
