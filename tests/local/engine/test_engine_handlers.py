"""Every supported type of pulumi_aws, through the real SDK, and what is then really there."""

import inspect
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import botocore.session
import pulumi_aws as aws
import pytest
from pulumi import _types

from corral.local.engine.aws import HANDLERS

ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    ],
}

EVERY_TYPE = Path(__file__).with_name("every_type.py")


def test_every_type_is_really_made(evaluate, client):
    result = evaluate.one(EVERY_TYPE.read_text())
    assert [str(error) for error in result.errors] == []
    assert {resource.type for resource in result.resources} == set(HANDLERS)
    outputs = result.outputs
    assert outputs["role"] == "arn:aws:iam::123456789012:role/corral/worker"
    assert outputs["live"] == "arn:aws:lambda:us-east-1:123456789012:function:worker:live"
    assert outputs["invoke"] == (
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + outputs["live"] + "/invocations"
    )
    assert outputs["version"] == "1"
    assert outputs["url_id"] in outputs["url"]

    kms, s3, iam, functions = client("kms"), client("s3"), client("iam"), client("lambda")
    assert kms.get_key_rotation_status(KeyId=outputs["key"])["KeyRotationEnabled"]
    assert kms.describe_key(KeyId="alias/main")["KeyMetadata"]["Arn"] == outputs["key"]
    assert s3.get_bucket_versioning(Bucket="things")["Status"] == "Enabled"
    rule = s3.get_bucket_encryption(Bucket="things")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == outputs["key"]
    assert all(s3.get_public_access_block(Bucket="things")["PublicAccessBlockConfiguration"].values())
    lock = s3.get_object_lock_configuration(Bucket="things")["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Days"] == 400
    (denied,) = json.loads(s3.get_bucket_policy(Bucket="things")["Policy"])["Statement"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    s3.delete_bucket_policy(Bucket="things")  # moto denies without a look at conditions
    (expiry,) = s3.get_bucket_lifecycle_configuration(Bucket="things")["Rules"]
    assert expiry["Expiration"] == {"Days": 500}
    assert expiry["Transitions"] == [{"Days": 90, "StorageClass": "GLACIER_IR"}]
    assert expiry["Filter"]["And"]["Tags"] == [{"Key": "team", "Value": "support"}]
    assert (
        s3.head_object(Bucket="things", Key="a/b.txt", VersionId=outputs["object"])["ContentType"]
        == "text/plain"
    )
    assert s3.get_bucket_ownership_controls(Bucket="things")["OwnershipControls"]["Rules"]

    made = iam.get_role(RoleName="worker")["Role"]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("policy/boundary")
    assert iam.get_role_policy(RoleName="worker", PolicyName="inline")["PolicyDocument"] == ALLOW
    (attached,) = iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]
    assert attached["PolicyArn"] == outputs["managed"]

    made = client("scheduler").get_schedule(GroupName="reports", Name="weekly")
    assert made["Arn"] == outputs["schedule"]
    assert (made["State"], made["ScheduleExpressionTimezone"]) == ("ENABLED", "UTC")
    assert made["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 3}
    assert made["Target"]["RoleArn"] == outputs["role"]

    account = outputs["budget"].split(":")[4]
    made = client("budgets").describe_budget(AccountId=account, BudgetName="support")["Budget"]
    assert outputs["budget"] == f"arn:aws:budgets::{account}:budget/support"
    assert made["BudgetLimit"] == {"Amount": "400", "Unit": "USD"}
    assert made["CostFilters"] == {"TagKeyValue": ["user:team$support"]}
    alert, _ = client("budgets").describe_notifications_for_budget(AccountId=account, BudgetName="support")[
        "Notifications"
    ]
    assert (alert["NotificationType"], alert["Threshold"]) == ("FORECASTED", 100)

    made = client("events").describe_rule(Name="changes")
    assert (made["Arn"], made["State"]) == (outputs["rule"], "ENABLED")
    (target,) = client("events").list_targets_by_rule(Rule="changes")["Targets"]
    assert target["InputTransformer"]["InputPathsMap"] == {"What": "$.detail.eventName"}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 60}

    simple, highest = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert simple["AlarmActions"] == simple["OKActions"] == [outputs["topic"]]
    assert (simple["Dimensions"], simple["TreatMissingData"]) == (
        [{"Name": "FunctionName", "Value": "worker"}],
        "notBreaching",
    )
    measured, expression = highest["Metrics"]
    assert measured["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "Agent", "Value": "a"}]
    assert (expression["Expression"], expression["ReturnData"]) == ("MAX(METRICS())", True)

    (group,) = client("logs").describe_log_groups()["logGroups"]
    assert (group["retentionInDays"], group["kmsKeyId"]) == (400, outputs["key"])
    cloudtrail = client("cloudtrail")
    assert cloudtrail.get_trail_status(Name=outputs["trail"])["IsLogging"]
    (selector,) = cloudtrail.get_event_selectors(TrailName="audit")["AdvancedEventSelectors"]
    assert selector["FieldSelectors"][2] == {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::things/"]}

    code = functions.get_function(FunctionName="worker")
    assert code["Configuration"]["Environment"]["Variables"] == {"MODE": "test", "camelCase": "kept"}
    assert code["Configuration"]["TracingConfig"]["Mode"] == "Active"
    assert code["Configuration"]["CodeSha256"] == outputs["hash"]
    assert code["Concurrency"]["ReservedConcurrentExecutions"] == 2
    assert functions.get_alias(FunctionName="worker", Name="live")["FunctionVersion"] == "1"
    (statement,) = json.loads(functions.get_policy(FunctionName="worker")["Policy"])["Statement"]
    assert statement["Sid"] == "s3"

    dynamodb = client("dynamodb")
    described = dynamodb.describe_table(TableName="table")["Table"]
    assert described["SSEDescription"]["KMSMasterKeyArn"] == outputs["key"]
    assert described["GlobalSecondaryIndexes"][0]["IndexName"] == "by-owner"
    expiring = dynamodb.describe_time_to_live(TableName="table")["TimeToLiveDescription"]
    assert (expiring["TimeToLiveStatus"], expiring["AttributeName"]) == ("ENABLED", "expires")
    key = {"id": {"S": "1"}, "at": {"S": "now"}}
    assert dynamodb.get_item(TableName="table", Key=key)["Item"]["n"] == {"N": "5"}

    stream = client("firehose").describe_delivery_stream(DeliveryStreamName="decisions")
    target = stream["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert target["CompressionFormat"] == "GZIP"
    assert client("secretsmanager").get_secret_value(SecretId="corral/key")["SecretString"] == "s3cret"
    group = client("athena").get_work_group(WorkGroup="warehouse")["WorkGroup"]["Configuration"]
    assert group["ResultConfiguration"]["OutputLocation"] == "s3://things/results/"
    table = client("glue").get_table(DatabaseName="sales", Name="orders")["Table"]
    assert table["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {"field.delim": ","}
    assert table["Parameters"] == {"skip.header.line.count": "1"}
    sns = client("sns")
    assert sns.get_topic_attributes(TopicArn=outputs["topic"])["Attributes"]["DisplayName"] == "Alerts"
    (subscribed,) = sns.list_subscriptions()["Subscriptions"]
    assert subscribed["Endpoint"].endswith(":jobs")
    queues = client("sqs").list_queues()["QueueUrls"]
    named_by_us = [url.rsplit("/", 1)[1] for url in queues if "/unnamed-" in url]
    assert named_by_us == ["unnamed-" + named_by_us[0][-7:]]


def test_a_physical_name_made_up_is_the_same_every_run(evaluate, client):
    program = f'import pulumi_aws as aws\naws.iam.Policy("p" * 200, policy="""{json.dumps(ALLOW)}""")'
    first = evaluate.one(program).resources[0].outputs["name"]
    client("iam").delete_policy(PolicyArn=f"arn:aws:iam::123456789012:policy/{first}")
    assert evaluate.one(program).resources[0].outputs["name"] == first
    assert len(first) == 128


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (
            'aws.cloudwatch.LogGroup("l", name="l", retention_in_days=200, kms_key_id="k")',
            "retentionInDays is 200",
        ),
        (
            'aws.lambda_.Function("f", name="f", role="r", handler="h", runtime="python3.13",'
            'kms_key_arn="k", tracing_config={"mode": "Active"}, reserved_concurrent_executions=1)',
            "exactly one of code and s3Bucket must be set",
        ),
        (
            'aws.sqs.Queue("q", name="q", name_prefix="q", kms_master_key_id="k")',
            "name and namePrefix exclude each other",
        ),
        (
            'aws.s3.BucketObjectv2("o", bucket="b", key="k", source=pulumi.FileAsset("nowhere.txt"))',
            "there is no file",
        ),
        (
            'aws.s3.BucketLifecycleConfiguration("l", bucket="b", rules=[{"id": "x", "status": "On"}])',
            "LifecycleConfiguration.Rules[0].Status: 'On' is not one of Enabled, Disabled",
        ),
        (
            'aws.dynamodb.TableItem("i", table_name="t", hash_key="id", item="{}")',
            "item has no attribute 'id'",
        ),
    ],
)
def test_bad_inputs_are_refused_with_words(evaluate, program, expected):
    (error,) = evaluate.one(f"import pulumi, pulumi_aws as aws\n{program}").errors
    assert expected in error.message


def test_the_same_files_make_the_same_function_code(evaluate, client):
    program = """
import os, pulumi, pulumi_aws as aws
os.makedirs("src/lib/__pycache__", exist_ok=True)
for name in ("src/lib/b.py", "src/lib/a.py", f"src/lib/__pycache__/{os.getpid()}.pyc"):
    open(name, "w").write("x = 1")
    os.utime(name, (os.getpid(), os.getpid()))
os.chmod("src/lib/a.py", 0o700 if os.getpid() % 2 else 0o644)
function = aws.lambda_.Function("f", name="f", role="arn:aws:iam::123456789012:role/r", handler="lib.a.h",
    runtime="python3.13", kms_key_arn="arn:aws:kms:us-east-1:123456789012:key/k",
    tracing_config={"mode": "Active"}, reserved_concurrent_executions=1,
    code=pulumi.AssetArchive({"functions": pulumi.FileArchive("src")}))
pulumi.export("hash", function.code_sha256)
"""
    hashes = set()
    for _ in range(2):
        client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
        result = evaluate.one(program)
        assert result.ok, result.errors
        hashes.add(result.outputs["hash"])
        client("lambda").delete_function(FunctionName="f")
        client("iam").delete_role(RoleName="r")
    assert len(hashes) == 1


BLOCKS = [
    (
        aws.s3.BucketObjectLockConfigurationRuleArgs,
        "s3",
        "PutObjectLockConfiguration",
        "ObjectLockConfiguration.Rule",
    ),
    (
        aws.s3.BucketLifecycleConfigurationRuleArgs,
        "s3",
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration.Rules",
    ),
    (aws.s3.BucketOwnershipControlsRuleArgs, "s3", "PutBucketOwnershipControls", "OwnershipControls.Rules"),
    (aws.cloudtrail.TrailEventSelectorArgs, "cloudtrail", "PutEventSelectors", "EventSelectors"),
    (aws.cloudtrail.TrailInsightSelectorArgs, "cloudtrail", "PutInsightSelectors", "InsightSelectors"),
    (aws.lambda_.FunctionVpcConfigArgs, "lambda", "CreateFunction", "VpcConfig"),
    (aws.lambda_.FunctionDeadLetterConfigArgs, "lambda", "CreateFunction", "DeadLetterConfig"),
    (aws.lambda_.FunctionTracingConfigArgs, "lambda", "CreateFunction", "TracingConfig"),
    (aws.lambda_.FunctionEphemeralStorageArgs, "lambda", "CreateFunction", "EphemeralStorage"),
    (aws.lambda_.FunctionSnapStartArgs, "lambda", "CreateFunction", "SnapStart"),
    (aws.lambda_.FunctionLoggingConfigArgs, "lambda", "CreateFunction", "LoggingConfig"),
    (aws.lambda_.FunctionUrlCorsArgs, "lambda", "CreateFunctionUrlConfig", "Cors"),
    (
        aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationProcessingConfigurationArgs,
        "firehose",
        "CreateDeliveryStream",
        "ExtendedS3DestinationConfiguration.ProcessingConfiguration",
    ),
    (
        aws.glue.CatalogTableStorageDescriptorSortColumnArgs,
        "glue",
        "CreateTable",
        "TableInput.StorageDescriptor.SortColumns",
    ),
]
# Outputs that are also inputs in the SDK's types, and the one key the handler renames itself.
_NOT_SENT = {"vpcId", "optimizationStatus", "id"}


@pytest.mark.parametrize(
    ("block", "service", "operation", "path"), BLOCKS, ids=lambda value: str(value)[-30:]
)
def test_blocks_converted_as_they_are_have_the_apis_spelling(block, service, operation, path):
    """A block whose keys differ from the API's in more than the first letter must be converted by hand."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    for part in path.split("."):
        shape = _element(_element(shape).members[part])
    assert list(_misspelt(block, shape, path)) == []


def _element(shape: Any) -> Any:
    while shape.type_name == "list":
        shape = shape.member
    return shape


def _misspelt(block: Any, shape: Any, path: str) -> Iterator[str]:
    for name, declared in _types.input_type_types(block).items():
        api_name = name[:1].upper() + name[1:]
        if name in _NOT_SENT:
            continue
        if api_name not in shape.members:
            yield f"{path}.{name}"
            continue
        inner = _types.unwrap_type(declared)
        while get_origin(inner) in (list, Sequence):
            inner = _types.unwrap_type(get_args(inner)[0])
        member = _element(shape.members[api_name])
        if inspect.isclass(inner) and _types.is_input_type(inner) and member.type_name == "structure":
            yield from _misspelt(inner, member, f"{path}.{name}")
