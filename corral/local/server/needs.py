"""Which IAM actions on which resources a request is: the map from AWS's operations to what policies speak of.

It covers what the platform's roles do at run time, after AWS's service authorization reference. Not here:
- bedrock-runtime, AgentCore's data plane and the raw routes (gateways, function URLs, Lambda's Invoke): their
  modules authorize, since they know the resources;
- KMS: services use keys on a role's behalf under key policies and grants, which are not modelled, and the
  platform's functions never call it themselves;
- any other service: its action on resource `*`, so only a statement for `*` allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends

from corral.local.server import needs_s3
from corral.local.server.core import Call


@dataclass(frozen=True)
class Need:
    """One action on one resource that a request must be allowed."""

    action: str
    resource: str
    resource_policy: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


def needs_of(call: Call) -> list[Need]:
    """Return what a call needs; empty when its own module authorizes it or IAM does not."""
    rule = _RULES.get(call.service, _generic)
    return list(rule(call))


def _arn(call: Call, service: str, resource: str) -> str:
    return f"arn:aws:{service}:{call.aws.region}:{call.aws.account}:{resource}"


_PREFIXES = {
    "cloudcontrol": "cloudformation",
    "stepfunctions": "states",
    "bedrock-agentcore-control": "bedrock-agentcore",
    "agent-registry-control": "agent-registry",
    "resourcegroupstaggingapi": "tag",
    "dynamodbstreams": "dynamodb",
}


def _generic(call: Call) -> Iterable[Need]:
    yield Need(f"{_PREFIXES.get(call.service, call.service)}:{call.operation}", "*")


def _none(_: Call) -> Iterable[Need]:
    return ()


# DynamoDB

_TRANSACT = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _dynamodb(call: Call) -> Iterable[Need]:
    action, params = f"dynamodb:{call.operation}", call.params
    if call.operation in ("TransactWriteItems", "TransactGetItems"):
        for item in params.get("TransactItems", []):
            for kind, body in item.items():
                yield Need(
                    f"dynamodb:{_TRANSACT.get(kind, 'GetItem')}", _table(call, body.get("TableName", ""))
                )
    elif "RequestItems" in params:
        for name in params["RequestItems"]:
            yield Need(action, _table(call, name))
    elif "TableName" in params:
        index = f"/index/{params['IndexName']}" if params.get("IndexName") else ""
        keys = _key_values(params)
        context = {"dynamodb:LeadingKeys": keys} if keys else {}
        yield Need(action, _table(call, params["TableName"]) + index, None, context)
    else:
        yield Need(action, params.get("ResourceArn", "*"))


def _key_values(params: Mapping[str, Any]) -> list[str]:
    key = params.get("Key") or params.get("Item") or {}
    return [str(value) for part in key.values() for value in part.values() if isinstance(value, str)]


def _table(call: Call, name: str) -> str:
    return name if name.startswith("arn:") else _arn(call, "dynamodb", f"table/{name}")


# Messages, streams, secrets


def _firehose(call: Call) -> Iterable[Need]:
    name = call.params.get("DeliveryStreamName")
    resource = _arn(call, "firehose", f"deliverystream/{name}") if name else "*"
    yield Need(f"firehose:{call.operation}", resource)


def _sns(call: Call) -> Iterable[Need]:
    action = "sns:Publish" if call.operation == "PublishBatch" else f"sns:{call.operation}"
    resource = call.params.get("TopicArn") or call.params.get("TargetArn") or call.params.get("ResourceArn")
    yield Need(action, resource or "*")


def _sqs(call: Call) -> Iterable[Need]:
    action = f"sqs:{call.operation.removesuffix('Batch')}"
    url = call.params.get("QueueUrl")
    yield Need(action, _arn(call, "sqs", url.rpartition("/")[2]) if url else "*")


def _secretsmanager(call: Call) -> Iterable[Need]:
    wanted = call.params.get("SecretId")
    if wanted is None:
        name = call.params.get("Name")
        yield Need(
            f"secretsmanager:{call.operation}",
            _arn(call, "secretsmanager", f"secret:{name}") if name else "*",
        )
        return
    resource = wanted if wanted.startswith("arn:") else _arn(call, "secretsmanager", f"secret:{wanted}")
    backend = secretsmanager_backends[call.aws.account][call.aws.region]
    for secret in backend.secrets.values():
        if wanted in (secret.name, secret.arn) or secret.arn.startswith(f"{wanted}-"):
            resource = secret.arn
    yield Need(f"secretsmanager:{call.operation}", resource)


# Lambda


def _lambda(call: Call) -> Iterable[Need]:
    name = call.params.get("FunctionName")
    if name is None:
        yield Need(f"lambda:{call.operation}", "*")
        return
    rest = name.split(":function:")[-1]
    if call.params.get("Qualifier") and ":" not in rest:
        rest = f"{rest}:{call.params['Qualifier']}"
    yield Need(f"lambda:{call.operation}", _arn(call, "lambda", f"function:{rest}"))


# Athena, Glue


def _athena(call: Call) -> Iterable[Need]:
    workgroup = call.params.get("WorkGroup")
    if workgroup is None and call.operation == "StartQueryExecution":
        workgroup = "primary"
    # The workgroup of an execution or a named query is known to the athena module alone; it authorizes those calls.
    if workgroup is None and call.params.keys() & {"QueryExecutionId", "NamedQueryId", "NamedQueryIds"}:
        return
    yield Need(
        f"athena:{call.operation}", _arn(call, "athena", f"workgroup/{workgroup}") if workgroup else "*"
    )


def _glue(call: Call) -> Iterable[Need]:
    """A table's action needs the table, its database and the catalog."""
    action, params = f"glue:{call.operation}", call.params
    yield Need(action, _arn(call, "glue", "catalog"))
    body = params.get("TableInput") or params.get("DatabaseInput") or {}
    database = params.get("DatabaseName") or (
        "" if "DatabaseName" in params else params.get("Name") or body.get("Name")
    )
    table = params.get("TableName") or body.get("Name") or params.get("Name")
    if not database:
        return
    yield Need(action, _arn(call, "glue", f"database/{database}"))
    if params.get("DatabaseName") and table:
        yield Need(action, _arn(call, "glue", f"table/{database}/{table}"))


