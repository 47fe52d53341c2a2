"""The agent loop of a harness: model, hooks and tools in turn, told as a stream of events.

A turn of the model is one message in the stream, and so are the tool results that follow it; `metadata`
with the usage of the whole invocation comes once, after the last message. Tools of one turn run in order.
An inline function pauses the loop: the caller runs it and sends its toolResult in the next request of the
session. `timeoutSeconds` is looked at between steps; a step under way is not interrupted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from corral.local.server.agentcore.harness_config import INLINE, HarnessConfig
from corral.local.server.agentcore.harness_tools import Toolbox
from corral.local.server.agentcore.history import History, Message
from corral.local.server.agentcore.hooks import (
    AFTER_INVOCATION,
    AFTER_TOOL_CALL,
    BEFORE_INVOCATION,
    BEFORE_TOOL_CALL,
    HookRunner,
    StreamEvent,
)
from corral.local.server.agentcore.mcp_client import GatewayError
from corral.local.server.core import AwsError, Caller, LocalAws

HOOK_STOPPED = "hook_stopped"
_BLOCK_KEYS = {
    "toolUse": ("toolUseId", "name", "input"),
    "toolResult": ("toolUseId", "content", "status"),
}

Stream = Generator[StreamEvent, None, None]
StreamOf = Generator[StreamEvent, None, str | None]


@dataclass
class AgentLoop:
    """One invocation."""

    aws: LocalAws
    config: HarnessConfig
    role: Caller
    hooks: HookRunner
    toolbox: Toolbox
    history: History
    _messages: list[Message] = field(default_factory=list)
    _usage: dict[str, int] = field(default_factory=lambda: {"inputTokens": 0, "outputTokens": 0})
    _began: float = field(default_factory=time.monotonic)

    def run(self, request: list[Message]) -> Stream:
        """Run to the end. A failure of model, gateway or memory ends the stream as runtimeClientError."""
        denial = yield from self.hooks.run(BEFORE_INVOCATION, {"messages": request})
        if denial is not None:
            yield from _closing(HOOK_STOPPED)
            yield self._metadata()
            return
        stop_reason = "interrupted"
        try:
            stop_reason = yield from self._loop(request)
        except (AwsError, GatewayError) as error:
            raise AwsError("RuntimeClientError", str(error), 424) from error
        finally:
            # The record of what was used is owed however the loop ended.
            usage = {"inputTokens": self._usage["inputTokens"], "outputTokens": self._usage["outputTokens"]}
            after = self.hooks.run(AFTER_INVOCATION, {"stopReason": stop_reason, "usage": usage})
            after_events = list(after)
        yield self._metadata()
        yield from after_events

    def _loop(self, request: list[Message]) -> Generator[StreamEvent, None, str]:
        self.toolbox.open()
        self._messages = self.history.read()
        for message in request:
            self._add(message)
        stop = yield from self._submitted_results(request)
        iterations = 0
        while stop is None:
            pending = _open_tool_uses(self._messages)
            if pending:
                stop = yield from self._run_tools(pending)
                continue
            stop = self._cap(iterations)
            if stop is None:
                iterations += 1
                finished = yield from self._model_turn()
                if finished is not None:
                    return finished
        yield from _closing(stop)
        return stop

    def _add(self, message: Message) -> None:
        self._messages.append(message)
        self.history.add(message)

    def _cap(self, iterations: int) -> str | None:
        if iterations >= self.config.max_iterations:
            return "max_iterations_exceeded"
        if self.config.max_tokens is not None and self._usage["outputTokens"] >= self.config.max_tokens:
            return "max_output_tokens_exceeded"
        if time.monotonic() - self._began >= self.config.timeout_seconds:
            return "timeout_exceeded"
        return None

    def _model_turn(self) -> StreamOf:
        """Let the model speak; return its stop reason unless it wants a tool."""
        request: dict[str, Any] = {
            "modelId": self.config.model_id,
            "messages": list(_for_model(self._messages)),
        }
        if self.config.system:
            request["system"] = [{"text": text} for text in self.config.system]
        if self.toolbox.specs():
            request["toolConfig"] = {"tools": self.toolbox.specs()}
        if self.config.inference:
            request["inferenceConfig"] = self.config.inference
        answer = self.aws.perform("bedrock-runtime", "Converse", request, self.role)
        for key in self._usage:
            self._usage[key] += answer["usage"][key]
        message = answer["output"]["message"]
        self._add(message)
        yield from _message_events(message, answer["stopReason"])
        wants_tool = any("toolUse" in block for block in message["content"])
        return None if wants_tool else str(answer["stopReason"])

    def _submitted_results(self, request: list[Message]) -> StreamOf:
        """afterToolCall for the inline functions whose results this request brings."""
        uses = {use["toolUseId"]: use for use in _blocks(self._messages, "toolUse")}
        for result in _blocks(request, "toolResult"):
            use = uses.get(result["toolUseId"])
            if use is not None:
                failed = result.get("status") == "error"
                stop = yield from self._after_tool(
                    use, result, "the caller reported an error" if failed else None
                )
                if stop is not None:
                    return stop
        return None

    def _run_tools(self, pending: list[dict[str, Any]]) -> StreamOf:
        """Run the tools of a turn in order; return a stop reason when something stops the loop."""
        results: list[dict[str, Any]] = []
        stop: str | None = None
        for use in pending:
            details = self._details(use) | {"toolInput": use["input"]}
            denial = yield from self.hooks.run(BEFORE_TOOL_CALL, details)
            if denial is not None:
                text = f"Tool call denied by hook {denial.hook}: {denial.reason}"
                results.append(_result(use, [{"text": text}], failed=True))
                continue
            if self.toolbox.kind(use["name"]) == INLINE:
                stop = "tool_use"
                break
            content, error = self.toolbox.call(use["name"], use["input"], use["toolUseId"])
            result = _result(use, content, failed=error is not None)
            results.append(result)
            stop = yield from self._after_tool(use, result, error)
            if stop is not None:
                break
        if results:
            message = {"role": "user", "content": [{"toolResult": result} for result in results]}
            self._add(message)
            yield from _message_events(message, "tool_result")
        return stop

    def _after_tool(self, use: dict[str, Any], result: dict[str, Any], error: str | None) -> StreamOf:
        details = self._details(use) | {"toolResult": result}
        if error is not None:
            details["error"] = error
        denial = yield from self.hooks.run(AFTER_TOOL_CALL, details)
        return HOOK_STOPPED if denial is not None else None

    def _details(self, use: dict[str, Any]) -> dict[str, Any]:
        kind = self.toolbox.kind(use["name"])
        return {"toolName": use["name"], "toolType": kind, "toolUseId": use["toolUseId"]}

    def _metadata(self) -> StreamEvent:
        usage = self._usage | {"totalTokens": sum(self._usage.values())}
        latency = int((time.monotonic() - self._began) * 1000)
        return {"metadata": {"usage": usage, "metrics": {"latencyMs": latency}}}


def _result(use: dict[str, Any], content: list[dict[str, Any]], *, failed: bool) -> dict[str, Any]:
    return {"toolUseId": use["toolUseId"], "content": content, "status": "error" if failed else "success"}


def _blocks(messages: Iterable[Message], kind: str) -> Iterator[dict[str, Any]]:
    return (block[kind] for message in messages for block in message["content"] if kind in block)


def _open_tool_uses(messages: list[Message]) -> list[dict[str, Any]]:
    """The tool calls of the model's last message that have no result yet."""
    last = next((i for i in range(len(messages) - 1, -1, -1) if messages[i]["role"] == "assistant"), None)
    if last is None:
        return []
    done = {result["toolUseId"] for result in _blocks(messages[last:], "toolResult")}
    return [use for use in _blocks(messages[last : last + 1], "toolUse") if use["toolUseId"] not in done]


