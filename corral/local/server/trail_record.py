"""One call as CloudTrail records it, in AWS's record format 1.11.

What botocore's models mark as sensitive is hidden as AWS hides it; bodies of objects, items and messages are
left out. A service's own `call.trail` fields come last and win.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto.core.utils import get_service_model
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.sts.models import sts_backends

from corral.local.server.core import AwsError, Call, Caller
from corral.local.server.needs import needs_of
from corral.local.server.wire import has_model

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"

_READ_VERBS = (
    "Get",
    "List",
    "Describe",
    "Head",
    "BatchGet",
    "Query",
    "Scan",
    "Search",
    "Select",
    "Retrieve",
    "TransactGet",
    "Converse",
    "InvokeModel",
    "ApplyGuardrail",
    "Lookup",
)
_MEMORY = ("Event", "MemoryRecord", "Actors", "Sessions", "MemoryExtraction")
_S3_BUCKET_DATA = {"ListObjects", "ListObjectsV2", "ListObjectVersions", "HeadBucket", "ListMultipartUploads"}
_DYNAMODB_DATA = {
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "BatchWriteItem",
    "TransactGetItems",
    "TransactWriteItems",
    "ExecuteStatement",
    "BatchExecuteStatement",
    "ExecuteTransaction",
}
# Calls CloudTrail has no event for.
_UNRECORDED = {
    ("firehose", "PutRecord"),
    ("firehose", "PutRecordBatch"),
    ("logs", "PutLogEvents"),
    ("xray", "PutTraceSegments"),
    ("xray", "PutTelemetryRecords"),
}
# The names CloudTrail records some operations under.
_EVENT_NAMES = {("s3", "ListObjectsV2"): "ListObjects"}
# All that is kept of DynamoDB's parameters: an item's attributes are data.
_DYNAMODB_KEPT = ("TableName", "IndexName", "Key", "ReturnConsumedCapacity")


def build(call: Call, error: AwsError | None) -> dict[str, Any] | None:
    """Return the record of a call, or None when CloudTrail records no such call. Hold moto's lock."""
    if (call.service, call.operation) in _UNRECORDED:
        return None
    data_type = _data_type(call)
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": identity(call.caller),
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{_signing_name(call.service)}.amazonaws.com",
        "eventName": _EVENT_NAMES.get((call.service, call.operation), call.operation),
        "awsRegion": call.aws.region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": call.http.headers.get("user-agent", ""),
        "requestParameters": _parameters(call),
        "responseElements": None,
        "requestID": call.request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": call.operation.startswith(_READ_VERBS),
        "eventType": "AwsApiCall",
        "managementEvent": data_type is None,
        "recipientAccountId": call.aws.account,
        "eventCategory": "Management" if data_type is None else "Data",
    }
    if error is not None:
        record |= {"errorCode": error.code, "errorMessage": error.message}
    if data_type is not None and "resources" not in call.trail:
        record["resources"] = _resources(call, data_type)
    if call.service == "kms" and (found := _key(call)):
        record["resources"] = [{"accountId": call.aws.account, "type": "AWS::KMS::Key", "ARN": found}]
    return record | call.trail


def _key(call: Call) -> str | None:
    """The ARN of the key that a call of KMS is about, however it names the key. All records of KMS have it."""
    backend = kms_backends[call.aws.account][call.aws.region]
    wanted = call.params.get("KeyId") or call.params.get("TargetKeyId")
    key = backend.keys.get(backend.any_id_to_key_id(wanted)) if wanted else None
    return key.arn if key is not None else None


@cache
def _signing_name(service: str) -> str:
    if not has_model(service):
        return service
    metadata = get_service_model(service).metadata
    return str(metadata.get("signingName") or metadata["endpointPrefix"])


def _data_type(call: Call) -> str | None:
    """The resource type of a data event, or None for a management event."""
    service, operation = call.service, call.operation
    if service == "s3":
        on_object = "Key" in call.params or operation == "DeleteObjects" or operation in _S3_BUCKET_DATA
        return "AWS::S3::Object" if on_object else None
    if service == "lambda":
        return "AWS::Lambda::Function" if operation.startswith("Invoke") else None
    if service == "dynamodb":
        return "AWS::DynamoDB::Table" if operation in _DYNAMODB_DATA else None
    if service == "bedrock-agentcore":
        return _agentcore_type(operation)
    if service == "bedrock-runtime":
        # Converse and InvokeModel are management events.
        return "AWS::Bedrock::Guardrail" if operation == "ApplyGuardrail" else None
    if service == "agent-registry":
        return "AWS::AgentRegistry::Registry"
    if service == "sns":
        return "AWS::SNS::Topic" if operation.startswith("Publish") else None
    if service == "sqs":
        return "AWS::SQS::Queue" if "Message" in operation else None
    if service == "cloudwatch":
        return "AWS::CloudWatch::Metric" if operation in ("PutMetricData", "GetMetricData") else None
    return None


