"""Lifecycle hooks of a harness: Lambda functions asked before and after an invocation and each tool call.

Payload: `{hookEventId, name, event, harnessArn, sessionId, context}`; answer `{"decision": "allow"|"deny",
"reason"}`. An error, a timeout or an answer of another form is a failure, and FailureMode (default deny)
decides. A context over 64 KiB has its largest values cut to `{truncated, preview}`. Every hook of an event
runs, in order; one denial denies.
"""

from __future__ import annotations

import json
import queue
import threading
import uuid
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from corral.local.server.core import AwsError, Caller, LocalAws, not_implemented
from corral.local.server.functions.service import invoke_as

BEFORE_INVOCATION = "BeforeInvocation"
AFTER_INVOCATION = "AfterInvocation"
BEFORE_TOOL_CALL = "BeforeToolCall"
AFTER_TOOL_CALL = "AfterToolCall"

_EVENTS = {
    BEFORE_INVOCATION: "before_invocation",
    AFTER_INVOCATION: "after_invocation",
    BEFORE_TOOL_CALL: "before_tool_call",
    AFTER_TOOL_CALL: "after_tool_call",
}
_TIMEOUT_SECONDS = 60
_MAX_CONTEXT_BYTES = 64 * 1024
_PREVIEW_CHARS = 1000
_MAX_REASON_CHARS = 1024

StreamEvent = dict[str, Any]


@dataclass(frozen=True)
class Denial:
    """Which hook said no, and why."""

    hook: str
    reason: str


class _HookError(Exception):
    """A hook gave no usable answer."""


@dataclass(frozen=True)
class HookRunner:
    """Runs the hooks of one invocation; the harness's execution role invokes their functions."""

    aws: LocalAws
    role: Caller
    harness_arn: str
    session_id: str
    hooks: tuple[dict[str, Any], ...]

    def check(self) -> None:
        """Refuse hooks whose target the local AWS does not have."""
        for hook in self.hooks:
            for kind, settings in hook.items():
                if "Lambda" not in settings["Target"]:
                    raise not_implemented("bedrock-agentcore", f"{kind} hook with a target other than Lambda")

    def run(self, kind: str, context: dict[str, Any]) -> Generator[StreamEvent, None, Denial | None]:
        """Ask every hook of a kind, yielding their hookEvents; return the first denial."""
        denial: Denial | None = None
        for hook in self.hooks:
            if kind not in hook:
                continue
            settings = hook[kind]
            event_id = str(uuid.uuid4())
            decision, reason = self._ask(kind, settings, event_id, context)
            event = {"hookEventId": event_id, "name": settings["Name"], "type": _EVENTS[kind]}
            yield {"hookEvent": event | {"decision": decision, "reason": reason[:_MAX_REASON_CHARS]}}
            if decision == "deny" and denial is None:
                denial = Denial(settings["Name"], reason)
        return denial

    def _ask(
        self, kind: str, settings: dict[str, Any], event_id: str, context: dict[str, Any]
    ) -> tuple[str, str]:
        target = settings["Target"]["Lambda"]
        try:
            payload = {
                "hookEventId": event_id,
                "name": settings["Name"],
                "event": _EVENTS[kind],
                "harnessArn": self.harness_arn,
                "sessionId": self.session_id,
                "context": _within_limit(context),
            }
            answer = self._invoke(target["Arn"], payload, target.get("TimeoutSeconds", _TIMEOUT_SECONDS))
        except _HookError as failure:
            return target.get("FailureMode", "deny"), f"hook failed: {failure}"
        return answer["decision"], str(answer.get("reason") or "")

    def _invoke(self, function: str, payload: dict[str, Any], seconds: int) -> dict[str, Any]:
        answers: queue.SimpleQueue[dict[str, Any] | _HookError] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put(self._answer(function, payload))
            except _HookError as failure:
                answers.put(failure)
            except Exception as fault:
                # Whatever went wrong, the wait below must end at once, and closed.
                answers.put(_HookError(f"{type(fault).__name__} while it was asked"))

        threading.Thread(target=work, daemon=True, name="harness-hook").start()
        try:
            answer = answers.get(timeout=seconds)
        except queue.Empty:
            raise _HookError(f"no answer within {seconds} s") from None
        if isinstance(answer, _HookError):
            raise answer
        return answer

    def _answer(self, function: str, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            done = invoke_as(self.aws, self.role, function, json.dumps(payload).encode())
        except AwsError as error:
            raise _HookError(f"{error.code}: {error.message}") from error
        if done.error is not None:
            raise _HookError("its function ended with an error")
        try:
            answer = json.loads(done.payload)
        except ValueError as error:
            raise _HookError("its answer is not JSON") from error
        if not isinstance(answer, dict) or answer.get("decision") not in ("allow", "deny"):
            raise _HookError("its answer has no decision of allow or deny")
        return answer


def _within_limit(context: dict[str, Any]) -> dict[str, Any]:
    """Cut the largest values of a context that is over the limit to what AWS sends instead of them."""
    cut = dict(context)
    for name in sorted(context, key=lambda name: -_size(context[name])):
        if _size(cut) <= _MAX_CONTEXT_BYTES:
            break
        cut[name] = {"truncated": True, "preview": json.dumps(context[name])[:_PREVIEW_CHARS]}
    return cut


def _size(value: Any) -> int:
    return len(json.dumps(value).encode())
