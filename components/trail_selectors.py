"""What the trail records beyond management events: data events of each type that Corral provisions.

A resource type that is new here and in neither table fails a test: nothing is provisioned unrecorded. Harness
calls are recorded as runtime calls; CloudTrail has no type for harnesses.
"""

from collections.abc import Sequence
from typing import Any

from pulumi_aws.cloudtrail import (
    TrailAdvancedEventSelectorArgs,
    TrailAdvancedEventSelectorFieldSelectorArgs,
)

from components.site import Site
from corral.audit.selectors import digest

MANAGEMENT = "Management events selector"  # CloudTrail's own name for it

_RUNTIME = ("AWS::BedrockAgentCore::Runtime", "AWS::BedrockAgentCore::RuntimeEndpoint")
_IDENTITY = ("AWS::BedrockAgentCore::WorkloadIdentity", "AWS::BedrockAgentCore::WorkloadIdentityDirectory")

# What delivering an object takes.
_WRITES = (
    *("PutObject", "CreateMultipartUpload", "UploadPart"),
    *("CompleteMultipartUpload", "AbortMultipartUpload"),
)

# Pulumi type -> the CloudTrail types under which its data events are recorded.
DATA_EVENTS: dict[str, tuple[str, ...]] = {
    "aws-native:bedrockagentcore:Evaluator": ("AWS::BedrockAgentCore::Evaluator",),
    "aws-native:bedrockagentcore:Gateway": ("AWS::BedrockAgentCore::Gateway", *_IDENTITY),
    "aws-native:bedrockagentcore:GatewayTarget": ("AWS::BedrockAgentCore::Gateway",),
    "aws-native:bedrockagentcore:GatewayRateLimit": ("AWS::BedrockAgentCore::Gateway",),
    "aws-native:bedrockagentcore:Harness": (*_RUNTIME, *_IDENTITY),
    "aws-native:bedrockagentcore:HarnessEndpoint": _RUNTIME,
    "aws-native:bedrockagentcore:Memory": ("AWS::BedrockAgentCore::Memory",),
    "aws-native:bedrockagentcore:PolicyEngine": ("AWS::BedrockAgentCore::PolicyEngine",),
    "aws-native:bedrockagentcore:Policy": ("AWS::BedrockAgentCore::Policy",),
    "aws-native:bedrock:Guardrail": ("AWS::Bedrock::Guardrail",),
    "aws-native:bedrock:GuardrailVersion": ("AWS::Bedrock::Guardrail",),
    "aws-native:bedrock:ApplicationInferenceProfile": ("AWS::Bedrock::Model",),
    "aws-native:agentregistry:Registry": ("AWS::AgentRegistry::Registry",),
    "aws-native:agentregistry:RegistryRecord": ("AWS::AgentRegistry::Registry",),
    "aws:lambda/function:Function": ("AWS::Lambda::Function",),
    "aws:s3/bucket:Bucket": ("AWS::S3::Object",),
    "aws:s3/bucketObjectv2:BucketObjectv2": ("AWS::S3::Object",),
    "aws:dynamodb/table:Table": ("AWS::DynamoDB::Table",),
    "aws:dynamodb/tableItem:TableItem": ("AWS::DynamoDB::Table",),
    "aws:sns/topic:Topic": ("AWS::SNS::Topic",),
    "aws:sqs/queue:Queue": ("AWS::SQS::Queue",),
}

# All that these do is a management event, which the trail records whole.
MANAGEMENT_ONLY = frozenset(
    {
        "aws:cloudwatch/dashboard:Dashboard",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws-native:bedrockagentcore:OnlineEvaluationConfig",
        "aws:athena/namedQuery:NamedQuery",
        "aws:athena/workgroup:Workgroup",
        "aws:budgets/budget:Budget",
        "aws:cloudtrail/trail:Trail",
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:glue/catalogDatabase:CatalogDatabase",
        "aws:glue/catalogTable:CatalogTable",
        "aws:iam/policy:Policy",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",  # carries the audit's own records
        "aws:kms/alias:Alias",
        "aws:kms/key:Key",
        "aws:lambda/alias:Alias",
        "aws:lambda/functionUrl:FunctionUrl",
        "aws:lambda/permission:Permission",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:scheduler/schedule:Schedule",
        "aws:scheduler/scheduleGroup:ScheduleGroup",
        "aws:secretsmanager/secret:Secret",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
    }
)


