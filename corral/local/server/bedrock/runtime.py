"""bedrock-runtime: Converse and ConverseStream played by a script, and ApplyGuardrail.

The caller needs bedrock:InvokeModel (ConverseStream: InvokeModelWithResponseStream) on the inference
profile and on its foundation models, as on AWS. Token counts are estimates: the number of words.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from corral.local.server.bedrock import guardrail
from corral.local.server.bedrock.script import next_turn
from corral.local.server.core import AwsError, Call, not_implemented

_PROFILE = "AWS::Bedrock::ApplicationInferenceProfile"


def handle(call: Call) -> dict[str, Any]:
    """Answer one operation; 501 for those the local AWS does not have."""
    if call.operation == "Converse":
        message, stop_reason, usage, latency = _converse(call, "bedrock:InvokeModel")
        return {
            "output": {"message": message},
            "stopReason": stop_reason,
            "usage": usage,
            "metrics": {"latencyMs": latency},
        }
    if call.operation == "ConverseStream":
        return {"stream": _stream(*_converse(call, "bedrock:InvokeModelWithResponseStream"))}
    if call.operation == "ApplyGuardrail":
        return guardrail.apply_guardrail(call)
    raise not_implemented("bedrock-runtime", call.operation)


def _converse(call: Call, action: str) -> tuple[dict[str, Any], str, dict[str, int], int]:
    began = time.monotonic()
    if "guardrailConfig" in call.params:
        raise not_implemented("bedrock-runtime", f"{call.operation} with guardrailConfig")
    messages = call.params.get("messages", [])
    if not messages:
        raise AwsError("ValidationException", "A conversation must start with a user message.")
    identifier = call.params["modelId"]
    profile = _authorize(call, identifier, action)
    call.trail["requestParameters"] = {"modelId": identifier}
    tools = call.params.get("toolConfig", {}).get("tools", [])
    names = [tool["toolSpec"]["name"] for tool in tools if "toolSpec" in tool]
    turn = next_turn(call.aws.model_scripts.get(profile), messages, names)
    block = turn.block
    if turn.instead is not None:
        call.aws.instead[block["toolUse"]["toolUseId"]] = turn.instead
    stop_reason = "tool_use" if "toolUse" in block else "end_turn"
    limit = call.params.get("inferenceConfig", {}).get("maxTokens")
    if limit is not None and _words(block) > limit and "text" in block:
        block = {"text": " ".join(block["text"].split()[:limit])}
        stop_reason = "max_tokens"
    asked = _words([call.params.get("system", []), messages, tools])
    usage = {"inputTokens": asked, "outputTokens": _words(block), "totalTokens": asked + _words(block)}
    latency = int((time.monotonic() - began) * 1000)
    return {"role": "assistant", "content": [block]}, stop_reason, usage, latency


def _authorize(call: Call, identifier: str, action: str) -> str:
    """Check the caller's right to the model; return the ARN a script goes by."""
    store, aws = call.aws.store, call.aws
    key = "InferenceProfileArn" if identifier.startswith("arn:") else "InferenceProfileId"
    profile = store.find(_PROFILE, **{key: identifier})
    if profile is None:
        if "inference-profile/" in identifier:
            raise AwsError("ResourceNotFoundException", f"Inference profile not found: {identifier}", 404)
        model = identifier
        if not model.startswith("arn:"):
            model = f"arn:aws:bedrock:{aws.region}::foundation-model/{identifier}"
        _record(call, [model])
        aws.authorize(call.caller, action, model)
        return model
    arn: str = profile["InferenceProfileArn"]
    models = [model["ModelArn"] for model in profile.get("Models", ())]
    _record(call, [arn, *models])
    aws.authorize(call.caller, action, arn)
    for model in models:
        aws.authorize(call.caller, action, model, context={"bedrock:InferenceProfileArn": arn})
    return arn


def _record(call: Call, arns: list[str]) -> None:
    call.trail["resources"] = [
        {"accountId": call.aws.account, "type": "AWS::Bedrock::Model", "ARN": arn} for arn in arns
    ]


def _words(value: Any) -> int:
    """Estimate tokens: the words of every string and of JSON's other values."""
    if isinstance(value, str):
        return len(value.split())
    if isinstance(value, dict):
        return sum(_words(item) for item in value.values())
    if isinstance(value, list | tuple):
        return sum(_words(item) for item in value)
    return 1


def _stream(
    message: dict[str, Any], stop_reason: str, usage: dict[str, int], latency: int
) -> Iterator[dict[str, Any]]:
    block = message["content"][0]
    yield {"messageStart": {"role": "assistant"}}
    if "toolUse" in block:
        use = block["toolUse"]
        start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
        yield {"contentBlockStart": {"contentBlockIndex": 0, "start": start}}
        delta: dict[str, Any] = {"toolUse": {"input": json.dumps(use["input"])}}
    else:
        delta = {"text": block["text"]}
    yield {"contentBlockDelta": {"contentBlockIndex": 0, "delta": delta}}
    yield {"contentBlockStop": {"contentBlockIndex": 0}}
    yield {"messageStop": {"stopReason": stop_reason}}
    yield {"metadata": {"usage": usage, "metrics": {"latencyMs": latency}}}
