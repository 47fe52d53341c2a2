"""Resources of every type of pulumi_aws the provider makes: how they are made, changed, and changed by others."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import rpc


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ACCOUNT, REGION = "123456789012", "us-east-1"
ALLOW = document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
OTHER = ALLOW.replace("GetObject", "PutObject")
TRUST = document(
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
)
_TRAIL = {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Effect": "Allow"}
LETS_THE_TRAIL_WRITE = document(
    _TRAIL | {"Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::things"},
    _TRAIL | {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::things/*"},
)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/logs"
TAGS = {"tags": {"team": "support", "cost": "1"}}
FEWER = {"tags": {"team": "sales"}}
HERE = {"bucket": "things"}
KEYS = {"tableName": "items", "hashKey": "id"}
_ALERT = {
    "notificationType": "ACTUAL", "comparisonOperator": "GREATER_THAN", "threshold": 80, "thresholdType": "PERCENTAGE"
}  # fmt: skip
SIGNATURE = rpc._special_sig_key
# Stand for the id and the ARN of the key among the cases, which AWS makes up.
KEY_ID, KEY_ARN = "the key's id", "the key's ARN"


def asset(text: str) -> dict[str, Any]:
    """A text asset as the engine sends it, with the hash it has taken."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {SIGNATURE: rpc._special_asset_sig, "text": text, "hash": digest}


def archive(text: str) -> dict[str, Any]:
    """An archive of one file as the engine sends it."""
    digest = hashlib.sha256(f"zip of {text}".encode()).hexdigest()
    return {SIGNATURE: rpc._special_archive_sig, "assets": {"code.py": asset(text)}, "hash": digest}


@dataclass(frozen=True)
class Case:
    """A type, inputs that make one, and the inputs that then change; {} where every change replaces.

    `name` tells a further resource of a type from the first. `imported_by` is its id for an import, where
    that is not the id it has. `lost` are inputs that an import cannot tell.
    """

    token: str
    inputs: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    imported_by: str = ""
    lost: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return self.name or self.token


def with_key(value: Any, key_id: str, key_arn: str) -> Any:
    """Put the real key in the place of what stands for it."""
    if isinstance(value, dict):
        return {name: with_key(element, key_id, key_arn) for name, element in value.items()}
    if isinstance(value, list):
        return [with_key(element, key_id, key_arn) for element in value]
    return {KEY_ID: key_id, KEY_ARN: key_arn}.get(value, value) if isinstance(value, str) else value


def _bucket_part(kind: str, inputs: dict[str, Any], change: dict[str, Any], *lost: str, **other: Any) -> Case:
    token = f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}"
    return Case(token, HERE | inputs, change, lost=frozenset(lost), **other)


def _default(algorithm: str) -> dict[str, Any]:
    return {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm}}]}


