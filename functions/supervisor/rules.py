"""Every rule on a step of an agent, in the order in which they are asked."""

from functions.supervisor.agents import Agent
from functions.supervisor.approvals import settle
from functions.supervisor.decision import ALLOW, Decision, deny
from functions.supervisor.hook import AFTER_INVOCATION, BEFORE_TOOL_CALL, Hook


def decide(hook: Hook, agent: Agent | None) -> Decision:
    """Decide on a step. Raises if it cannot, which its caller takes for a no."""
    if hook.problem:
        return deny(hook.problem)
    if hook.event == AFTER_INVOCATION:
        return ALLOW  # nothing is left to stop; what was used is recorded in any case
    if agent is None:
        return deny("unknown agent: the platform has no record of it")
    if agent.suspended is not None:
        return deny(f"agent suspended: {agent.suspended}")
    if hook.event != BEFORE_TOOL_CALL:
        return ALLOW
    if hook.tool not in agent.tools:
        return deny(f"tool not granted: {hook.tool}")
    rule = agent.held_by(hook.tool, hook.arguments or {})
    if rule is not None:
        return settle(hook, agent, rule)
    return ALLOW
