"""Which service, operation and module of ours a request is for.

A request names its service only by the name it was signed for. Some services share one: they are told apart
by method and path, in the order given here. A service with no module of ours is moto's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from corral.local.server import wire
from corral.local.server.core import HttpRequest

_PACKAGE = "corral.local.server"

# botocore services by signing name, where the two differ or several share one.
_BY_SIGNING_NAME = {
    # boto3 and aws-native's own provider spell it differently.
    "cloudcontrolapi": ("cloudcontrol",),
    "cloudapiservice": ("cloudcontrol",),
    # The data plane first: its paths are the narrower ones.
    "bedrock-agentcore": ("bedrock-agentcore", "bedrock-agentcore-control"),
    "bedrock": ("bedrock-runtime", "bedrock", "bedrock-agent-runtime", "bedrock-agent"),
    "agent-registry": ("agent-registry", "agent-registry-control"),
    "monitoring": ("cloudwatch",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "email": ("ses",),
    "elasticloadbalancing": ("elbv2",),
}

# Our modules with `handle(call)`, by botocore service. None: a service moto has parts of, all shadowed.
MODELLED: dict[str, str | None] = {
    "cloudcontrol": f"{_PACKAGE}.cloudcontrol.api",
    "bedrock-agentcore": f"{_PACKAGE}.agentcore.data_plane",
    "bedrock-agentcore-control": f"{_PACKAGE}.cloudcontrol.control_planes",
    "bedrock": f"{_PACKAGE}.cloudcontrol.control_planes",
    "bedrock-runtime": f"{_PACKAGE}.bedrock.runtime",
    "bedrock-agent": None,
    "bedrock-agent-runtime": None,
    "agent-registry": f"{_PACKAGE}.cloudcontrol.control_planes",
    "agent-registry-control": f"{_PACKAGE}.cloudcontrol.control_planes",
    "athena": f"{_PACKAGE}.athena",
}


@dataclass(frozen=True)
class _Raw:
    path: re.Pattern[str]
    methods: tuple[str, ...]
    service: str
    operation: str
    module: str


# Our modules with `handle_raw(call)`. The groups of the path are the call's parameters.
_RAW = (
    _Raw(
        re.compile(r"/gateways/(?P<gatewayIdentifier>[^/]+)/mcp/?"),
        (),
        "bedrock-agentcore",
        "InvokeGateway",
        f"{_PACKAGE}.agentcore.gateway",
    ),
    _Raw(
        re.compile(r"/lambda-url/(?P<urlId>[^/]+)(?:/.*)?"),
        (),
        "lambda",
        "InvokeFunctionUrl",
        f"{_PACKAGE}.functions.urls",
    ),
    _Raw(
        re.compile(r"/2015-03-31/functions/(?P<FunctionName>[^/]+)/invocations"),
        ("POST",),
        "lambda",
        "Invoke",
        f"{_PACKAGE}.functions.invoke",
    ),
)


@dataclass(frozen=True)
class Target:
    """Where a request goes. `operation` is None for raw routes and for what botocore does not model."""

    service: str
    operation_name: str
    protocol: str
    module: str | None = None
    raw: bool = False
    operation: wire.Operation | None = None
    params: dict[str, Any] = field(default_factory=dict)


def find(environ: Mapping[str, Any], http: HttpRequest, signing_name: str) -> Target:
    """Return where a request signed for `signing_name` goes; its modelled parameters are not parsed yet."""
    for route in _RAW:
        found = route.path.fullmatch(http.path)
        if found is not None and (not route.methods or http.method in route.methods):
            params = {name: unquote(value) for name, value in found.groupdict().items()}
            if route.operation == "Invoke" and "Qualifier" in http.query:
                params["Qualifier"] = http.query["Qualifier"]
            return Target(route.service, route.operation, "rest-json", route.module, True, None, params)
    services = [name for name in _services(signing_name, http) if wire.has_model(name)]
    for service in services:
        operation = wire.match(service, environ, http.body)
        if operation is not None:
            module = MODELLED.get(service)
            return Target(service, operation.name, operation.protocol, module, False, operation)
    service = services[0] if services else signing_name
    name = http.headers.get("x-amz-target", "").split(".")[-1] or f"{http.method} {http.path}"
    return Target(service, name, protocol_of(service, http))


def _services(signing_name: str, http: HttpRequest) -> tuple[str, ...]:
    if signing_name == "dynamodb" and "DynamoDBStreams" in http.headers.get("x-amz-target", ""):
        return ("dynamodbstreams",)
    if signing_name == "s3" and http.path.startswith("/v20180820/"):
        return ("s3control",)
    return _BY_SIGNING_NAME.get(signing_name, (signing_name,))


def protocol_of(service: str, http: HttpRequest) -> str:
    """Return the protocol to answer an error in, for a request that fits no operation."""
    if "x-amz-target" in http.headers:
        return "json"
    if http.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "query"
    return "rest-xml" if service == "s3" else "rest-json"
