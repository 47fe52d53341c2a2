"""The metrics that AWS's services write of themselves, as far as alarms and dashboards here read them.

Of a gateway AWS documents the dimensions and not which sets of them it writes: here each value is written once, with
all that is known.
"""

from __future__ import annotations

from collections.abc import Mapping

from moto.cloudwatch.models import cloudwatch_backends

from corral.local.server.core import LocalAws

_UNITS = {"Duration": "Milliseconds", "Latency": "Milliseconds"}


def of_function(aws: LocalAws, name: str, values: Mapping[str, float]) -> None:
    """Write what an invocation of a function tells: Invocations, Errors, Throttles, Duration."""
    _write(aws, "AWS/Lambda", {"FunctionName": name}, values)


def of_gateway(
    aws: LocalAws, gateway_arn: str, method: str, tool: str | None, values: Mapping[str, float]
) -> None:
    """Write what a request of a gateway tells: Invocations, Throttles, UserErrors, SystemErrors, Latency."""
    named = {} if tool is None else {"Name": tool}
    dimensions = {"Operation": "InvokeGateway", "Protocol": "MCP", "Method": method, "Resource": gateway_arn}
    _write(aws, "AWS/Bedrock-AgentCore", dimensions | named, values)


def of_policy(aws: LocalAws, engine_id: str, tool: str, allowed: bool) -> None:
    """Write what a policy engine decided of a call: AllowDecisions or DenyDecisions."""
    dimensions = {"OperationName": "AuthorizeAction", "PolicyEngine": engine_id, "ToolName": tool}
    _write(
        aws,
        "AWS/Bedrock-AgentCore",
        dimensions,
        {"AllowDecisions": float(allowed), "DenyDecisions": float(not allowed)},
    )


def _write(aws: LocalAws, namespace: str, dimensions: Mapping[str, str], values: Mapping[str, float]) -> None:
    of = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    data = [
        {"MetricName": name, "Dimensions": of, "Value": value, "Unit": _UNITS.get(name, "Count")}
        for name, value in values.items()
    ]
    with aws.moto_lock:
        cloudwatch_backends[aws.account][aws.region].put_metric_data(namespace, data)