def _agentcore_type(operation: str) -> str:
    if operation == "InvokeGateway":
        return "AWS::BedrockAgentCore::Gateway"
    if "WorkloadAccessToken" in operation:
        return "AWS::BedrockAgentCore::WorkloadIdentity"
    if any(part in operation for part in _MEMORY):
        return "AWS::BedrockAgentCore::Memory"
    return "AWS::BedrockAgentCore::Runtime"


def _resources(call: Call, data_type: str) -> list[dict[str, str]]:
    if call.service == "s3":
        bucket = call.params.get("Bucket", "")
        key = call.params.get("Key")
        arn = f"arn:aws:s3:::{bucket}/" + (key or "")
        of_bucket = {
            "accountId": call.aws.account,
            "type": "AWS::S3::Bucket",
            "ARN": f"arn:aws:s3:::{bucket}",
        }
        return [{"type": data_type, "ARN": arn}, of_bucket]
    arns = dict.fromkeys(need.resource for need in needs_of(call) if need.resource != "*")
    return [{"accountId": call.aws.account, "type": data_type, "ARN": arn} for arn in arns]


def identity(caller: Caller) -> dict[str, Any]:
    """Return who called, as a record has it. Hold moto's lock."""
    backend = iam_backends[caller.account]["aws"]
    name = caller.arn.rpartition("/")[2]
    if caller.role_arn is None:
        user = backend.users.get(name)
        return {
            "type": "IAMUser",
            "principalId": user.id if user is not None else "",
            "arn": caller.arn,
            "accountId": caller.account,
            "accessKeyId": caller.access_key_id,
            "userName": name,
        }
    role_name = caller.role_arn.rpartition("/")[2]
    role_id = next((role.id for role in backend.roles.values() if role.arn == caller.role_arn), "")
    session = sts_backends[caller.account]["aws"].get_assumed_role_from_access_key(caller.access_key_id)
    # moto keeps when a session ends; an hour is what sessions last unless another duration was asked for.
    created = session.expiration.timestamp() - 3600 if session is not None else time.time()
    return {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{name}",
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key_id,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": caller.role_arn,
                "accountId": caller.account,
                "userName": role_name,
            },
            "attributes": {
                "creationDate": datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "mfaAuthenticated": "false",
            },
        },
    }


def _parameters(call: Call) -> dict[str, Any] | None:
    if "requestParameters" in call.trail:
        return None
    params = call.params
    if call.service == "s3":
        names = {"Bucket": "bucketName", "Key": "key"}
        shown = {names.get(name, _lower(name)): value for name, value in params.items() if _plain(value)}
        return shown | {"Host": call.http.headers.get("host", "")} if shown else None
    if call.service == "dynamodb" and call.operation in _DYNAMODB_DATA:
        params = {name: params[name] for name in _DYNAMODB_KEPT if name in params}
    if not params or not has_model(call.service):
        return params or None
    model = get_service_model(call.service)
    if call.operation not in model.operation_names:
        return params
    shape = model.operation_model(call.operation).input_shape
    shown = _shown(shape, params) if shape is not None else {}
    return shown or None


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _shown(shape: Any, value: Any) -> Any:
    """A value as CloudTrail shows it: names in lower camel case, secrets hidden, binary data left out."""
    if shape.metadata.get("sensitive"):
        return HIDDEN
    if shape.type_name == "structure" and isinstance(value, Mapping):
        if shape.is_document_type:
            return dict(value)
        return {
            _lower(name): _shown(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None and member.type_name != "blob"
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_shown(shape.member, each) for each in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {key: _shown(shape.value, each) for key, each in value.items()}
    if isinstance(value, datetime):
        return value.strftime("%b %d, %Y, %I:%M:%S %p")
    return value if _plain(value) or value is None else str(value)
