"""The scripted model: what it says next, read from scenarios instead of thought up.

A script is `{"parameters": {...}, "agent": ..., "team": ..., "scenarios": [...]}`, the scenarios as the
templates' scenarios.yaml has them. The scenario is the one whose `user` equals the latest text of a user; the
turn is the number of answers since, but one to be repeated goes on until something stops it. `say` and strings
in `input` and `instead` are Jinja2 in a sandbox, with `parameters`, `agent`, `team`, `last` (the latest tool
result) and `results` (all since that text). A message without a scenario is answered by saying just that: no one may
mistake a script for a model.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

_MARK = "(scripted model)"
_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)

Block = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """The model's next message. `instead`: what the called tool's function does in place of its work."""

    block: Block  # the message's one content block, text or toolUse
    instead: Mapping[str, Any] | None = None


def next_turn(
    script: Mapping[str, Any] | None, messages: Sequence[Mapping[str, Any]], tool_names: Sequence[str]
) -> Turn:
    """Return the model's next message."""
    start = _latest_user_text(messages)
    if start is None:
        return _remark("no message of a user.")
    text = _texts(messages[start])
    scenario = next((s for s in (script or {}).get("scenarios", ()) if s["user"].strip() == text), None)
    if scenario is None:
        return _remark("no scenario for this message.")
    since = messages[start + 1 :]
    turn = sum(message["role"] == "assistant" for message in since)
    repeated = (index for index, step in enumerate(scenario["model"]) if step.get("repeat"))
    turn = min(turn, next(repeated, turn))
    if turn >= len(scenario["model"]):
        return _remark(f"scenario {scenario['name']} has no turn {turn + 1}.")
    results = [_result(block["toolResult"]) for block in _blocks(since) if "toolResult" in block]
    values = {
        **{name: (script or {}).get(name) for name in ("parameters", "agent", "team")},
        "results": results,
        "last": results[-1] if results else None,
    }
    step = scenario["model"][turn]
    try:
        if step.get("tool") is None:
            return Turn({"text": str(_render(step["say"], values))})
        arguments = _render(step.get("input", {}), values)
        instead = _render(step.get("instead"), values)
    except TemplateError as error:
        return _remark(f"turn {turn + 1} of scenario {scenario['name']} fails: {error}")
    identifier = f"tooluse_{uuid.uuid4().hex[:22]}"
    name = _full_name(step["tool"], tool_names)
    use = {"toolUseId": identifier, "name": name, "input": arguments}
    return Turn({"toolUse": use}, instead)


def _remark(text: str) -> Turn:
    """What is said in the script's own name."""
    return Turn({"text": f"{_MARK} {text}"})


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
