"""A program with one resource of every type of pulumi_aws the engine makes."""

import json

import pulumi
import pulumi_aws as aws

ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
TLS_ONLY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::things", "arn:aws:s3:::things/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
            }
        ],
    }
)
TAGS = {"team": "support"}

key = aws.kms.Key("key", description="d", enable_key_rotation=True, deletion_window_in_days=7, tags=TAGS)
aws.kms.Alias("alias", name="alias/main", target_key_id=key.key_id)

bucket = aws.s3.Bucket("bucket", bucket="things", object_lock_enabled=True, force_destroy=True, tags=TAGS)
here = {"bucket": bucket.bucket}
versioning = aws.s3.BucketVersioning("versioning", versioning_configuration={"status": "Enabled"}, **here)
aws.s3.BucketServerSideEncryptionConfiguration(
    "encryption",
    rules=[
        {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": key.arn,
            },
            "bucket_key_enabled": True,
        }
    ],
    **here,
)
aws.s3.BucketPublicAccessBlock(
    "block",
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
    **here,
)
aws.s3.BucketObjectLockConfiguration(
    "lock", rule={"default_retention": {"mode": "GOVERNANCE", "days": 400}}, **here
)
aws.s3.BucketLifecycleConfiguration(
    "lifecycle",
    rules=[
        {
            "id": "expire",
            "status": "Enabled",
            "expiration": {"days": 500},
            "filter": {"and": {"prefix": "x/", "tags": TAGS}},
            "transitions": [{"days": 90, "storage_class": "GLACIER_IR"}],
            "noncurrent_version_expiration": {"noncurrent_days": 30},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
    ],
    **here,
)
aws.s3.BucketOwnershipControls("ownership", rule={"object_ownership": "BucketOwnerEnforced"}, **here)
stored = aws.s3.BucketObjectv2(
    "object",
    key="a/b.txt",
    content="hello",
    content_type="text/plain",
    tags=TAGS,
    opts=pulumi.ResourceOptions(depends_on=[versioning]),
    **here,
)
# After the object: moto refuses all that a policy denies, whatever its conditions say.
aws.s3.BucketPolicy("policy", policy=TLS_ONLY, opts=pulumi.ResourceOptions(depends_on=[stored]), **here)

role = aws.iam.Role(
    "role",
    name="worker",
    path="/corral/",
    assume_role_policy=TRUST,
    permissions_boundary="arn:aws:iam::123456789012:policy/boundary",
    max_session_duration=3600,
    tags=TAGS,
)
aws.iam.RolePolicy("inline", name="inline", role=role.name, policy=ALLOW)
managed = aws.iam.Policy("managed", name="managed", path="/corral/", policy=ALLOW, description="d", tags=TAGS)
aws.iam.RolePolicyAttachment("attached", role=role.name, policy_arn=managed.arn)

logs = aws.cloudwatch.LogGroup(
    "logs", name="/aws/lambda/worker", retention_in_days=400, kms_key_id=key.arn, skip_destroy=True, tags=TAGS
)
trail = aws.cloudtrail.Trail(
    "trail",
    name="audit",
    s3_bucket_name=bucket.bucket,
    is_multi_region_trail=True,
    enable_log_file_validation=True,
    kms_key_id=key.arn,
    cloud_watch_logs_group_arn=pulumi.Output.concat(logs.arn, ":*"),
    cloud_watch_logs_role_arn=role.arn,
    tags=TAGS,
    advanced_event_selectors=[
        {
            "name": "objects",
            "field_selectors": [
                {"field": "eventCategory", "equals": ["Data"]},
                {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                {"field": "resources.ARN", "starts_withs": [bucket.arn.apply(lambda arn: arn + "/")]},
            ],
        }
    ],
)

function = aws.lambda_.Function(
    "function",
    name="worker",
    role=role.arn,
    runtime="python3.13",
    handler="app.handler",
    timeout=5,
    memory_size=256,
    publish=True,
    kms_key_arn=key.arn,
    code=pulumi.AssetArchive({"app.py": pulumi.StringAsset("def handler(e, c): return e")}),
    environment={"variables": {"MODE": "test", "camelCase": "kept"}},
    tracing_config={"mode": "Active"},
    reserved_concurrent_executions=2,
    architectures=["arm64"],
    tags=TAGS,
)
live = aws.lambda_.Alias("live", name="live", function_name=function.name, function_version=function.version)
url = aws.lambda_.FunctionUrl(
    "url",
    function_name=function.name,
    qualifier=live.name,
    authorization_type="AWS_IAM",
    cors={"allow_origins": ["https://example.com"], "max_age": 60},
)
aws.lambda_.Permission(
    "permission",
    function=function.name,
    action="lambda:InvokeFunction",
    principal="s3.amazonaws.com",
    source_arn=bucket.arn,
    source_account="123456789012",
    statement_id="s3",
)

table = aws.dynamodb.Table(
    "table",
    name="table",
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    range_key="at",
    attributes=[{"name": n, "type": "S"} for n in ("id", "at", "owner")],
    tags=TAGS,
    global_secondary_indexes=[{"name": "by-owner", "hash_key": "owner", "projection_type": "ALL"}],
    server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
    point_in_time_recovery={"enabled": True},
    ttl={"attribute_name": "expires", "enabled": True},
    stream_enabled=True,
    stream_view_type="NEW_IMAGE",
)
aws.dynamodb.TableItem(
    "item",
    table_name=table.name,
    hash_key="id",
    range_key="at",
    item=json.dumps({"id": {"S": "1"}, "at": {"S": "now"}, "n": {"N": "5"}}),
)

stream = aws.kinesis.FirehoseDeliveryStream(
    "stream",
    name="decisions",
    destination="extended_s3",
    tags=TAGS,
    extended_s3_configuration={
        "role_arn": role.arn,
        "bucket_arn": bucket.arn,
        "prefix": "p/",
        "error_output_prefix": "e/",
        "buffering_size": 5,
        "buffering_interval": 60,
        "compression_format": "GZIP",
        "kms_key_arn": key.arn,
        "cloudwatch_logging_options": {"enabled": True, "log_group_name": logs.name, "log_stream_name": "s"},
    },
    server_side_encryption={"enabled": True, "key_type": "CUSTOMER_MANAGED_CMK", "key_arn": key.arn},
)

secret = aws.secretsmanager.Secret(
    "secret", name="corral/key", kms_key_id=key.arn, recovery_window_in_days=7, policy=ALLOW, tags=TAGS
)
aws.secretsmanager.SecretVersion("value", secret_id=secret.arn, secret_string="s3cret")

workgroup = aws.athena.Workgroup(
    "workgroup",
    name="warehouse",
    force_destroy=True,
    tags=TAGS,
    configuration={
        "enforce_workgroup_configuration": True,
        "bytes_scanned_cutoff_per_query": 10000000,
        "result_configuration": {
            "output_location": "s3://things/results/",
            "encryption_configuration": {"encryption_option": "SSE_KMS", "kms_key_arn": key.arn},
        },
    },
)
aws.athena.NamedQuery(
    "query",
    name="who",
    description="d",
    database="sales",
    workgroup=workgroup.name,
    query="SELECT 1",
)
database = aws.glue.CatalogDatabase("database", name="sales", description="d", tags=TAGS)
orders = aws.glue.CatalogTable(
    "orders",
    name="orders",
    database_name=database.name,
    table_type="EXTERNAL_TABLE",
    parameters={"skip.header.line.count": "1"},
    partition_keys=[{"name": "day", "type": "string"}],
    storage_descriptor={
        "location": "s3://things/orders/",
        "input_format": "in",
        "output_format": "out",
        "columns": [{"name": "id", "type": "string", "comment": "c"}],
        "ser_de_info": {"serialization_library": "lib", "parameters": {"field.delim": ","}},
    },
)

topic = aws.sns.Topic("topic", name="alerts", kms_master_key_id=key.arn, display_name="Alerts", tags=TAGS)
aws.sns.TopicPolicy("topic-policy", arn=topic.arn, policy=ALLOW)
aws.cloudwatch.MetricAlarm(
    "alarm",
    name="worker/errors",
    alarm_description="d",
    namespace="AWS/Lambda",
    metric_name="Errors",
    dimensions={"FunctionName": "worker"},
    statistic="Sum",
    period=300,
    evaluation_periods=1,
    datapoints_to_alarm=1,
    threshold=1,
    comparison_operator="GreaterThanOrEqualToThreshold",
    treat_missing_data="notBreaching",
    alarm_actions=[topic.arn],
    ok_actions=[topic.arn],
    actions_enabled=True,
    tags=TAGS,
)
aws.cloudwatch.MetricAlarm(
    "highest",
    name="worker/highest",
    alarm_actions=[topic.arn],
    treat_missing_data="ignore",
    evaluation_periods=1,
    threshold=1,
    comparison_operator="GreaterThanOrEqualToThreshold",
    metric_queries=[
        {
            "id": "m1",
            "metric": {
                "namespace": "Corral",
                "metric_name": "Score",
                "dimensions": {"Agent": "a"},
                "period": 3600,
                "stat": "Maximum",
            },
        },
        {"id": "highest", "expression": "MAX(METRICS())", "label": "worst", "return_data": True},
    ],
)
aws.cloudwatch.Dashboard(
    "dashboard",
    dashboard_name="overview",
    dashboard_body='{"widgets": [{"type": "text", "properties": {"markdown": "all"}}]}',
)
queue = aws.sqs.Queue(
    "queue",
    name="jobs",
    visibility_timeout_seconds=60,
    kms_master_key_id=key.arn,
    redrive_policy=None,
    tags=TAGS,
)
aws.sns.TopicSubscription(
    "subscription", topic=topic.arn, protocol="sqs", endpoint=queue.arn, raw_message_delivery=True
)
aws.sqs.Queue("unnamed", kms_master_key_id=key.arn)
group = aws.scheduler.ScheduleGroup("group", name="reports", tags=TAGS)
schedule = aws.scheduler.Schedule(
    "schedule",
    name="weekly",
    group_name=group.name,
    schedule_expression="cron(0 8 ? * MON *)",
    flexible_time_window={"mode": "OFF"},
    kms_key_arn=key.arn,
    target={
        "arn": live.arn,
        "role_arn": role.arn,
        "input": "{}",
        "retry_policy": {"maximum_retry_attempts": 3},
        "dead_letter_config": {"arn": queue.arn},
    },
)
budget = aws.budgets.Budget(
    "budget",
    name="support",
    budget_type="COST",
    time_unit="MONTHLY",
    limit_amount="400",
    limit_unit="USD",
    cost_filters=[{"name": "TagKeyValue", "values": ["user:team$support"]}],
    cost_types={"include_credit": False},
    notifications=[
        {
            "notification_type": kind,
            "comparison_operator": "GREATER_THAN",
            "threshold": 100,
            "threshold_type": "PERCENTAGE",
            "subscriber_sns_topic_arns": [topic.arn],
        }
        for kind in ("FORECASTED", "ACTUAL")
    ],
    tags=TAGS,
)
rule = aws.cloudwatch.EventRule(
    "rule", name="changes", description="d", event_pattern='{"source": ["aws.iam"]}', tags=TAGS
)
aws.cloudwatch.EventTarget(
    "rule-target",
    rule=rule.name,
    target_id="topic",
    arn=topic.arn,
    input_transformer={
        "input_paths": {"What": "$.detail.eventName"},
        "input_template": '"<What> was called"',
    },
    retry_policy={"maximum_retry_attempts": 5, "maximum_event_age_in_seconds": 60},
    dead_letter_config={"arn": queue.arn},
)

for name, value in {
    "key": key.arn,
    "bucket": bucket.arn,
    "object": stored.version_id,
    "role": role.arn,
    "logs": logs.arn,
    "managed": managed.arn,
    "trail": trail.arn,
    "version": function.version,
    "function": function.arn,
    "live": live.arn,
    "invoke": live.invoke_arn,
    "hash": function.code_sha256,
    "url": url.function_url,
    "url_id": url.url_id,
    "table": table.arn,
    "table_stream": table.stream_arn,
    "stream": stream.arn,
    "secret": secret.arn,
    "workgroup": workgroup.arn,
    "database": database.arn,
    "orders": orders.arn,
    "topic": topic.arn,
    "queue": queue.url,
    "group": group.arn,
    "schedule": schedule.arn,
    "rule": rule.arn,
    "budget": budget.arn,
    "made": role.unique_id,
}.items():
    pulumi.export(name, value)