def selectors(
    site: Site, data_buckets: Sequence[str], audit_bucket: str
) -> dict[str, TrailAdvancedEventSelectorArgs]:
    """Return the trail's selectors by name. Of types that others use too, only Corral's own are recorded."""
    own = {
        "AWS::Lambda::Function": site.arn("lambda", f"function:{site.name()}-"),
        "AWS::DynamoDB::Table": site.arn("dynamodb", f"table/{site.name()}-"),
        "AWS::SNS::Topic": site.arn("sns", f"{site.name()}-"),
        "AWS::SQS::Queue": site.arn("sqs", f"{site.name()}-"),
    }
    prefixes = {kind: [prefix] for kind, prefix in own.items()}
    prefixes["AWS::S3::Object"] = [f"{site.bucket_arn(bucket)}/" for bucket in data_buckets]
    chosen = {MANAGEMENT: _selector(MANAGEMENT, _field("eventCategory", "Management"))}
    for kind in sorted({kind for kinds in DATA_EVENTS.values() for kind in kinds}):
        chosen[kind] = _data(kind, kind, prefixes.get(kind))
    # Only what is read: a record of each delivery into this bucket would itself be delivered into it.
    name = "AWS::S3::Object read from the audit bucket"
    reads = _field("readOnly", "true")
    records = [f"{site.bucket_arn(audit_bucket)}/"]
    chosen[name] = _data(name, "AWS::S3::Object", records, reads)
    # All that could take a record away, whoever asks; and who else writes than Firehose. CloudTrail's own
    # deliveries have no ARN of an identity.
    changes = _field("readOnly", "false")
    name = "AWS::S3::Object deleted or unlocked in the audit bucket"
    others = TrailAdvancedEventSelectorFieldSelectorArgs(field="eventName", not_equals=list(_WRITES))
    chosen[name] = _data(name, "AWS::S3::Object", records, changes, others)
    name = "AWS::S3::Object written to the audit bucket"
    anyone = TrailAdvancedEventSelectorFieldSelectorArgs(
        field="userIdentity.arn",
        starts_withs=[f"arn:{site.partition}:{service}::" for service in ("iam", "sts")],
        not_starts_withs=[site.global_arn("sts", f"assumed-role/{site.name('decisions')}/")],
    )
    chosen[name] = _data(name, "AWS::S3::Object", records, changes, anyone)
    return chosen


def fingerprint(selector: TrailAdvancedEventSelectorArgs) -> str:
    """Return the digest of a selector that `corral audit verify` compares with the one of what is deployed."""
    fields: Any = selector.field_selectors
    return digest(
        {
            "Field": field.field,
            "Equals": field.equals,
            "NotEquals": field.not_equals,
            "StartsWith": field.starts_withs,
            "NotStartsWith": field.not_starts_withs,
            "EndsWith": field.ends_withs,
            "NotEndsWith": field.not_ends_withs,
        }
        for field in fields
    )


def _data(
    name: str, kind: str, prefixes: Sequence[str] | None, *more: TrailAdvancedEventSelectorFieldSelectorArgs
) -> TrailAdvancedEventSelectorArgs:
    fields = [_field("eventCategory", "Data"), _field("resources.type", kind), *more]
    if prefixes is not None:
        fields.append(
            TrailAdvancedEventSelectorFieldSelectorArgs(field="resources.ARN", starts_withs=list(prefixes))
        )
    return _selector(name, *fields)


def _field(name: str, value: str) -> TrailAdvancedEventSelectorFieldSelectorArgs:
    return TrailAdvancedEventSelectorFieldSelectorArgs(field=name, equals=[value])


def _selector(
    name: str, *fields: TrailAdvancedEventSelectorFieldSelectorArgs
) -> TrailAdvancedEventSelectorArgs:
    return TrailAdvancedEventSelectorArgs(name=name, field_selectors=list(fields))
