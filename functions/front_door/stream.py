"""The event stream of InvokeHarness, read into one reply: answer, tool calls, what was decided of them.

Shapes as in the service's model. A hook event does not say which tool call it is about; a harness runs the
calls of a message one after the other, so decisions come in the order of the calls.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from functions.common.tool_names import catalogue_name

ALLOWED, FAILED = "allowed", "failed"
BY_POLICY, BY_SUPERVISOR = "denied-by-policy", "denied-by-supervisor"
_POLICY_SAYS = "Tool Execution Denied"  # how the gateway begins when Cedar denies a call
_BUSY_SAYS = ("Rate limit exceeded", "TooManyRequestsException", "ThrottlingException")
_MAX_REASON = 500


@dataclass
class Call:
    """One tool call."""

    id: str
    tool: str
    hook_decision: str | None = None
    hook_reason: str = ""
    status: str | None = None
    result: list[str] = field(default_factory=list)

    def described(self) -> dict[str, str]:
        """Return the call as callers see it: tool, decision, and a reason unless it was allowed."""
        said = "".join(self.result)
        decision, reason = ALLOWED, ""
        if self.hook_decision == "deny":
            decision, reason = BY_SUPERVISOR, self.hook_reason
        elif self.status == "error":
            busy = any(word in said for word in _BUSY_SAYS)
            failure = (FAILED, "the tool is busy" if busy else "the tool failed")
            decision, reason = (BY_POLICY, said) if _POLICY_SAYS in said else failure
        elif self.hook_decision is None and self.status is None:
            decision, reason = FAILED, "the call was not made"
        shown = {"tool": self.tool, "decision": decision}
        return {**shown, "reason": reason[:_MAX_REASON]} if reason else shown


class Reply:
    """What an invocation came to. Feed it the events in order."""

    def __init__(self) -> None:
        self.stop_reason = "unknown"
        self.stopped_because = ""
        self.input_tokens = 0
        self.output_tokens = 0
        self._answer: list[str] = []
        self._calls: dict[str, Call] = {}
        self._undecided: list[Call] = []
        self._open: dict[int, Call] = {}  # by block index: the call whose result is streaming
        self._speaking = False

    @classmethod
    def read(cls, events: Iterable[dict[str, Any]]) -> "Reply":
        """Read a whole stream."""
        reply = cls()
        for event in events:
            reply.take(event)
        return reply

    @property
    def answer(self) -> str:
        """Return the text of the assistant's last message; if a hook stopped it all, why."""
        if self.stop_reason == "hook_stopped":
            return f"This request was stopped: {self.stopped_because or 'no reason was given'}"
        return "".join(self._answer)

    @property
    def tool_calls(self) -> list[dict[str, str]]:
        """Return the tool calls in the order in which the model made them."""
        return [call.described() for call in self._calls.values()]

    def take(self, event: dict[str, Any]) -> None:
        """Take the next event in."""
        for kind, body in event.items():
            if kind == "messageStart":
                self._speaking = body["role"] == "assistant"
                self._open.clear()
                if self._speaking:
                    self._answer.clear()
            elif kind == "contentBlockStart":
                self._start(body["contentBlockIndex"], body["start"])
            elif kind == "contentBlockDelta":
                self._delta(body["contentBlockIndex"], body["delta"])
            elif kind == "messageStop":
                self.stop_reason = body["stopReason"]
            elif kind == "metadata":
                self.input_tokens += body["usage"]["inputTokens"]
                self.output_tokens += body["usage"]["outputTokens"]
            elif kind == "hookEvent":
                self._hook(body)

    def _start(self, index: int, start: dict[str, Any]) -> None:
        if "toolUse" in start:
            used = start["toolUse"]
            call = Call(used["toolUseId"], catalogue_name(used["name"]))
            self._calls[call.id] = call
            self._undecided.append(call)
        elif "toolResult" in start and start["toolResult"]["toolUseId"] in self._calls:
            call = self._calls[start["toolResult"]["toolUseId"]]
            call.status = start["toolResult"].get("status", "success")
            self._open[index] = call
            if call in self._undecided:  # it came to its end without a decision
                self._undecided.remove(call)

    def _delta(self, index: int, delta: dict[str, Any]) -> None:
        if "text" in delta and self._speaking:
            self._answer.append(delta["text"])
        elif "toolResult" in delta and index in self._open:
            for part in delta["toolResult"]:
                self._open[index].result.append(part.get("text") or json.dumps(part.get("json", "")))

    def _hook(self, hook: dict[str, Any]) -> None:
        decision = hook.get("decision")
        if decision is None:
            return  # a notification, which decides nothing
        if decision == "deny" and hook["type"] != "before_tool_call":
            self.stopped_because = hook.get("reason", "")
        elif hook["type"] == "before_tool_call" and self._undecided:
            call = self._undecided.pop(0)
            call.hook_decision, call.hook_reason = decision, hook.get("reason", "")