def _for_model(messages: list[Message]) -> Iterator[Message]:
    """Messages as Converse takes them: roles alternate, and blocks hold no member of the harness's own."""
    merged: list[Message] = []
    for message in messages:
        content = [_plain_block(block) for block in message["content"]]
        if merged and merged[-1]["role"] == message["role"]:
            merged[-1]["content"] += content
        else:
            merged.append({"role": message["role"], "content": content})
    return iter(merged)


def _plain_block(block: dict[str, Any]) -> dict[str, Any]:
    return {
        kind: {key: value[key] for key in _BLOCK_KEYS[kind] if key in value} if kind in _BLOCK_KEYS else value
        for kind, value in block.items()
    }


def _closing(stop_reason: str) -> Stream:
    """End a stream for a reason that is not the model's own."""
    yield {"messageStart": {"role": "assistant"}}
    yield {"messageStop": {"stopReason": stop_reason}}


def _message_events(message: Message, stop_reason: str) -> Stream:
    yield {"messageStart": {"role": message["role"]}}
    for index, block in enumerate(message["content"]):
        if "toolUse" in block:
            use = block["toolUse"]
            start: dict[str, Any] = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            delta: dict[str, Any] = {"toolUse": {"input": json.dumps(use["input"])}}
        elif "toolResult" in block:
            result = block["toolResult"]
            start = {"toolResult": {"toolUseId": result["toolUseId"], "status": result["status"]}}
            delta = {"toolResult": result["content"]}
        else:
            start, delta = {}, {"text": block["text"]}
        if start:
            yield {"contentBlockStart": {"contentBlockIndex": index, "start": start}}
        if delta.get("text", "-"):  # an empty text delta is not allowed
            yield {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}}
        yield {"contentBlockStop": {"contentBlockIndex": index}}
    yield {"messageStop": {"stopReason": stop_reason}}
