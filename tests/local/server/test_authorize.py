"""IAM at work: a role does what its policies allow, over real HTTP, and is refused the rest by name."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.server.conftest import ACCOUNT, REGION, Server, code_of, status_of
from tests.local.server.support import function


def allow(actions: Any, resources: Any, **other: Any) -> dict:
    return {"Effect": "Allow", "Action": actions, "Resource": resources} | other


def refused(call: Any, action: str, resource: str, code: str = "AccessDeniedException") -> None:
    with pytest.raises(ClientError) as error:
        call()
    assert (code_of(error), status_of(error)) == (code, 403)
    assert f"is not authorized to perform: {action} on resource: {resource} " in str(error.value)


@pytest.fixture
def table(server: Server, name: str) -> str:
    server.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def test_dynamodb(server: Server, table: str) -> None:
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    db = server.as_role(server.role([allow("dynamodb:PutItem", arn)]))("dynamodb")
    item = {"id": {"S": "1"}}
    db.put_item(TableName=table, Item=item)
    refused(lambda: db.get_item(TableName=table, Key=item), "dynamodb:GetItem", arn)
    refused(
        lambda: db.put_item(TableName="other", Item=item), "dynamodb:PutItem", arn.replace(table, "other")
    )
    db.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": item}}])
    delete = {"Delete": {"TableName": table, "Key": item}}
    refused(lambda: db.transact_write_items(TransactItems=[delete]), "dynamodb:DeleteItem", arn)
    batch = {table: [{"PutRequest": {"Item": item}}]}
    refused(lambda: db.batch_write_item(RequestItems=batch), "dynamodb:BatchWriteItem", arn)
    query = {"KeyConditionExpression": "id = :x", "ExpressionAttributeValues": {":x": {"S": "1"}}}
    index = {"TableName": table, "IndexName": "by_day"}
    refused(lambda: db.query(**index, **query), "dynamodb:Query", f"{arn}/index/by_day")


def test_one_teams_table_is_closed_to_another(server: Server, table: str) -> None:
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    mine = server.as_role(server.role([allow("dynamodb:*", arn)]))("dynamodb")
    theirs = server.as_role(server.role([allow("dynamodb:*", f"{arn}-of-others")]))("dynamodb")
    mine.scan(TableName=table)
    refused(lambda: theirs.scan(TableName=table), "dynamodb:Scan", arn)


def test_boundary(server: Server, table: str, name: str) -> None:
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    iam = server.client("iam")
    document = {"Version": "2012-10-17", "Statement": [allow("dynamodb:GetItem", "*")]}
    boundary = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    db = server.as_role(server.role([allow("dynamodb:*", arn)], PermissionsBoundary=boundary))("dynamodb")
    db.get_item(TableName=table, Key={"id": {"S": "1"}})
    with pytest.raises(ClientError, match="because no permissions boundary allows the dynamodb:Scan action"):
        db.scan(TableName=table)
    missing = f"arn:aws:iam::{ACCOUNT}:policy/none"
    with pytest.raises(ClientError, match="permissions boundary"):
        server.as_role(server.role([allow("*", "*")], PermissionsBoundary=missing))("dynamodb").list_tables()


def test_managed_policies_and_their_new_versions(server: Server, table: str, name: str) -> None:
    iam = server.client("iam")
    document = {"Version": "2012-10-17", "Statement": [allow("dynamodb:Scan", "*")]}
    policy = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    role = server.role([])
    iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=policy)
    db = server.as_role(role)("dynamodb")
    db.scan(TableName=table)
    document["Statement"] = [allow("dynamodb:GetItem", "*")]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=json.dumps(document), SetAsDefault=True)
    with pytest.raises(ClientError, match="dynamodb:Scan"):
        db.scan(TableName=table)


def test_aws_managed_policies(server: Server) -> None:
    role = server.role([])
    server.client("iam").attach_role_policy(
        RoleName=role.rpartition("/")[2], PolicyArn="arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
    )
    server.as_role(role)("dynamodb").list_tables()


def test_principal_tags(server: Server, name: str) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=name)
    own = f"arn:aws:s3:::{name}/${{aws:PrincipalTag/team}}/*"
    role = server.role([allow("s3:PutObject", own)], Tags=[{"Key": "team", "Value": "support"}])
    mine = server.as_role(role)("s3")
    mine.put_object(Bucket=name, Key="support/x", Body=b"")
    with pytest.raises(ClientError, match="sales/x"):
        mine.put_object(Bucket=name, Key="sales/x", Body=b"")


def test_s3(server: Server, name: str) -> None:
    admin = server.client("s3")
    admin.create_bucket(Bucket=name)
    admin.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = admin.put_object(Bucket=name, Key="docs/a", Body=b"x")["VersionId"]
    bucket, key = f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/docs/a"
    listing = allow("s3:ListBucket", bucket, Condition={"StringLike": {"s3:prefix": "docs/*"}})
    s3 = server.as_role(server.role([allow("s3:GetObject", f"{bucket}/docs/*"), listing]))("s3")
    assert s3.get_object(Bucket=name, Key="docs/a")["Body"].read() == b"x"
    s3.head_object(Bucket=name, Key="docs/a")
    assert s3.list_objects_v2(Bucket=name, Prefix="docs/")["KeyCount"] == 1
    denied = "AccessDenied"
    refused(lambda: s3.list_objects_v2(Bucket=name), "s3:ListBucket", bucket, denied)
    refused(lambda: s3.put_object(Bucket=name, Key="docs/a", Body=b""), "s3:PutObject", key, denied)
    refused(lambda: s3.delete_object(Bucket=name, Key="docs/a"), "s3:DeleteObject", key, denied)
    refused(
        lambda: s3.get_object(Bucket=name, Key="docs/a", VersionId=version),
        "s3:GetObjectVersion",
        key,
        denied,
    )
    copy = {"Bucket": name, "Key": "docs/a"}
    refused(
        lambda: s3.copy_object(Bucket=name, Key="b", CopySource=copy), "s3:PutObject", f"{bucket}/b", denied
    )
    keys = {"Objects": [{"Key": "docs/a"}]}
    refused(lambda: s3.delete_objects(Bucket=name, Delete=keys), "s3:DeleteObject", key, denied)


def test_bucket_policy_denies_even_the_administrator(server: Server, name: str) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [deny, tls]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    assert s3.get_object(Bucket=name, Key="a")["Body"].read() == b"x"
    s3.put_object(Bucket=name, Key="b", Body=b"y")
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        s3.delete_object(Bucket=name, Key="a")
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == policy


def test_bucket_policy_allows_a_named_role_not_a_named_account(server: Server, name: str) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    role, other = server.role([]), server.role([])

    def grant(principal: Any) -> None:
        statement = allow("s3:GetObject", f"arn:aws:s3:::{name}/*", Principal={"AWS": principal})
        document = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(document))

    grant(role)
    server.as_role(role)("s3").get_object(Bucket=name, Key="a")
    with pytest.raises(ClientError):
        server.as_role(other)("s3").get_object(Bucket=name, Key="a")
    grant(f"arn:aws:iam::{ACCOUNT}:root")
    with pytest.raises(ClientError):
        server.as_role(role)("s3").get_object(Bucket=name, Key="a")


def test_secrets_are_matched_by_their_full_arn(server: Server, name: str) -> None:
    arn = server.client("secretsmanager").create_secret(Name=name, SecretString="s")["ARN"]
    secrets = server.as_role(server.role([allow("secretsmanager:GetSecretValue", arn)]))("secretsmanager")
    for identifier in (arn, name):
        assert secrets.get_secret_value(SecretId=identifier)["SecretString"] == "s"
    refused(lambda: secrets.describe_secret(SecretId=name), "secretsmanager:DescribeSecret", arn)


def test_lambda_invoke_by_alias(server: Server, name: str) -> None:
    arn = function(server, name)
    admin = server.client("lambda")
    admin.publish_version(FunctionName=name)
    admin.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    lambdas = server.as_role(server.role([allow("lambda:InvokeFunction", f"{arn}:live")]))("lambda")
    assert lambdas.invoke(FunctionName=name, Qualifier="live", Payload=b"1")["Payload"].read() == b"1"
    refused(lambda: lambdas.invoke(FunctionName=name, Payload=b"1"), "lambda:InvokeFunction", arn)
    refused(lambda: lambdas.get_function(FunctionName=name), "lambda:GetFunction", arn)


def test_messages_streams_and_metrics(server: Server, name: str) -> None:
    topic = server.client("sns").create_topic(Name=name)["TopicArn"]
    stream = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}"
    namespace = {"StringEquals": {"cloudwatch:namespace": "Corral"}}
    role = server.as_role(
        server.role(
            [allow("sns:Publish", topic), allow("cloudwatch:PutMetricData", "*", Condition=namespace)]
        )
    )
    role("sns").publish(TopicArn=topic, Message="m")
    refused(
        lambda: role("sns").publish(TopicArn=f"{topic}x", Message="m"),
        "sns:Publish",
        f"{topic}x",
        "AccessDenied",
    )
    refused(
        lambda: role("firehose").put_record(DeliveryStreamName=name, Record={"Data": b"x"}),
        "firehose:PutRecord",
        stream,
    )
    metric = {"MetricData": [{"MetricName": "m", "Value": 1}]}
    role("cloudwatch").put_metric_data(Namespace="Corral", **metric)
    with pytest.raises(ClientError, match="cloudwatch:PutMetricData"):
        role("cloudwatch").put_metric_data(Namespace="Other", **metric)


def test_logs(server: Server, name: str) -> None:
    logs = server.client("logs")
    logs.create_log_group(logGroupName=name)
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    mine = server.as_role(server.role([allow("logs:CreateLogStream", f"{group}:*")]))("logs")
    mine.create_log_stream(logGroupName=name, logStreamName="s")
    refused(
        lambda: mine.put_log_events(
            logGroupName=name, logStreamName="s", logEvents=[{"timestamp": 1, "message": "m"}]
        ),
        "logs:PutLogEvents",
        f"{group}:log-stream:s",
    )


def test_glue_needs_catalog_database_and_table(server: Server, name: str) -> None:
    glue = server.client("glue")
    glue.create_database(DatabaseInput={"Name": name})
    glue.create_table(DatabaseName=name, TableInput={"Name": "t"})
    prefix = f"arn:aws:glue:{REGION}:{ACCOUNT}:"
    ask = {"DatabaseName": name, "Name": "t"}
    resources = [f"{prefix}catalog", f"{prefix}database/{name}", f"{prefix}table/{name}/t"]
    server.as_role(server.role([allow("glue:GetTable", resources)]))("glue").get_table(**ask)
    for left_out in resources:
        some = [each for each in resources if each != left_out]
        short = server.as_role(server.role([allow("glue:GetTable", some)]))("glue")
        refused(lambda short=short: short.get_table(**ask), "glue:GetTable", left_out)


def test_assuming_a_role_needs_permission_or_trust(server: Server, name: str) -> None:
    caller = server.role([])
    statement = {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    open_to_it = server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"][
        "Arn"
    ]
    sts = server.as_role(caller)("sts")
    sts.assume_role(RoleArn=open_to_it, RoleSessionName="me")
    with pytest.raises(ClientError, match="sts:AssumeRole"):
        sts.assume_role(RoleArn=caller, RoleSessionName="me")
    sts.get_caller_identity()


def test_control_planes_and_cloud_control(server: Server, name: str) -> None:
    engine = server.create("AWS::BedrockAgentCore::PolicyEngine", Name=name)
    arn = engine["PolicyEngineArn"]
    role = server.as_role(server.role([allow("bedrock-agentcore:GetPolicyEngine", arn)]))
    control = role("bedrock-agentcore-control")
    control.get_policy_engine(policyEngineId=engine["PolicyEngineId"])
    refused(
        lambda: control.list_policies(policyEngineId=engine["PolicyEngineId"]),
        "bedrock-agentcore:ListPolicies",
        arn,
    )
    refused(
        lambda: role("cloudcontrol").list_resources(TypeName="AWS::BedrockAgentCore::PolicyEngine"),
        "cloudformation:ListResources",
        "*",
    )


def test_a_service_with_no_rule_needs_all_resources(server: Server) -> None:
    one = server.as_role(
        server.role([allow("events:ListRules", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/x")])
    )
    refused(lambda: one("events").list_rules(), "events:ListRules", "*")
    server.as_role(server.role([allow("events:ListRules", "*")]))("events").list_rules()


def test_users_are_judged_by_their_policies_too(server: Server, name: str) -> None:
    iam = server.client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    mine = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:ListTables"):
        server.client("dynamodb", **mine).list_tables()
    document = {"Version": "2012-10-17", "Statement": [allow("dynamodb:ListTables", "*")]}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    server.client("dynamodb", **mine).list_tables()


def test_a_deleted_role_may_do_nothing(server: Server) -> None:
    role = server.role([])
    client = server.as_role(role)("dynamodb")
    server.client("iam").delete_role(RoleName=role.rpartition("/")[2])
    with pytest.raises(ClientError, match="does not exist"):
        client.list_tables()