def lock(days: int) -> dict[str, Any]:
    return {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": days}}}


def _expire(days: int) -> dict[str, Any]:
    rules = [
        {"id": "old", "status": "Enabled", "expiration": {"days": days}},
        {
            "id": "some",
            "status": "Enabled",
            "filter": {"and": {"prefix": "x/", "tags": {"a": "b", "c": "d"}}},
            "noncurrentVersionExpiration": {"noncurrentDays": 30},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            "transitions": [{"days": 1, "storageClass": "GLACIER"}],
        },
    ]
    return {"rules": rules}


def _delivery(prefix: str) -> dict[str, Any]:
    return {
        "extendedS3Configuration": {
            "roleArn": ROLE,
            "bucketArn": "arn:aws:s3:::things",
            "prefix": prefix,
            "errorOutputPrefix": "e/",
            "bufferingInterval": 60,
            "compressionFormat": "GZIP",
            "kmsKeyArn": KEY_ARN,
            "cloudwatchLoggingOptions": {"enabled": True, "logGroupName": "/logs", "logStreamName": "s"},
            "processingConfiguration": {"enabled": True, "processors": [
                {"type": "AppendDelimiterToRecord",
                 "parameters": [{"parameterName": "Delimiter", "parameterValue": "\\n"}]}]},
        }
    }  # fmt: skip


# In the order in which they can be made; the other way round they can be deleted.
CASES = [
    Case("aws:kms/key:Key", {"description": "d", "enableKeyRotation": True, "deletionWindowInDays": 7} | TAGS,
         {"description": "other", "enableKeyRotation": False} | FEWER, lost=frozenset({"deletionWindowInDays"})),
    Case("aws:kms/key:Key", {"policy": TRUST, "isEnabled": False}, {"policy": None, "isEnabled": None},
         name="another key"),
    Case("aws:kms/alias:Alias", {"name": "alias/main", "targetKeyId": KEY_ID}, {}),
    Case("aws:kms/alias:Alias", {"name": "alias/by-arn", "targetKeyId": KEY_ARN}, {}, name="alias by ARN",
         lost=frozenset({"targetKeyId"})),
    Case("aws:s3/bucket:Bucket", HERE | {"objectLockEnabled": True, "forceDestroy": True} | TAGS, FEWER,
         lost=frozenset({"forceDestroy"})),
    Case("aws:s3/bucket:Bucket", {"bucket": "plain"}, TAGS, name="plain bucket"),
    _bucket_part("BucketVersioning", {"versioningConfiguration": {"status": "Enabled"}}, {}),
    _bucket_part("BucketVersioning", {"bucket": "plain", "expectedBucketOwner": ACCOUNT,
                                      "versioningConfiguration": {"status": "Enabled"}},
                 {"versioningConfiguration": {"status": "Suspended"}}, name="plain versioning"),
    _bucket_part("BucketServerSideEncryptionConfiguration", _default("AES256"),
                 {"rules": [{"applyServerSideEncryptionByDefault":
                             {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN},
                             "bucketKeyEnabled": True}]}),
    _bucket_part("BucketPublicAccessBlock", {"blockPublicAcls": True}, {"blockPublicPolicy": True}),
    _bucket_part("BucketObjectLockConfiguration", lock(400), lock(500)),
    _bucket_part("BucketOwnershipControls", {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
                 {"rule": {"objectOwnership": "BucketOwnerPreferred"}}),
    _bucket_part("BucketLifecycleConfiguration", _expire(5), _expire(6)),
    _bucket_part("BucketPolicy", {"policy": LETS_THE_TRAIL_WRITE},
                 {"policy": LETS_THE_TRAIL_WRITE.replace("things/*", "things/AWSLogs/*")}),
    _bucket_part("BucketObjectv2", {"key": "a/b:c", "source": asset("one"), "forceDestroy": True,
                                    "contentType": "text/plain", "metadata": {"a": "b"}} | TAGS,
                 {"source": asset("two")}, "source", "forceDestroy"),
    Case("aws:iam/policy:Policy", {"name": "boundary", "policy": ALLOW} | TAGS, {"policy": OTHER} | FEWER),
    Case("aws:iam/policy:Policy", {"name": "low", "path": "/corral/", "policy": ALLOW, "description": "d"},
         {"policy": OTHER}, name="policy with a path"),
    Case("aws:iam/role:Role", {"name": "worker", "assumeRolePolicy": TRUST, "description": "d"} | TAGS,
         {"description": "other", "permissionsBoundary": BOUNDARY} | FEWER),
    Case("aws:iam/role:Role",
         {"name": "own", "assumeRolePolicy": TRUST, "path": "/corral/", "maxSessionDuration": 7200,
          "permissionsBoundary": BOUNDARY, "managedPolicyArns": [BOUNDARY],
          "inlinePolicies": [{"name": "one", "policy": ALLOW}, {"name": "two", "policy": ALLOW}]},
         {"inlinePolicies": [{"name": "two", "policy": OTHER}], "managedPolicyArns": None,
          "permissionsBoundary": None, "maxSessionDuration": None},
         name="role with policies", lost=frozenset({"inlinePolicies", "managedPolicyArns"})),
    Case("aws:iam/rolePolicy:RolePolicy", {"name": "own", "role": "worker", "policy": ALLOW},
         {"policy": OTHER}),
    Case("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "worker", "policyArn": BOUNDARY}),
    Case("aws:cloudwatch/logGroup:LogGroup", {"name": "/logs", "retentionInDays": 400} | TAGS,
         {"retentionInDays": 30, "kmsKeyId": KEY_ARN} | FEWER),
    Case("aws:cloudwatch/logGroup:LogGroup", {"name": "/logs/secret", "kmsKeyId": KEY_ARN, "skipDestroy": True},
         {"kmsKeyId": None, "retentionInDays": 1, "skipDestroy": None},
         name="log group with a key", lost=frozenset({"skipDestroy"})),
    Case("aws:cloudwatch/dashboard:Dashboard",
         {"dashboardName": "overview", "dashboardBody": '{"widgets": []}'},
         {"dashboardBody": '{"start": "-PT3H", "widgets": []}'}),
    Case("aws:cloudwatch/metricAlarm:MetricAlarm",
         {"name": "errors", "namespace": "AWS/Lambda", "metricName": "Errors", "statistic": "Sum", "period": 300,
          "dimensions": {"FunctionName": "worker"}, "evaluationPeriods": 1, "threshold": 1,
          "comparisonOperator": "GreaterThanThreshold", "alarmActions": [TOPIC]} | TAGS,
         {"threshold": 2, "treatMissingData": "ignore", "okActions": [TOPIC], "datapointsToAlarm": 1,
          "alarmDescription": "d"} | FEWER),
    Case("aws:cloudwatch/metricAlarm:MetricAlarm",
         {"name": "highest", "evaluationPeriods": 1, "threshold": 1,
          "comparisonOperator": "GreaterThanThreshold", "actionsEnabled": False,
          "metricQueries": [
              {"id": "m1", "metric": {"namespace": "Corral", "metricName": "Score", "period": 3600,
                                      "stat": "Maximum", "dimensions": {"Agent": "a"}}},
              {"id": "worst", "expression": "MAX(METRICS())", "label": "worst", "returnData": True}]},
         {"actionsEnabled": None, "metricQueries": [
             {"id": "q", "expression": "SELECT MAX(Score) FROM \"Corral\"", "period": 3600, "returnData": True}]},
         name="alarm on several metrics"),
    Case("aws:cloudtrail/trail:Trail", {"name": "audit", "s3BucketName": "things"} | TAGS,
         {"isMultiRegionTrail": True} | FEWER,
         imported_by=f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"),
    Case("aws:cloudtrail/trail:Trail",
         {"name": "data", "s3BucketName": "things", "s3KeyPrefix": "p", "kmsKeyId": KEY_ARN,
          "enableLogFileValidation": True, "enableLogging": False,
          "insightSelectors": [{"insightType": "ApiCallRateInsight"}],
          "advancedEventSelectors": [{"name": "objects", "fieldSelectors": [
              {"field": "eventCategory", "equals": ["Data"]},
              {"field": "resources.ARN", "startsWiths": ["arn:aws:s3:::things/"]}]}]},
         {"advancedEventSelectors": None, "insightSelectors": None, "s3KeyPrefix": None, "kmsKeyId": None,
          "eventSelectors": [{"readWriteType": "WriteOnly", "dataResources": [
              {"type": "AWS::S3::Object", "values": ["arn:aws:s3:::things/"]}]}]},
         name="trail of data"),
    Case("aws:lambda/function:Function",
         {"name": "worker", "role": ROLE, "runtime": "python3.13", "handler": "code.handler", "publish": True,
          "code": archive("one"), "reservedConcurrentExecutions": 2} | TAGS,
         {"code": archive("two"), "timeout": 9} | FEWER, lost=frozenset({"code"})),
    Case("aws:lambda/function:Function",
         {"name": "full", "role": ROLE, "runtime": "python3.13", "handler": "code.handler",
          "code": archive("one"), "description": "d", "timeout": 5, "memorySize": 256, "kmsKeyArn": KEY_ARN,
          "environment": {"variables": {"MODE": "test", "camelCase": "kept", "EMPTY": ""}},
          "tracingConfig": {"mode": "Active"}, "architectures": ["arm64"], "ephemeralStorage": {"size": 1024},
          "layers": [f"arn:aws:lambda:{REGION}:999999999999:layer:public:1"]},
         {"description": None, "timeout": None, "memorySize": None, "kmsKeyArn": None, "environment": None,
          "tracingConfig": None, "ephemeralStorage": None, "layers": None},
         name="full function", lost=frozenset({"code"})),
    Case("aws:lambda/alias:Alias",
         {"name": "live", "functionName": "worker", "functionVersion": "1", "description": "d"},
         {"functionVersion": "2", "description": None}, imported_by="worker/live"),
    Case("aws:lambda/functionUrl:FunctionUrl",
         {"functionName": "worker", "authorizationType": "AWS_IAM",
          "cors": {"allowOrigins": ["https://b", "https://a"], "maxAge": 60}},
         {"authorizationType": "NONE", "cors": None}),
    Case("aws:lambda/permission:Permission",
         {"function": "worker", "action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com",
          "statementId": "s3", "sourceArn": "arn:aws:s3:::things", "sourceAccount": ACCOUNT},
         imported_by="worker/s3"),
    Case("aws:dynamodb/table:Table",
         {"name": "items", "hashKey": "id", "billingMode": "PAY_PER_REQUEST",
          "attributes": [{"name": "id", "type": "S"}], "ttl": {"attributeName": "end", "enabled": True},
          "pointInTimeRecovery": {"enabled": True}} | TAGS,
         {"ttl": None, "pointInTimeRecovery": None, "deletionProtectionEnabled": False} | FEWER),
    Case("aws:dynamodb/table:Table",
         {"name": "full", "hashKey": "id", "rangeKey": "at", "readCapacity": 1, "writeCapacity": 2,
          "attributes": [{"name": name, "type": "S"} for name in ("owner", "id", "at")],
          "globalSecondaryIndexes": [{"name": "by-owner", "hashKey": "owner", "projectionType": "INCLUDE",
                                      "nonKeyAttributes": ["b", "a"], "readCapacity": 1, "writeCapacity": 1}],
          "localSecondaryIndexes": [{"name": "local", "rangeKey": "owner", "projectionType": "ALL"}],
          "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY_ARN},
          "streamEnabled": True, "streamViewType": "NEW_IMAGE", "ttl": {"attributeName": "end"}},
         {"readCapacity": 3, "serverSideEncryption": None, "ttl": None},
         name="full table"),
    Case("aws:dynamodb/tableItem:TableItem", KEYS | {"item": '{"id": {"S": "1"}, "n": {"N": "1"}}'},
         {"item": '{"id": {"S": "2"}, "n": {"N": "2"}}'}, imported_by="items,1"),
    Case("aws:dynamodb/tableItem:TableItem",
         {"tableName": "full", "hashKey": "id", "rangeKey": "at",
          "item": '{"id": {"S": "1"}, "at": {"S": "now"}, "n": {"L": [{"N": "2"}, {"N": "1"}]}}'},
         {"item": '{"id": {"S": "1"}, "at": {"S": "now"}}'}, name="full item", imported_by="full,1,now"),
    Case("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
         {"name": "decisions", "destination": "extended_s3"} | _delivery("a/") | TAGS, _delivery("b/") | FEWER),
    Case("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
         {"name": "secret", "destination": "extended_s3",
          "extendedS3Configuration": {"roleArn": ROLE, "bucketArn": "arn:aws:s3:::things"},
          "serverSideEncryption": {"enabled": True, "keyType": "CUSTOMER_MANAGED_CMK", "keyArn": KEY_ARN}},
         {"serverSideEncryption": None}, name="encrypted stream"),
    Case("aws:secretsmanager/secret:Secret",
         {"name": "corral/key", "description": "d", "recoveryWindowInDays": 0} | TAGS,
         {"description": "other", "policy": ALLOW, "kmsKeyId": KEY_ARN} | FEWER,
         lost=frozenset({"recoveryWindowInDays"})),
    Case("aws:secretsmanager/secret:Secret", {"name": "full", "kmsKeyId": KEY_ARN, "policy": ALLOW},
         {"policy": None}, name="full secret"),
    Case("aws:secretsmanager/secretVersion:SecretVersion", {"secretId": "corral/key", "secretString": "s"},
         lost=frozenset({"secretId"})),
    Case("aws:secretsmanager/secretVersion:SecretVersion", {"secretId": "full", "secretBinary": "AAE="},
         name="binary version", lost=frozenset({"secretId"})),
    Case("aws:athena/workgroup:Workgroup", {"name": "warehouse", "forceDestroy": True} | TAGS,
         {"description": "d", "state": "DISABLED"} | FEWER, lost=frozenset({"forceDestroy"})),
    Case("aws:athena/workgroup:Workgroup",
         {"name": "full", "description": "d", "state": "DISABLED",
          "configuration": {
              "publishCloudwatchMetricsEnabled": False, "bytesScannedCutoffPerQuery": 10000000,
              "resultConfiguration": {
                  "outputLocation": "s3://things/results/",
                  "encryptionConfiguration": {"encryptionOption": "SSE_KMS", "kmsKeyArn": KEY_ARN}}}},
         {"description": None, "state": None, "configuration": None}, name="full workgroup"),
    Case("aws:athena/namedQuery:NamedQuery",
         {"name": "who", "description": "d", "database": "sales", "workgroup": "warehouse", "query": "SELECT 1"},
         {}),
    Case("aws:glue/catalogDatabase:CatalogDatabase", {"name": "sales", "description": "d"} | TAGS,
         {"description": "other"} | FEWER),
    Case("aws:glue/catalogTable:CatalogTable",
         {"name": "orders", "databaseName": "sales", "parameters": {"Keep.Case": "1"},
          "tableType": "EXTERNAL_TABLE", "partitionKeys": [{"name": "day", "type": "string"}],
          "storageDescriptor": {
              "location": "s3://things/orders/", "inputFormat": "in", "outputFormat": "out",
              "parameters": {"Keep": "1"}, "columns": [{"name": "id", "type": "string", "comment": "c"}],
              "serDeInfo": {"serializationLibrary": "lib", "parameters": {"Field.Delim": ","}}}},
         {"parameters": {"a": "2"}, "tableType": None}),
    Case("aws:sns/topic:Topic", {"name": "alerts", "displayName": "Alerts", "kmsMasterKeyId": KEY_ID} | TAGS,
         {"displayName": "Other", "kmsMasterKeyId": None} | FEWER),
    Case("aws:sns/topic:Topic", {"name": "own", "policy": ALLOW}, {"policy": OTHER}, name="topic with a policy",
         lost=frozenset({"policy"})),
    Case("aws:sns/topicPolicy:TopicPolicy", {"arn": TOPIC, "policy": ALLOW}, {"policy": OTHER}),
    Case("aws:sqs/queue:Queue", {"name": "jobs", "visibilityTimeoutSeconds": 60, "policy": ALLOW,
                                 "sqsManagedSseEnabled": False} | TAGS,
         {"visibilityTimeoutSeconds": None, "policy": None, "sqsManagedSseEnabled": None,
          "delaySeconds": 5} | FEWER),
    Case("aws:sqs/queue:Queue",
         {"name": "full.fifo", "fifoQueue": True, "contentBasedDeduplication": True, "maxMessageSize": 1024,
          "messageRetentionSeconds": 60, "receiveWaitTimeSeconds": 1, "delaySeconds": 1,
          "kmsMasterKeyId": KEY_ARN, "kmsDataKeyReusePeriodSeconds": 60},
         {"contentBasedDeduplication": None, "maxMessageSize": None, "messageRetentionSeconds": None,
          "receiveWaitTimeSeconds": None, "delaySeconds": None, "kmsMasterKeyId": None,
          "kmsDataKeyReusePeriodSeconds": None}, name="full queue"),
    Case("aws:cloudwatch/eventRule:EventRule",
         {"name": "changes", "description": "d", "eventPattern": '{"source": ["aws.iam"]}'} | TAGS,
         {"description": None, "eventPattern": '{"source": ["aws.s3"]}', "state": "DISABLED"} | FEWER),
    Case("aws:cloudwatch/eventTarget:EventTarget",
         {"rule": "changes", "targetId": "topic", "arn": TOPIC, "deadLetterConfig": {"arn": QUEUE},
          "inputTransformer": {"inputPaths": {"What": "$.detail.eventName"}, "inputTemplate": '"<What>"'},
          "retryPolicy": {"maximumRetryAttempts": 5, "maximumEventAgeInSeconds": 60}},
         {"arn": QUEUE, "inputTransformer": None, "input": "{}", "retryPolicy": None, "deadLetterConfig": None},
         imported_by="changes/topic"),
    Case("aws:scheduler/scheduleGroup:ScheduleGroup", {"name": "reports"} | TAGS, FEWER),
    Case("aws:scheduler/schedule:Schedule",
         {"name": "weekly", "groupName": "reports", "description": "d", "scheduleExpression": "rate(7 days)",
          "scheduleExpressionTimezone": "UTC", "flexibleTimeWindow": {"mode": "OFF"}, "kmsKeyArn": KEY_ARN,
          "target": {"arn": QUEUE, "roleArn": ROLE, "input": "{}", "deadLetterConfig": {"arn": QUEUE},
                     "retryPolicy": {"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 3600}}},
         {"description": None, "scheduleExpression": "cron(0 8 ? * MON *)", "state": "DISABLED",
          "flexibleTimeWindow": {"mode": "FLEXIBLE", "maximumWindowInMinutes": 5}, "kmsKeyArn": None,
          "target": {"arn": QUEUE, "roleArn": ROLE, "input": "[]"}}),
    Case("aws:budgets/budget:Budget",
         {"name": "support", "budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "400", "limitUnit": "USD",
          "costFilters": [{"name": "TagKeyValue", "values": ["user:team$support"]}],
          "costTypes": {"includeCredit": False},
          "notifications": [_ALERT | {"subscriberSnsTopicArns": [TOPIC], "subscriberEmailAddresses": ["a@b.example"]},
                            _ALERT | {"notificationType": "FORECASTED", "subscriberSnsTopicArns": [TOPIC]}]} | TAGS,
         {"limitAmount": "500", "costFilters": None, "costTypes": None,
          "notifications": [_ALERT | {"threshold": 90, "subscriberSnsTopicArns": [TOPIC]}]} | FEWER),
    Case("aws:sns/topicSubscription:TopicSubscription",
         {"topic": TOPIC, "protocol": "sqs", "endpoint": QUEUE, "filterPolicy": '{"kind": ["a"]}'},
         {"rawMessageDelivery": True, "filterPolicy": None}),
]  # fmt: skip
