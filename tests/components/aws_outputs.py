"""What AWS would answer for each resource type the program uses: outputs that satisfy AWS's own patterns."""

import hashlib
from typing import Any

ACCOUNT = "111122223333"
REGION = "us-east-1"


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _id(name: str, length: int = 10) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:length]


def _uuid(name: str) -> str:
    digest = _id(name, 32)
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))


def provider_outputs(kind: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs of a resource, `id` among them; {} for a component. KeyError for an unknown type."""
    if kind.startswith("corral:index:"):
        return {}
    table = _NATIVE if kind.startswith("aws-native:") else _CLASSIC
    made: dict[str, Any] = table[kind](name, inputs)
    return made


def _agentcore(kind: str, label: str, key: str) -> Any:
    def make(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        own = f"{inputs[key]}-{_id(name)}"
        arn = _arn("bedrock-agentcore", f"{kind}/{own}")
        return {"id": arn, f"{label}Arn": arn, f"{label}Id": own, "arn": arn, "version": "1"}

    return make


def _gateway(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    own = f"{inputs['name']}-{_id(name)}"
    url = f"https://{own}.gateway.bedrock-agentcore.{REGION}.amazonaws.com/mcp"
    return {
        "id": own,
        "gatewayIdentifier": own,
        "gatewayArn": _arn("bedrock-agentcore", f"gateway/{own}"),
        "gatewayUrl": url,
    }


def _policy(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    own = f"{inputs['name']}-{_id(name)}"
    engine = _arn("bedrock-agentcore", f"policy-engine/{inputs['policyEngineId']}")
    return {"id": f"{engine}/policy/{own}", "policyId": own, "policyArn": f"{engine}/policy/{own}"}


def _record(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    arn = _arn("agent-registry", f"registry/{inputs['registryId']}/record/{_id(name, 12)}")
    return {"id": arn, "recordArn": arn, "recordId": _id(name, 12)}


_NATIVE: dict[str, Any] = {
    "aws-native:bedrockagentcore:PolicyEngine": _agentcore("policy-engine", "policyEngine", "name"),
    "aws-native:bedrockagentcore:Gateway": _gateway,
    "aws-native:bedrockagentcore:GatewayTarget": lambda name, _: {"targetId": _id(name).upper()},
    "aws-native:bedrockagentcore:GatewayRateLimit": lambda name, _: {"id": name},
    "aws-native:bedrockagentcore:Policy": _policy,
    "aws-native:bedrockagentcore:OnlineEvaluationConfig": _agentcore(
        "online-evaluation-config", "onlineEvaluationConfig", "onlineEvaluationConfigName"
    ),
    "aws-native:bedrockagentcore:Evaluator": _agentcore("evaluator", "evaluator", "evaluatorName"),
    "aws-native:bedrockagentcore:Memory": _agentcore("memory", "memory", "name"),
    "aws-native:bedrockagentcore:Harness": _agentcore("harness", "harness", "harnessName"),
    "aws-native:bedrockagentcore:HarnessEndpoint": lambda name, inputs: {
        "arn": _arn(
            "bedrock-agentcore", f"harness/{inputs['harnessId']}/harness-endpoint/{inputs['endpointName']}"
        )
    },
    "aws-native:bedrock:Guardrail": lambda name, _: {
        "guardrailId": _id(name, 12),
        "guardrailArn": _arn("bedrock", f"guardrail/{_id(name, 12)}"),
    },
    "aws-native:bedrock:GuardrailVersion": lambda *_: {"version": "1"},
    "aws-native:bedrock:ApplicationInferenceProfile": lambda name, _: {
        "inferenceProfileArn": _arn("bedrock", f"application-inference-profile/{_id(name, 12)}")
    },
    "aws-native:agentregistry:Registry": lambda name, _: {
        "registryId": _id(name, 12),
        "registryArn": _arn("agent-registry", f"registry/{_id(name, 12)}"),
    },
    "aws-native:agentregistry:RegistryRecord": _record,
}


def _named(service: str, prefix: str, key: str = "name") -> Any:
    return lambda _, inputs: {"arn": _arn(service, f"{prefix}{inputs[key]}")}


def _global(kind: str) -> Any:
    return lambda _, inputs: {"arn": f"arn:aws:iam::{ACCOUNT}:{kind}{inputs['path']}{inputs['name']}"}


def _function(_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {"arn": _arn("lambda", f"function:{inputs['name']}"), "version": "1"}


def _nothing(*_: Any) -> dict[str, Any]:
    return {}


_CLASSIC: dict[str, Any] = {
    "aws:kms/key:Key": lambda name, _: {"arn": _arn("kms", f"key/{_uuid(name)}"), "keyId": _uuid(name)},
    "aws:kms/alias:Alias": _nothing,
    "aws:iam/role:Role": _global("role"),
    "aws:iam/policy:Policy": _global("policy"),
    "aws:iam/rolePolicy:RolePolicy": _nothing,
    "aws:s3/bucket:Bucket": lambda _, inputs: {"arn": f"arn:aws:s3:::{inputs['bucket']}"},
    "aws:s3/bucketVersioning:BucketVersioning": _nothing,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _nothing,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _nothing,
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _nothing,
    "aws:s3/bucketPolicy:BucketPolicy": _nothing,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _nothing,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _nothing,
    "aws:s3/bucketObjectv2:BucketObjectv2": _nothing,
    "aws:budgets/budget:Budget": lambda _, inputs: {
        "arn": f"arn:aws:budgets::{ACCOUNT}:budget/{inputs['name']}"
    },
    "aws:cloudtrail/trail:Trail": _named("cloudtrail", "trail/"),
    "aws:cloudwatch/dashboard:Dashboard": lambda _, inputs: {
        "dashboardArn": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{inputs['dashboardName']}"
    },
    "aws:cloudwatch/eventRule:EventRule": _named("events", "rule/"),
    "aws:cloudwatch/eventTarget:EventTarget": _nothing,
    "aws:cloudwatch/logGroup:LogGroup": _named("logs", "log-group:"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _named("cloudwatch", "alarm:"),
    "aws:lambda/function:Function": _function,
    "aws:lambda/alias:Alias": lambda _, inputs: {
        "arn": _arn("lambda", f"function:{inputs['functionName']}:{inputs['name']}")
    },
    "aws:lambda/functionUrl:FunctionUrl": lambda name, _: {
        "functionUrl": f"https://{_id(name)}.lambda-url.{REGION}.on.aws/"
    },
    "aws:lambda/permission:Permission": _nothing,
    "aws:dynamodb/table:Table": _named("dynamodb", "table/"),
    "aws:dynamodb/tableItem:TableItem": _nothing,
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": _named("firehose", "deliverystream/"),
    "aws:secretsmanager/secret:Secret": _named("secretsmanager", "secret:"),
    "aws:athena/namedQuery:NamedQuery": lambda name, _: {"id": _uuid(name)},
    "aws:athena/workgroup:Workgroup": _named("athena", "workgroup/"),
    "aws:glue/catalogDatabase:CatalogDatabase": _nothing,
    "aws:glue/catalogTable:CatalogTable": _nothing,
    "aws:scheduler/schedule:Schedule": lambda _, inputs: {
        "arn": _arn("scheduler", f"schedule/{inputs['groupName']}/{inputs['name']}")
    },
    "aws:scheduler/scheduleGroup:ScheduleGroup": _named("scheduler", "schedule-group/"),
    "aws:sqs/queue:Queue": lambda _, inputs: {
        "arn": _arn("sqs", inputs["name"]),
        "url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{inputs['name']}",
    },
    "aws:sns/topic:Topic": _named("sns", ""),
    "aws:sns/topicPolicy:TopicPolicy": _nothing,
    "aws:sns/topicSubscription:TopicSubscription": _nothing,
}
