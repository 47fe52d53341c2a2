"""InvokeHarness: find the version an endpoint points at, check the caller, and start the agent loop.

The caller needs bedrock-agentcore:InvokeHarness and bedrock-agentcore:InvokeAgentRuntime on the harness,
and on the endpoint too when it names one. CloudTrail shows the call as one to
AWS::BedrockAgentCore::Runtime.
"""

from __future__ import annotations

import re
from typing import Any

from corral.local.server.agentcore import history
from corral.local.server.agentcore.evaluations import remembering
from corral.local.server.agentcore.harness_config import GATEWAY, HarnessConfig, from_version, with_overrides
from corral.local.server.agentcore.harness_loop import AgentLoop
from corral.local.server.agentcore.harness_tools import Toolbox
from corral.local.server.agentcore.hooks import HookRunner
from corral.local.server.agentcore.state import state_of
from corral.local.server.core import AwsError, Call

_HARNESS = "AWS::BedrockAgentCore::Harness"
_ENDPOINT = "AWS::BedrockAgentCore::HarnessEndpoint"
_DEFAULT = "DEFAULT"  # the endpoint every harness has; it follows the latest version
_ACTIONS = ("bedrock-agentcore:InvokeHarness", "bedrock-agentcore:InvokeAgentRuntime")
_SESSION_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{32,99}")


def invoke_harness(call: Call) -> dict[str, Any]:
    """Answer InvokeHarness with the event stream of one invocation."""
    params, aws = call.params, call.aws
    session_id = params["runtimeSessionId"]
    if not _SESSION_ID.fullmatch(session_id):
        raise AwsError("ValidationException", "runtimeSessionId must have 33 to 100 letters, digits, - or _")
    if not params.get("messages"):
        raise AwsError("ValidationException", "messages must not be empty")
    config = with_overrides(_version(call), params)
    role = aws.assume_role(config.role_arn, f"BedrockAgentCore-{session_id}"[:64])
    hooks = HookRunner(aws, role.caller, config.arn, session_id, config.hooks)
    hooks.check()
    if config.memory is not None:
        messages = history.in_memory(aws, role.caller, config.memory, session_id)
    else:
        messages = history.in_process(state_of(aws).sessions, config.arn, session_id)
    name = config.arn.rpartition("/")[2].rpartition("-")[0]
    messages = remembering(aws, name, params.get("qualifier", _DEFAULT), session_id, messages)
    toolbox = Toolbox(config, _gateway_urls(call, config), aws.region, role)
    loop = AgentLoop(aws, config, role.caller, hooks, toolbox, messages)
    return {"stream": loop.run(params["messages"])}


def _version(call: Call) -> HarnessConfig:
    """The harness version to run, when the caller may run it."""
    store, params = call.aws.store, call.params
    arn, qualifier = params["harnessArn"], params.get("qualifier", _DEFAULT)
    harness = store.get(_HARNESS, arn)
    call.trail |= {
        "resources": [
            {"accountId": call.aws.account, "type": "AWS::BedrockAgentCore::Runtime", "ARN": arn},
        ],
        "requestParameters": {
            "harnessArn": arn,
            "qualifier": qualifier,
            "runtimeSessionId": params["runtimeSessionId"],
        },
    }
    endpoint = store.find(_ENDPOINT, HarnessId=harness["HarnessId"], EndpointName=qualifier)
    for resource in [arn] + ([endpoint["Arn"]] if endpoint else []):
        for action in _ACTIONS:
            call.aws.authorize(call.caller, action, resource)
    if endpoint is not None:
        return from_version(store.harness_version(arn, endpoint["LiveVersion"]))
    if qualifier != _DEFAULT:
        raise AwsError("ResourceNotFoundException", f"Endpoint not found: {qualifier} of {arn}", 404)
    return from_version(harness)


def _gateway_urls(call: Call, config: HarnessConfig) -> dict[str, str]:
    """The URLs of the gateways among the tools, by ARN."""
    arns = [tool.gateway_arn for tool in config.tools if tool.kind == GATEWAY]
    return {
        arn: call.aws.store.get("AWS::BedrockAgentCore::Gateway", arn.rpartition("/")[2])["GatewayUrl"]
        for arn in arns
    }
