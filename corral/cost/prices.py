"""What resources cost while nobody uses them, by their type: AWS's list prices of us-east-1, dated.

Every type of the program is in one of two tables, those that cost something and those that do not. A test fails for one
that is in neither, and `corral cost --idle` names it: nothing is counted as nothing for want of a price.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

REGION = "us-east-1"
LOOKED_UP = date(2026, 11, 29)
_NAMESPACE = "Corral"  # of the platform's own metrics
_WHEN_IT_FAILS = frozenset({"SupervisorFailures"})  # those of them that an idle platform does not publish
_HOURS = 730  # in a month
_READ = 12  # metrics of an agent that the drift monitor reads each hour

_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_ALARMS_SEEN = "https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm"
_METRICS_SEEN = "https://signoz.io/guides/cloudwatch-pricing"


@dataclass(frozen=True)
class Item:
    """A thing that is billed by the month. `seen` is where its price was read; AWS's own page is `source`."""

    what: str
    usd: float
    source: str
    seen: str

    @property
    def confirmed(self) -> bool:
        """Whether the price was read on AWS's own page: that of others is to be compared before it is relied on."""
        return self.seen == self.source


KEY = Item("KMS keys", 1.00, "https://aws.amazon.com/kms/pricing/", "https://aws.amazon.com/kms/pricing/")
ALARMED = Item("metrics that alarms watch", 0.10, _CLOUDWATCH, _ALARMS_SEEN)
COMPOSITE = Item("composite alarms", 0.50, _CLOUDWATCH, _ALARMS_SEEN)
DASHBOARD = Item(
    "dashboards",
    3.00,
    _CLOUDWATCH,
    "https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/",
)
METRIC = Item("custom metrics of the monitor", 0.30, _CLOUDWATCH, _METRICS_SEEN)
READING = Item(
    "hourly readings of an agent", round(_READ * _HOURS * 0.01 / 1000, 4), _CLOUDWATCH, _METRICS_SEEN
)
SECRET = Item(
    "secrets",
    0.40,
    "https://aws.amazon.com/secrets-manager/pricing/",
    "https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms",
)

Units = Mapping[Item, int]
Count = Callable[[Mapping[str, Any]], Units]


def _alarm(inputs: Mapping[str, Any]) -> Units:
    """An alarm is billed by the metrics it watches. The platform's own among them are published each hour."""
    queries = inputs.get("metricQueries") or ()
    measured = [query["metric"] for query in queries if query.get("metric")]
    if not queries:
        measured = [inputs]
    insights = sum(1 for query in queries if str(query.get("expression") or "").upper().startswith("SELECT"))
    own = sum(
        metric.get("namespace") == _NAMESPACE and metric.get("metricName") not in _WHEN_IT_FAILS
        for metric in measured
    )
    return {ALARMED: len(measured) + insights, METRIC: own}


PRICED: Mapping[str, Count] = {
    "aws:kms/key:Key": lambda _: {KEY: 1},
    "aws:secretsmanager/secret:Secret": lambda _: {SECRET: 1},
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": lambda _: {COMPOSITE: 1},
    "aws:cloudwatch/dashboard:Dashboard": lambda _: {DASHBOARD: 1},
    "aws-native:bedrockagentcore:Harness": lambda _: {READING: 1},
}

_BY_USE = "billed by use"
_BY_SIZE = "billed by what is kept in it"
_PART = "a setting or a part of another resource"
_NEVER = "free"
# Why each of the others costs nothing while idle.
FREE: Mapping[str, str] = {
    "aws-native:bedrock:ApplicationInferenceProfile": _NEVER + ": the model is billed, by use",
    "aws-native:bedrock:Guardrail": _BY_USE + ": text units that are checked",
    "aws-native:bedrock:GuardrailVersion": _PART,
    "aws-native:bedrockagentcore:Evaluator": _BY_USE + ": its model or its function, for what it reads",
    "aws-native:bedrockagentcore:Gateway": _BY_USE
    + ": calls; without a search index, which would cost by the tool",
    "aws-native:bedrockagentcore:GatewayRateLimit": _PART,
    "aws-native:bedrockagentcore:GatewayTarget": _PART,
    "aws-native:bedrockagentcore:HarnessEndpoint": _PART,
    "aws-native:bedrockagentcore:Memory": _BY_USE + ": events and records",
    "aws-native:bedrockagentcore:OnlineEvaluationConfig": _BY_USE
    + ": judges read sessions, of which there are none",
    "aws-native:bedrockagentcore:Policy": _PART,
    "aws-native:bedrockagentcore:PolicyEngine": _BY_USE + ": decisions",
    "aws-native:agentregistry:Registry": "no price was found: compare with https://aws.amazon.com/bedrock/agentcore/pricing/",
    "aws-native:agentregistry:RegistryRecord": "no price was found, as of the registry",
    "aws:athena/namedQuery:NamedQuery": _PART,
    "aws:athena/workgroup:Workgroup": _BY_USE + ": bytes that queries read",
    "aws:budgets/budget:Budget": _NEVER + " without actions",
    "aws:cloudtrail/trail:Trail": _BY_USE
    + ": data events; of management events the first copy is free, further trails' are not",
    "aws:cloudwatch/eventRule:EventRule": _NEVER + " for events of AWS services",
    "aws:cloudwatch/eventTarget:EventTarget": _PART,
    "aws:cloudwatch/logGroup:LogGroup": _BY_SIZE + ", and by what is written",
    "aws:dynamodb/table:Table": _BY_USE + " (on demand), and by what is kept",
    "aws:dynamodb/tableItem:TableItem": _PART,
    "aws:glue/catalogDatabase:CatalogDatabase": _NEVER + " for the first million objects",
    "aws:glue/catalogTable:CatalogTable": _NEVER + " for the first million objects",
    "aws:iam/policy:Policy": _NEVER,
    "aws:iam/role:Role": _NEVER,
    "aws:iam/rolePolicy:RolePolicy": _NEVER,
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": _BY_USE + ": bytes",
    "aws:kms/alias:Alias": _NEVER,
    "aws:lambda/alias:Alias": _PART,
    "aws:lambda/function:Function": _BY_USE + "; reserved concurrency is free",
    "aws:lambda/functionUrl:FunctionUrl": _PART,
    "aws:lambda/permission:Permission": _PART,
    "aws:s3/bucket:Bucket": _BY_SIZE,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _PART,
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _PART,
    "aws:s3/bucketObjectv2:BucketObjectv2": _BY_SIZE + ": kilobytes here",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _PART,
    "aws:s3/bucketPolicy:BucketPolicy": _PART,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _PART,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _PART,
    "aws:s3/bucketVersioning:BucketVersioning": _PART,
    "aws:scheduler/schedule:Schedule": _BY_USE + ": 14 million invocations a month are free",
    "aws:scheduler/scheduleGroup:ScheduleGroup": _PART,
    "aws:sns/topic:Topic": _BY_USE + ": messages",
    "aws:sns/topicPolicy:TopicPolicy": _PART,
    "aws:sns/topicSubscription:TopicSubscription": _BY_USE + ": messages; e-mails are free up to a thousand",
    "aws:sqs/queue:Queue": _BY_USE + ": a million requests a month are free",
}
