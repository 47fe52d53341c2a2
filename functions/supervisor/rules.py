"""Every rule on a step of an agent, in the order in which they are asked."""

from dataclasses import replace

from functions.common.overrides import SUSPENDED
from functions.supervisor import spending
from functions.supervisor.agents import Agent
from functions.supervisor.approvals import settle
from functions.supervisor.decision import ALLOW, Decision, deny
from functions.supervisor.hook import AFTER_INVOCATION, BEFORE_TOOL_CALL, Hook

_SUSPENDED = {
    "agent": "agent suspended",
    "team": "team suspended",
    "environment": "environment suspended",
}


def decide(hook: Hook, agent: Agent | None) -> Decision:
    """Decide on a step. Raises if it cannot, which its caller takes for a no."""
    if hook.problem:
        return deny(hook.problem)
    if hook.event == AFTER_INVOCATION:
        if agent is not None and agent.cap is not None:
            return replace(ALLOW, tools_usd=spending.settle(hook, agent.cap))
        return ALLOW  # nothing is left to stop; what was used is recorded in any case
    if agent is None:
        return deny("unknown agent: the platform has no record of it")
    above = agent.override
    if above is not None and above.mode == SUSPENDED:
        return deny(f"{_SUSPENDED[above.whose]}: {above.reason}")
    if agent.cap is not None and (why := spending.over(hook, agent.cap)) is not None:
        return deny(why)
    if hook.event != BEFORE_TOOL_CALL:
        return ALLOW
    if hook.tool not in agent.tools:
        return deny(f"tool not granted: {hook.tool}")
    if above is not None and hook.tool not in agent.reads:
        return deny(
            f"read only: {hook.tool} changes things, which this {above.whose} may not now: {above.reason}"
        )
    rule = agent.held_by(hook.tool, hook.arguments or {})
    if rule is not None:
        return settle(hook, agent, rule)
    return ALLOW
