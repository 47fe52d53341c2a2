"""The scripted model: what it says next, read from scenarios instead of thought up.

A script is `{"parameters": {...}, "scenarios": [...]}` as the templates' scenarios.yaml has it. The
scenario is the one whose `user` equals the latest text of a user; the turn is the number of answers since.
`say` and strings in `input` are Jinja2 in a sandbox, with `parameters`, `last` (the latest tool result) and
`results` (all since that text). A message without a scenario is answered by saying just that: no one may
mistake a script for a model.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

_MARK = "(scripted model)"
_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)

Block = dict[str, Any]


def next_block(
    script: Mapping[str, Any] | None, messages: Sequence[Mapping[str, Any]], tool_names: Sequence[str]
) -> Block:
    """Return the one content block (text or toolUse) of the model's next message."""
    start = _latest_user_text(messages)
    if start is None:
        return {"text": f"{_MARK} no message of a user."}
    text = _texts(messages[start])
    scenario = next((s for s in (script or {}).get("scenarios", ()) if s["user"].strip() == text), None)
    if scenario is None:
        return {"text": f"{_MARK} no scenario for this message."}
    since = messages[start + 1 :]
    turn = sum(message["role"] == "assistant" for message in since)
    if turn >= len(scenario["model"]):
        return {"text": f"{_MARK} scenario {scenario['name']} has no turn {turn + 1}."}
    results = [_result(block["toolResult"]) for block in _blocks(since) if "toolResult" in block]
    values = {
        "parameters": (script or {}).get("parameters", {}),
        "results": results,
        "last": results[-1] if results else None,
    }
    step = scenario["model"][turn]
    try:
        if step.get("tool") is None:
            return {"text": str(_render(step["say"], values))}
        arguments = _render(step.get("input", {}), values)
    except TemplateError as error:
        return {"text": f"{_MARK} turn {turn + 1} of scenario {scenario['name']} fails: {error}"}
    identifier = f"tooluse_{uuid.uuid4().hex[:22]}"
    name = _full_name(step["tool"], tool_names)
    return {"toolUse": {"toolUseId": identifier, "name": name, "input": arguments}}


def _latest_user_text(messages: Sequence[Mapping[str, Any]]) -> int | None:
    for index in range(len(messages) - 1, -1, -1):
        if messages[index]["role"] == "user" and _texts(messages[index]):
            return index
    return None


def _texts(message: Mapping[str, Any]) -> str:
    return "\n".join(block["text"] for block in message["content"] if "text" in block).strip()


def _blocks(messages: Iterable[Mapping[str, Any]]) -> Iterable[Block]:
    return (block for message in messages for block in message["content"])


def _result(result: Mapping[str, Any]) -> Any:
    """A tool result as a value: parsed where it is JSON, else its text."""
    for block in result["content"]:
        if "json" in block:
            return block["json"]
        if "text" in block:
            try:
                return json.loads(block["text"])
            except ValueError:
                return block["text"]
    return None


def _render(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _ENVIRONMENT.from_string(value).render(values)
    if isinstance(value, Mapping):
        return {name: _render(item, values) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_render(item, values) for item in value]
    return value


def _full_name(tool: str, offered: Sequence[str]) -> str:
    """The name the model was offered a catalogue tool under; its gateway name when it was not offered."""
    gateway_name = f"{tool}___{tool}"
    return next((name for name in offered if name == tool or name.endswith(gateway_name)), gateway_name)
