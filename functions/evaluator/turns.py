"""What was said and done in a session, from the spans that AgentCore hands an evaluator.

The spans are OpenTelemetry's of the agent's loop. What was said in one is beside it in one of two forms, both seen in
AWS's SDK: `span_events` whose body has input and output messages, and `events` named by OpenTelemetry's conventions.
https://github.com/aws/bedrock-agentcore-sdk-python (custom_code_based_evaluators)
"""

import json
from collections.abc import Iterator
from typing import Any

from functions.common.tool_names import catalogue_name

Span = dict[str, Any]
Turn = dict[str, Any]


class NoTurnsError(Exception):
    """What was to be evaluated is not in the spans."""


def turns(event: dict[str, Any]) -> list[Turn]:
    """Return the turns until what is to be evaluated, which is in the last: its answer, or the last of its tools.

    A turn is `{"user": str, "answer": str, "tools": [{"name", "input", "output"}], "spans": [...]}`; at level
    TOOL_CALL the last has no answer yet. Raises NoTurnsError when AWS gave nothing that can be read so.
    """
    target = event.get("evaluationTarget") or {}
    level, wanted = event["evaluationLevel"], ""
    traces: dict[str, list[Span]] = {}
    for span in event["evaluationInput"]["sessionSpans"]:
        traces.setdefault(str(span.get("traceId")), []).append(span)
    if level == "TRACE":
        wanted = _one(target, "traceIds")
    found = []
    call = _one(target, "spanIds") if level == "TOOL_CALL" else ""
    for trace, spans in traces.items():
        turn = _turn(spans, call)
        if turn is None:
            continue
        found.append(turn)
        if trace == wanted or (call and any(span.get("spanId") == call for span in spans)):
            return found
    if not found or level != "SESSION":
        raise NoTurnsError(
            f"no conversation of this {level} is in the {sum(map(len, traces.values()))} spans"
        )
    return found


def _one(target: dict[str, Any], key: str) -> str:
    ids = target.get(key) or []
    if not ids:
        raise NoTurnsError(f"the target names no {key}")
    return str(ids[0])


def _turn(spans: list[Span], call: str) -> Turn | None:
    """One request and what came of it, up to a call of a tool if that is in it; None of spans with no agent's."""
    user = answer = ""
    tools, agents, cut = [], 0, False
    for span in sorted(spans, key=lambda each: int(each.get("startTimeUnixNano") or 0)):
        attributes = span.get("attributes") or {}
        kind = str(attributes.get("gen_ai.operation.name") or span.get("name") or "")
        if kind.startswith("execute_tool") and not cut:
            cut = span.get("spanId") == call
            tools.append(_tool(span, attributes))
        elif kind.startswith("invoke_agent"):
            agents += 1
            for said, role, content in _messages(span):
                text = _text(content)
                if said == "input" and role == "user" and text:
                    user = text
                elif said == "output" and text:
                    answer = text
    if not agents:
        return None
    return {"user": user, "answer": "" if cut else answer, "tools": tools, "spans": spans}


def _tool(span: Span, attributes: dict[str, Any]) -> dict[str, Any]:
    given: Any = {}
    output = ""
    for said, _, content in _messages(span):
        if said == "input":
            given = _json(_inner(content))
        else:
            output = _text(content)
    return {
        "name": catalogue_name(str(attributes.get("gen_ai.tool.name", ""))),
        "input": given,
        "output": output,
    }


def _messages(span: Span) -> Iterator[tuple[str, str, Any]]:
    """Each message of a span: `input` or `output`, its role, its content."""
    for event in span.get("span_events") or ():
        body = event.get("body")
        for said in ("input", "output"):
            of = body.get(said) if isinstance(body, dict) else None
            for message in (of or {}).get("messages") or ():
                yield said, str(message.get("role")), message.get("content")
    for event in span.get("events") or ():
        name, attributes = str(event.get("name")), event.get("attributes") or {}
        if name == "gen_ai.choice":
            yield "output", "assistant", attributes.get("message")
        elif name in ("gen_ai.user.message", "gen_ai.tool.message"):
            yield "input", name.split(".")[1], attributes.get("content")


def _inner(content: Any) -> Any:
    """Content without what AWS's exporter puts around it."""
    return content.get("content") or content.get("message") if isinstance(content, dict) else content


def _text(content: Any) -> str:
    """The text of a message: itself, or that of its blocks, which may be JSON."""
    inner = _inner(content)
    blocks = _json(inner)
    if not isinstance(blocks, list):
        return inner if isinstance(inner, str) else ""
    texts = []
    for block in blocks:
        if isinstance(block, dict) and "text" in block:
            texts.append(str(block["text"]))
        elif isinstance(block, dict) and "json" in block:
            texts.append(json.dumps(block["json"]))
    return " ".join(texts)


def _json(value: Any) -> Any:
    """What a text holds if it is JSON, else itself."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
