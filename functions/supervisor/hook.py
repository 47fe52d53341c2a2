"""What a harness tells a hook: which agent is at which step of which session, and what it is about to do.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/harness-lifecycle-hooks.html
"""

import uuid
from dataclasses import dataclass
from typing import Any

from functions.common.tool_names import catalogue_name

BEFORE_INVOCATION = "beforeInvocation"
BEFORE_TOOL_CALL = "beforeToolCall"
AFTER_TOOL_CALL = "afterToolCall"
AFTER_INVOCATION = "afterInvocation"
# The service sends before_tool_call where a harness is configured with beforeToolCall. One spelling from here
# on.
_EVENTS = {
    spelling: event
    for event, sent in (
        (BEFORE_INVOCATION, "before_invocation"),
        (BEFORE_TOOL_CALL, "before_tool_call"),
        (AFTER_TOOL_CALL, "after_tool_call"),
        (AFTER_INVOCATION, "after_invocation"),
    )
    for spelling in (event, sent)
}


@dataclass(frozen=True)
class Hook:
    """One step of an agent. `problem` says why the step cannot be judged from what was sent."""

    id: str
    event: str
    harness_arn: str
    session_id: str
    context: dict[str, Any]
    tool: str | None = None
    tool_use_id: str | None = None
    arguments: dict[str, Any] | None = None
    problem: str | None = None

    @classmethod
    def read(cls, payload: Any) -> "Hook":
        """Read a payload. Whatever it is, there is a Hook to record; an incomplete one has a problem."""
        sent = payload if isinstance(payload, dict) else {}
        context = sent.get("context")
        context = context if isinstance(context, dict) else {}
        event = _EVENTS.get(_text(sent.get("event")), "unknown")
        spelled = _text(context.get("toolName"))
        arguments = context.get("toolInput")
        hook = cls(
            id=_text(sent.get("hookEventId")) or str(uuid.uuid4()),
            event=event,
            harness_arn=_text(sent.get("harnessArn")),
            session_id=_text(sent.get("sessionId")),
            context=context,
            tool=catalogue_name(spelled) or None,
            tool_use_id=_text(context.get("toolUseId")) or None,
            arguments=arguments if isinstance(arguments, dict) else None,
        )
        problem = hook._problem()
        return cls(**{**vars(hook), "problem": problem}) if problem else hook

    def _problem(self) -> str | None:
        if self.event == "unknown" or not self.harness_arn or not self.session_id:
            return "the hook's payload was not understood"
        if self.event in (BEFORE_TOOL_CALL, AFTER_TOOL_CALL) and not self.tool:
            return "the hook's payload names no tool"
        if self.event == BEFORE_TOOL_CALL:
            if self.arguments is None:
                return "the hook's payload has no arguments"
            # The harness cuts what is over 64 KiB to this form. What cannot be seen whole cannot be allowed.
            if self.arguments.keys() == {"truncated", "preview"}:
                return "the arguments are too long to be judged: send less"
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
