"""What others may change behind Pulumi's back: for every type that has something to change."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.local.provider.resource_cases import (
    ACCOUNT,
    ALLOW,
    BOUNDARY,
    LETS_THE_TRAIL_WRITE,
    OTHER,
    QUEUE,
    REGION,
    TRUST,
)

Client = Callable[[str], Any]


@dataclass(frozen=True)
class Drift:
    """A change of the resource `key` of the cases, made by its id, and the one input it shows in."""

    key: str
    shows: str
    change: Callable[[Client, str], Any]
    replaces: bool = False

    def __str__(self) -> str:
        return f"{self.key.rpartition(':')[2]}-{self.shows}"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("code.py", "by hand")
    return buffer.getvalue()


def _policy_version(client: Client, arn: str) -> None:
    client("iam").create_policy_version(PolicyArn=arn, PolicyDocument=OTHER, SetAsDefault=True)


def _another_principal(client: Client, _: str) -> None:
    function = {"FunctionName": "worker", "StatementId": "s3"}
    client("lambda").remove_permission(**function)
    client("lambda").add_permission(
        **function,
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn="arn:aws:s3:::things",
        SourceAccount=ACCOUNT,
    )


def _another_version(client: Client, _: str) -> None:
    client("secretsmanager").put_secret_value(SecretId="corral/key", SecretString="other")


def _prefix(client: Client, _: str) -> None:
    firehose, name = client("firehose"), {"DeliveryStreamName": "decisions"}
    stream = firehose.describe_delivery_stream(**name)["DeliveryStreamDescription"]
    firehose.update_destination(
        **name,
        CurrentDeliveryStreamVersionId=stream["VersionId"],
        DestinationId=stream["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"Prefix": "by-hand/"},
    )


def _columns(client: Client, _: str) -> None:
    glue, table = client("glue"), {"DatabaseName": "sales", "Name": "orders"}
    shown = glue.get_table(**table)["Table"]
    kept = ("Name", "Parameters", "TableType", "PartitionKeys", "StorageDescriptor")
    again = {key: shown[key] for key in kept}
    again["StorageDescriptor"]["Columns"].append({"Name": "by_hand", "Type": "string"})
    glue.update_table(DatabaseName="sales", TableInput=again)


def _move_alias(client: Client, _: str) -> None:
    kms = client("kms")
    kms.update_alias(AliasName="alias/main", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def _rules(days: int) -> list[dict[str, Any]]:
    return [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": days}}]


HERE = {"Bucket": "things"}
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/items"
TRAIL_ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:worker"
TAG = [{"Key": "by-hand", "Value": ""}]

KEY, ALIAS = "aws:kms/key:Key", "aws:kms/alias:Alias"
BUCKET, OBJECT = "aws:s3/bucket:Bucket", "aws:s3/bucketObjectv2:BucketObjectv2"
ROLE, POLICY = "aws:iam/role:Role", "aws:iam/policy:Policy"
GROUP, TRAIL = "aws:cloudwatch/logGroup:LogGroup", "aws:cloudtrail/trail:Trail"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
FUNCTION, TABLE = "aws:lambda/function:Function", "aws:dynamodb/table:Table"
STREAM = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
SECRET, WORKGROUP = "aws:secretsmanager/secret:Secret", "aws:athena/workgroup:Workgroup"
QUERY = "aws:athena/namedQuery:NamedQuery"
DATABASE, TOPICS, QUEUES = (
    "aws:glue/catalogDatabase:CatalogDatabase",
    "aws:sns/topic:Topic",
    "aws:sqs/queue:Queue",
)
SCHEDULE, SCHEDULES = "aws:scheduler/schedule:Schedule", "aws:scheduler/scheduleGroup:ScheduleGroup"
BUDGET = "aws:budgets/budget:Budget"
RULE = "aws:cloudwatch/eventRule:EventRule"
SUBSCRIPTION, URL = "aws:sns/topicSubscription:TopicSubscription", "aws:lambda/functionUrl:FunctionUrl"


def _group(call: str, **parameters: Any) -> Callable[[Client, str], Any]:
    return lambda client, name: getattr(client("logs"), call)(logGroupName=name, **parameters)


def _another_alarm(**settings: Any) -> Callable[[Client, str], Any]:
    def change(client: Client, name: str) -> None:
        (shown,) = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        kept = (
            *("AlarmName", "Namespace", "MetricName", "Statistic", "Period", "Dimensions"),
            *("EvaluationPeriods", "Threshold", "ComparisonOperator", "AlarmActions"),
        )
        client("cloudwatch").put_metric_alarm(**{key: shown[key] for key in kept} | settings)

    return change


def _configured(**settings: Any) -> Callable[[Client, str], Any]:
    return lambda client, name: client("lambda").update_function_configuration(FunctionName=name, **settings)


def _topic(name: str, value: str) -> Callable[[Client, str], Any]:
    return lambda client, arn: client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName=name, AttributeValue=value
    )


def _queue(**attributes: str) -> Callable[[Client, str], Any]:
    return lambda client, url: client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _schedule(**settings: Any) -> Callable[[Client, str], Any]:
    def change(client: Client, identifier: str) -> None:
        group, _, name = identifier.partition("/")
        kept = ("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "State", "Target")
        kept += ("Description", "KmsKeyArn")
        shown = client("scheduler").get_schedule(GroupName=group, Name=name)
        again = {key: shown[key] for key in kept if key in shown} | settings
        client("scheduler").update_schedule(GroupName=group, Name=name, **again)

    return change


def _budget(**settings: Any) -> Callable[[Client, str], Any]:
    def change(client: Client, identifier: str) -> None:
        name = identifier.partition(":")[2]
        shown = client("budgets").describe_budget(AccountId=ACCOUNT, BudgetName=name)["Budget"]
        kept = ("BudgetName", "BudgetLimit", "CostFilters", "CostTypes", "TimeUnit", "BudgetType")
        again = {key: shown[key] for key in kept} | settings
        client("budgets").update_budget(AccountId=ACCOUNT, NewBudget=again)

    return change


def _another_target(client: Client, _: str) -> None:
    (shown,) = client("events").list_targets_by_rule(Rule="changes")["Targets"]
    client("events").put_targets(Rule="changes", Targets=[shown | {"Arn": QUEUE}])


def _trail(**settings: Any) -> Callable[[Client, str], Any]:
    return lambda client, _: client("cloudtrail").update_trail(Name="audit", **settings)


def _table(call: str, **parameters: Any) -> Callable[[Client, str], Any]:
    return lambda client, name: getattr(client("dynamodb"), call)(TableName=name, **parameters)


def _s3(call: str, **parameters: Any) -> Callable[[Client, str], Any]:
    return lambda client, _: getattr(client("s3"), call)(**HERE | parameters)


def _workgroup(**settings: Any) -> Callable[[Client, str], Any]:
    return lambda client, name: client("athena").update_work_group(WorkGroup=name, **settings)


DRIFTS = [
    Drift(KEY, "description", lambda c, i: c("kms").update_key_description(KeyId=i, Description="by hand")),
    Drift(KEY, "enableKeyRotation", lambda c, i: c("kms").disable_key_rotation(KeyId=i)),
    Drift(KEY, "isEnabled", lambda c, i: c("kms").disable_key(KeyId=i)),
    Drift(KEY, "policy", lambda c, i: c("kms").put_key_policy(KeyId=i, PolicyName="default", Policy=TRUST)),
    Drift(KEY, "tags",
          lambda c, i: c("kms").tag_resource(KeyId=i, Tags=[{"TagKey": "by-hand", "TagValue": ""}])),
    Drift("another key", "isEnabled", lambda c, i: c("kms").enable_key(KeyId=i)),
    Drift(ALIAS, "targetKeyId", _move_alias),
    Drift(BUCKET, "tags", _s3("put_bucket_tagging", Tagging={"TagSet": TAG})),
    Drift(BUCKET, "tags", _s3("delete_bucket_tagging")),
    Drift("plain bucket", "tags", _s3("put_bucket_tagging", Bucket="plain", Tagging={"TagSet": TAG})),
    Drift("plain versioning", "versioningConfiguration",
          _s3("put_bucket_versioning", Bucket="plain", VersioningConfiguration={"Status": "Suspended"})),
    Drift("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "rules",
          _s3("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": [
              {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]})),
    Drift("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "blockPublicAcls",
          _s3("put_public_access_block", PublicAccessBlockConfiguration={"BlockPublicAcls": False})),
    Drift("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "ignorePublicAcls",
          _s3("put_public_access_block",
              PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": True})),
    Drift("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "rule",
          _s3("put_object_lock_configuration", ObjectLockConfiguration={
              "ObjectLockEnabled": "Enabled",
              "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}})),
    Drift("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "rule",
          _s3("put_object_lock_configuration", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})),
    Drift("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "rule",
          _s3("put_bucket_ownership_controls",
              OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})),
    Drift("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "rules",
          _s3("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": _rules(1)})),
    Drift("aws:s3/bucketPolicy:BucketPolicy", "policy",
          _s3("put_bucket_policy", Policy=LETS_THE_TRAIL_WRITE.replace("things/*", "things/x/*"))),
    Drift(OBJECT, "source", _s3("put_object", Key="a/b:c", Body=b"by hand", ContentType="text/plain",
                                Metadata={"a": "b"}, Tagging="team=support&cost=1")),
    Drift(OBJECT, "tags", _s3("put_object_tagging", Key="a/b:c", Tagging={"TagSet": TAG})),
    Drift(POLICY, "policy", _policy_version),
    Drift(POLICY, "tags", lambda c, i: c("iam").untag_policy(PolicyArn=i, TagKeys=["cost"])),
    Drift(ROLE, "assumeRolePolicy",
          lambda c, i: c("iam").update_assume_role_policy(
              RoleName=i, PolicyDocument=TRUST.replace("lambda.", "glue."))),
    Drift(ROLE, "maxSessionDuration", lambda c, i: c("iam").update_role(
        RoleName=i, MaxSessionDuration=7200, Description="d")),
    Drift(ROLE, "permissionsBoundary",
          lambda c, i: c("iam").put_role_permissions_boundary(RoleName=i, PermissionsBoundary=BOUNDARY)),
    Drift(ROLE, "tags", lambda c, i: c("iam").tag_role(RoleName=i, Tags=TAG)),
    Drift("role with policies", "permissionsBoundary",
          lambda c, i: c("iam").delete_role_permissions_boundary(RoleName=i)),
    Drift("role with policies", "inlinePolicies",
          lambda c, i: c("iam").put_role_policy(RoleName=i, PolicyName="three", PolicyDocument=ALLOW)),
    Drift("role with policies", "inlinePolicies",
          lambda c, i: c("iam").put_role_policy(RoleName=i, PolicyName="one", PolicyDocument=OTHER)),
    Drift("role with policies", "managedPolicyArns",
          lambda c, i: c("iam").detach_role_policy(RoleName=i, PolicyArn=BOUNDARY)),
    Drift("aws:iam/rolePolicy:RolePolicy", "policy", lambda c, _: c("iam").put_role_policy(
        RoleName="worker", PolicyName="own", PolicyDocument=OTHER)),
    Drift(GROUP, "retentionInDays", _group("put_retention_policy", retentionInDays=1)),
    Drift(ALARM, "alarmActions", _another_alarm(AlarmActions=[])),
    Drift(ALARM, "threshold", _another_alarm(Threshold=100.0)),
    Drift("aws:cloudwatch/dashboard:Dashboard", "dashboardBody", lambda c, i: c("cloudwatch").put_dashboard(
        DashboardName=i, DashboardBody='{"widgets": [{"type": "text", "properties": {"markdown": "by hand"}}]}')),
    Drift(GROUP, "retentionInDays", _group("delete_retention_policy")),
    Drift(GROUP, "kmsKeyId", _group("associate_kms_key", kmsKeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/x")),
    Drift(GROUP, "tags", _group("untag_log_group", tags=["cost", "team"])),
    Drift("log group with a key", "kmsKeyId", _group("disassociate_kms_key")),
    Drift("log group with a key", "retentionInDays", _group("put_retention_policy", retentionInDays=1)),
    Drift(TRAIL, "isMultiRegionTrail", _trail(IsMultiRegionTrail=True)),
    Drift(TRAIL, "includeGlobalServiceEvents", _trail(IncludeGlobalServiceEvents=False)),
    Drift(TRAIL, "s3KeyPrefix", _trail(S3KeyPrefix="by-hand")),
    Drift(TRAIL, "enableLogging", lambda c, _: c("cloudtrail").stop_logging(Name="audit")),
    Drift(TRAIL, "eventSelectors", lambda c, _: c("cloudtrail").put_event_selectors(
        TrailName="audit", EventSelectors=[{"ReadWriteType": "ReadOnly"}])),
    Drift(TRAIL, "advancedEventSelectors", lambda c, _: c("cloudtrail").put_event_selectors(
        TrailName="audit", AdvancedEventSelectors=[
            {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}])),
    Drift(TRAIL, "insightSelectors", lambda c, _: c("cloudtrail").put_insight_selectors(
        TrailName="audit", InsightSelectors=[{"InsightType": "ApiErrorRateInsight"}])),
    Drift(TRAIL, "tags", lambda c, _: c("cloudtrail").add_tags(
        ResourceId=TRAIL_ARN, TagsList=[{"Key": "by-hand", "Value": "1"}])),
    Drift("trail of data", "advancedEventSelectors", lambda c, _: c("cloudtrail").put_event_selectors(
        TrailName="data", AdvancedEventSelectors=[
            {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}])),
    Drift(FUNCTION, "timeout", _configured(Timeout=60)),
    Drift(FUNCTION, "description", _configured(Description="by hand")),
    Drift(FUNCTION, "environment", _configured(Environment={"Variables": {"BY": "hand"}})),
    Drift(FUNCTION, "layers", _configured(Layers=[f"arn:aws:lambda:{REGION}:999999999999:layer:public:1"])),
    Drift(FUNCTION, "tracingConfig", _configured(TracingConfig={"Mode": "Active"})),
    Drift(FUNCTION, "code",
          lambda c, i: c("lambda").update_function_code(FunctionName=i, ZipFile=_zip(), Publish=True)),
    Drift(FUNCTION, "reservedConcurrentExecutions",
          lambda c, i: c("lambda").delete_function_concurrency(FunctionName=i)),
    Drift(FUNCTION, "tags", lambda c, _: c("lambda").tag_resource(Resource=FUNCTION_ARN, Tags={"by": "hand"})),
    Drift("full function", "environment", _configured(Environment={"Variables": {}})),
    Drift("full function", "timeout", _configured(Timeout=3)),
    Drift("full function", "layers", _configured(Layers=[])),
    Drift("full function", "reservedConcurrentExecutions", lambda c, i: c("lambda").put_function_concurrency(
        FunctionName=i, ReservedConcurrentExecutions=1)),
    Drift("aws:lambda/alias:Alias", "functionVersion", lambda c, _: c("lambda").update_alias(
        FunctionName="worker", Name="live", FunctionVersion="$LATEST")),
    Drift("aws:lambda/alias:Alias", "routingConfig", lambda c, _: c("lambda").update_alias(
        FunctionName="worker", Name="live", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})),
    Drift(URL, "authorizationType",
          lambda c, _: c("lambda").update_function_url_config(FunctionName="worker", AuthType="NONE")),
    Drift(URL, "cors", lambda c, _: c("lambda").update_function_url_config(
        FunctionName="worker", Cors={"AllowOrigins": ["https://a"]})),
    Drift("aws:lambda/permission:Permission", "principal", _another_principal, replaces=True),
    Drift(TABLE, "ttl", _table("update_time_to_live",
                               TimeToLiveSpecification={"AttributeName": "end", "Enabled": False})),
    Drift(TABLE, "pointInTimeRecovery", _table("update_continuous_backups", PointInTimeRecoverySpecification={
        "PointInTimeRecoveryEnabled": False})),
    Drift(TABLE, "deletionProtectionEnabled", _table("update_table", DeletionProtectionEnabled=True)),
    Drift(TABLE, "tags", lambda c, _: c("dynamodb").tag_resource(ResourceArn=TABLE_ARN, Tags=TAG)),
    Drift("full table", "readCapacity", _table("update_table", ProvisionedThroughput={
        "ReadCapacityUnits": 9, "WriteCapacityUnits": 2})),
    Drift("full table", "pointInTimeRecovery", _table(
        "update_continuous_backups", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})),
    Drift("aws:dynamodb/tableItem:TableItem", "item", lambda c, _: c("dynamodb").put_item(
        TableName="items", Item={"id": {"S": "1"}, "by": {"S": "hand"}})),
    Drift(STREAM, "extendedS3Configuration", _prefix),
    Drift(STREAM, "serverSideEncryption", lambda c, _: c("firehose").start_delivery_stream_encryption(
        DeliveryStreamName="decisions",
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"})),
    Drift(STREAM, "tags", lambda c, _: c("firehose").tag_delivery_stream(
        DeliveryStreamName="decisions", Tags=TAG)),
    Drift("encrypted stream", "serverSideEncryption", lambda c, _: c("firehose").stop_delivery_stream_encryption(
        DeliveryStreamName="secret")),
    Drift(SECRET, "description", lambda c, i: c("secretsmanager").update_secret(
        SecretId=i, Description="by hand")),
    Drift(SECRET, "policy", lambda c, i: c("secretsmanager").put_resource_policy(
        SecretId=i, ResourcePolicy=ALLOW)),
    Drift(SECRET, "tags", lambda c, i: c("secretsmanager").tag_resource(SecretId=i, Tags=TAG)),
    Drift("full secret", "policy", lambda c, i: c("secretsmanager").delete_resource_policy(SecretId=i)),
    Drift("aws:secretsmanager/secretVersion:SecretVersion", "versionStages", _another_version, replaces=True),
    Drift(QUERY, "query", lambda c, i: c("athena").update_named_query(
        NamedQueryId=i, Name="who", QueryString="SELECT 2"), replaces=True),
    Drift(WORKGROUP, "state", _workgroup(State="DISABLED")),
    Drift(WORKGROUP, "description", _workgroup(Description="by hand")),
    Drift(WORKGROUP, "configuration", _workgroup(
        ConfigurationUpdates={"ResultConfigurationUpdates": {"OutputLocation": "s3://things/by-hand/"}})),
    Drift("full workgroup", "configuration",
          _workgroup(ConfigurationUpdates={"BytesScannedCutoffPerQuery": 20000000})),
    Drift(DATABASE, "description", lambda c, _: c("glue").update_database(
        Name="sales", DatabaseInput={"Name": "sales", "Description": "by hand"})),
    Drift(DATABASE, "tags", lambda c, _: c("glue").tag_resource(
        ResourceArn=f"arn:aws:glue:{REGION}:{ACCOUNT}:database/sales", TagsToAdd={"by": "hand"})),
    Drift("aws:glue/catalogTable:CatalogTable", "storageDescriptor", _columns),
    Drift(TOPICS, "displayName", _topic("DisplayName", "by hand")),
    Drift(TOPICS, "kmsMasterKeyId", _topic("KmsMasterKeyId", "")),
    Drift(TOPICS, "tags", lambda c, i: c("sns").tag_resource(ResourceArn=i, Tags=TAG)),
    Drift("topic with a policy", "policy", _topic("Policy", OTHER)),
    Drift("aws:sns/topicPolicy:TopicPolicy", "policy", _topic("Policy", OTHER)),
    Drift(QUEUES, "visibilityTimeoutSeconds", _queue(VisibilityTimeout="1")),
    Drift(QUEUES, "policy", _queue(Policy="")),
    Drift(QUEUES, "delaySeconds", _queue(DelaySeconds="7")),
    Drift(QUEUES, "redrivePolicy", _queue(RedrivePolicy=json.dumps(
        {"deadLetterTargetArn": QUEUE, "maxReceiveCount": 3}))),
    Drift(QUEUES, "tags", lambda c, i: c("sqs").tag_queue(QueueUrl=i, Tags={"by": "hand"})),
    Drift(BUDGET, "limitAmount", _budget(BudgetLimit={"Amount": "1", "Unit": "USD"})),
    Drift(BUDGET, "costFilters", _budget(CostFilters={"Region": ["us-east-1"]})),
    Drift(BUDGET, "notifications", lambda c, i: c("budgets").delete_notification(
        AccountId=ACCOUNT, BudgetName="support", Notification={
            "NotificationType": "FORECASTED", "ComparisonOperator": "GREATER_THAN", "Threshold": 80,
            "ThresholdType": "PERCENTAGE"})),
    Drift(BUDGET, "tags", lambda c, i: c("budgets").tag_resource(
        ResourceARN=f"arn:aws:budgets::{ACCOUNT}:budget/support", ResourceTags=[{"Key": "by", "Value": "hand"}])),
    Drift(SCHEDULES, "tags", lambda c, i: c("scheduler").tag_resource(
        ResourceArn=f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{i}", Tags=[{"Key": "by", "Value": "hand"}])),
    Drift(SCHEDULE, "state", _schedule(State="DISABLED")),
    Drift(SCHEDULE, "scheduleExpression", _schedule(ScheduleExpression="rate(1 hour)")),
    Drift(SCHEDULE, "target", _schedule(Target={"Arn": QUEUE, "RoleArn": QUEUE})),
    Drift(RULE, "state", lambda c, i: c("events").disable_rule(Name=i)),
    Drift(RULE, "eventPattern", lambda c, i: c("events").put_rule(
        Name=i, Description="d", EventPattern='{"source": ["aws.none"]}')),
    Drift(RULE, "tags", lambda c, i: c("events").tag_resource(
        ResourceARN=f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{i}", Tags=[{"Key": "by", "Value": "hand"}])),
    Drift("aws:cloudwatch/eventTarget:EventTarget", "arn", _another_target),
    Drift("full queue", "kmsMasterKeyId", _queue(KmsMasterKeyId="")),
    Drift(SUBSCRIPTION, "filterPolicy", lambda c, i: c("sns").set_subscription_attributes(
        SubscriptionArn=i, AttributeName="FilterPolicy", AttributeValue='{"kind": ["b"]}')),
    Drift(SUBSCRIPTION, "rawMessageDelivery", lambda c, i: c("sns").set_subscription_attributes(
        SubscriptionArn=i, AttributeName="RawMessageDelivery", AttributeValue="true")),
]  # fmt: skip