# Logs, metrics, traces


def _logs(call: Call) -> Iterable[Need]:
    name = call.params.get("logGroupName") or call.params.get("logGroupIdentifier", "")
    group = name.partition(":log-group:")[2].removesuffix(":*") if name.startswith("arn:") else name
    stream = call.params.get("logStreamName", "")
    resource = _arn(call, "logs", f"log-group:{group}:log-stream:{stream}") if group else "*"
    yield Need(f"logs:{call.operation}", resource)


def _cloudwatch(call: Call) -> Iterable[Need]:
    params = call.params
    alarms = [params["AlarmName"]] if params.get("AlarmName") else params.get("AlarmNames") or ()
    arns = [params["ResourceARN"]] if params.get("ResourceARN") else []
    boards = [params["DashboardName"]] if params.get("DashboardName") else params.get("DashboardNames") or ()
    arns += [f"arn:aws:cloudwatch::{call.aws.account}:dashboard/{each}" for each in boards]
    # DescribeAlarms is granted on all alarms or on none.
    if call.operation != "DescribeAlarms" and (
        arns := arns or [_arn(call, "cloudwatch", f"alarm:{a}") for a in alarms]
    ):
        yield from (Need(f"cloudwatch:{call.operation}", arn) for arn in arns)
        return
    namespace = call.params.get("Namespace")
    yield Need(
        f"cloudwatch:{call.operation}", "*", None, {"cloudwatch:namespace": namespace} if namespace else {}
    )


# IAM, STS


def _iam(call: Call) -> Iterable[Need]:
    action, params = f"iam:{call.operation}", call.params
    prefix = f"arn:aws:iam::{call.aws.account}:"
    if "RoleName" in params:
        roles = iam_backends[call.aws.account]["aws"].roles.values()
        path = next(
            (role.path for role in roles if role.name == params["RoleName"]), params.get("Path") or "/"
        )
        yield Need(action, f"{prefix}role{path}{params['RoleName']}")
    elif "PolicyArn" in params:
        yield Need(action, params["PolicyArn"])
    elif "UserName" in params:
        yield Need(action, f"{prefix}user/{params['UserName']}")
    else:
        yield Need(action, "*")


def _sts(call: Call) -> Iterable[Need]:
    if call.operation == "GetCallerIdentity":
        return
    role_arn = call.params.get("RoleArn")
    if role_arn is None:
        yield from _generic(call)
        return
    roles = iam_backends[call.aws.account]["aws"].roles.values()
    role = next((role for role in roles if role.arn == role_arn), None)
    trust = role.assume_role_policy_document if role is not None else None
    yield Need(f"sts:{call.operation}", role_arn, trust)


# AgentCore's, Bedrock's and the registry's control planes

_PARENTS = (
    ("gatewayIdentifier", "bedrock-agentcore", "gateway/"),
    ("harnessId", "bedrock-agentcore", "harness/"),
    ("policyEngineId", "bedrock-agentcore", "policy-engine/"),
    ("memoryId", "bedrock-agentcore", "memory/"),
    ("guardrailIdentifier", "bedrock", "guardrail/"),
    ("inferenceProfileIdentifier", "bedrock", "application-inference-profile/"),
    ("registryId", "agent-registry", "registry/"),
)


def _control_plane(call: Call) -> Iterable[Need]:
    prefix = _PREFIXES.get(call.service, call.service)
    action = f"{prefix}:{call.operation}"
    if "registryIds" in call.params:
        for registry in call.params["registryIds"]:
            yield Need(action, _named(call, registry, "agent-registry", "registry/"))
        return
    for name, service, path in _PARENTS:
        if name in call.params:
            resource = _named(call, str(call.params[name]), service, path)
            if name == "registryId" and "recordId" in call.params:
                resource = f"{resource}/record/{call.params['recordId']}"
            yield Need(action, resource)
            return
    yield Need(action, "*")


def _named(call: Call, identifier: str, service: str, path: str) -> str:
    return identifier if identifier.startswith("arn:") else _arn(call, service, path + identifier)


def _s3(call: Call) -> Iterable[Need]:
    source = (
        unquote(call.params.get("CopySource", "")) if isinstance(call.params.get("CopySource"), str) else ""
    )
    query = parse_qs(call.http.query_string, keep_blank_values=True)
    for action, bucket, key, context in needs_s3.actions(call.operation, call.params, source, set(query)):
        resource = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key is not None else "") if bucket else "*"
        yield Need(action, resource, needs_s3.bucket_policy(call.aws.account, bucket), context)


_RULES: dict[str, Callable[[Call], Iterable[Need]]] = {
    "agent-registry": _control_plane,
    "agent-registry-control": _control_plane,
    "athena": _athena,
    "bedrock": _control_plane,
    "bedrock-agentcore": _none,
    "bedrock-agentcore-control": _control_plane,
    "bedrock-runtime": _none,
    "cloudwatch": _cloudwatch,
    "dynamodb": _dynamodb,
    "firehose": _firehose,
    "glue": _glue,
    "iam": _iam,
    "kms": _none,
    "lambda": _lambda,
    "logs": _logs,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
    "sqs": _sqs,
    "sts": _sts,
}
