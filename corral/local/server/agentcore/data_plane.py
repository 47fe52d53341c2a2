"""AgentCore's data plane as boto3's `bedrock-agentcore` client speaks it: harnesses and memory events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corral.local.server.agentcore import memory
from corral.local.server.agentcore.harness import invoke_harness
from corral.local.server.core import Call, not_implemented

_OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "InvokeHarness": invoke_harness,
    **memory.OPERATIONS,
}


def handle(call: Call) -> dict[str, Any]:
    """Answer one operation; 501 for those the local AWS does not have."""
    operation = _OPERATIONS.get(call.operation)
    if operation is None:
        raise not_implemented("bedrock-agentcore", call.operation)
    return operation(call)
