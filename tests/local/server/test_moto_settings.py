"""Each setting that changes as on AWS beside what moto does by itself.

A failing `stock` test is good news: moto now behaves as AWS there, and the change can go.
"""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.server.conftest import ACCOUNT, REGION, Server, code_of, status_of
from tests.local.server.support import function, stock


def test_stock_cannot_change_the_key_of_a_log_group() -> None:
    answered = stock(
        """
logs = client("logs")
logs.create_log_group(logGroupName="g", kmsKeyId="arn:aws:kms:us-east-1:123456789012:key/one")
print(repr([tried(lambda: logs.associate_kms_key(logGroupName="g", kmsKeyId="arn:aws:kms:a:1:key/two")),
            tried(lambda: logs.disassociate_kms_key(logGroupName="g"))]))
"""
    )
    assert answered == ["NotImplementedError", "NotImplementedError"]


def test_the_key_of_a_log_group_changes(server: Server, name: str) -> None:
    logs = server.client("logs")
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/"
    logs.create_log_group(logGroupName=name, kmsKeyId=f"{key}one")

    def shown() -> str | None:
        (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return group.get("kmsKeyId")

    logs.associate_kms_key(logGroupName=name, kmsKeyId=f"{key}two")
    assert shown() == f"{key}two"
    logs.disassociate_kms_key(logGroupName=name)
    assert shown() is None
    with pytest.raises(ClientError) as error:
        logs.associate_kms_key(logGroupName=f"{name}-gone", kmsKeyId=f"{key}two")
    assert code_of(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        logs.disassociate_kms_key(resourceIdentifier=f"arn:aws:logs:{REGION}:{ACCOUNT}:query-definition:*")
    assert status_of(error) == 501


FUNCTION = """
role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
import zipfile
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as target:
    target.writestr("code.py", "")
functions = client("lambda")
functions.create_function(FunctionName="f", Role=role, Runtime="python3.13", Handler="code.handler",
                          Code={"ZipFile": buffer.getvalue()})
"""


def test_stock_ignores_some_changes_of_a_function_and_of_its_url() -> None:
    shown = stock(
        FUNCTION
        + """
functions.update_function_configuration(FunctionName="f", TracingConfig={"Mode": "Active"},
                                        EphemeralStorage={"Size": 1024}, KMSKeyArn="arn:aws:kms:a:1:key/b")
f = functions.get_function_configuration(FunctionName="f")
functions.create_function_url_config(FunctionName="f", AuthType="NONE", Cors={"MaxAge": 1})
functions.update_function_url_config(FunctionName="f", Cors={}, InvokeMode="RESPONSE_STREAM")
url = functions.get_function_url_config(FunctionName="f")
print(repr((f["TracingConfig"], f["EphemeralStorage"], f.get("KMSKeyArn"), url["Cors"], url["InvokeMode"])))
"""
    )
    assert shown == ({"Mode": "PassThrough"}, {"Size": 512}, None, {"MaxAge": 1}, "Buffered")


def test_a_function_and_its_url_change_whole(server: Server, name: str) -> None:
    functions = server.client("lambda")
    function(server, name, "def handler(event, context): return None")
    settings = {"TracingConfig": {"Mode": "Active"}, "EphemeralStorage": {"Size": 1024}}
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/one"
    functions.update_function_configuration(FunctionName=name, KMSKeyArn=key, **settings)
    shown = functions.get_function_configuration(FunctionName=name)
    assert {setting: shown[setting] for setting in settings} == settings
    assert shown["KMSKeyArn"] == key
    functions.create_function_url_config(FunctionName=name, AuthType="NONE", Cors={"MaxAge": 1})
    functions.update_function_url_config(FunctionName=name, InvokeMode="RESPONSE_STREAM")
    assert functions.get_function_url_config(FunctionName=name)["Cors"] == {"MaxAge": 1}
    functions.update_function_url_config(FunctionName=name, Cors={})
    url = functions.get_function_url_config(FunctionName=name)
    assert (url["AuthType"], url["InvokeMode"]) == ("NONE", "RESPONSE_STREAM")
    assert not url.get("Cors")


SELECT = """
s3.create_bucket(Bucket="bkt")
trails = client("cloudtrail")
trails.create_trail(Name="trail", S3BucketName="bkt")
trails.put_event_selectors(TrailName="trail", AdvancedEventSelectors=[
    {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}])
trails.put_event_selectors(TrailName="trail", EventSelectors=[{"ReadWriteType": "All"}])
for kind in ("ApiCallRateInsight", "ApiErrorRateInsight"):
    trails.put_insight_selectors(TrailName="trail", InsightSelectors=[{"InsightType": kind}])
advanced = trails.get_event_selectors(TrailName="trail").get("AdvancedEventSelectors")
insights = trails.get_insight_selectors(TrailName="trail")["InsightSelectors"]
print(repr((len(advanced), len(insights))))
"""


def test_stock_keeps_a_trails_selectors_beside_new_ones() -> None:
    assert stock(SELECT) == (1, 2)


def test_new_selectors_replace_a_trails(server: Server, name: str) -> None:
    s3, trails = server.client("s3"), server.client("cloudtrail")
    s3.create_bucket(Bucket=name)
    writes = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [writes | {"Resource": [f"arn:aws:s3:::{name}{part}"]} for part in ("", "/*")],
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    trails.create_trail(Name=name, S3BucketName=name)
    advanced = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    trails.put_event_selectors(TrailName=name, AdvancedEventSelectors=advanced)
    trails.put_event_selectors(TrailName=name, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    shown = trails.get_event_selectors(TrailName=name)
    assert not shown.get("AdvancedEventSelectors")
    assert shown["EventSelectors"] == [{"ReadWriteType": "WriteOnly"}]
    trails.put_event_selectors(TrailName=name, AdvancedEventSelectors=advanced)
    shown = trails.get_event_selectors(TrailName=name)
    assert (shown.get("EventSelectors") or [], shown["AdvancedEventSelectors"]) == ([], advanced)
    for kind in ("ApiCallRateInsight", "ApiErrorRateInsight"):
        trails.put_insight_selectors(TrailName=name, InsightSelectors=[{"InsightType": kind}])
    assert trails.get_insight_selectors(TrailName=name)["InsightSelectors"] == [{"InsightType": kind}]
    trails.put_insight_selectors(TrailName=name, InsightSelectors=[])
    assert not trails.get_insight_selectors(TrailName=name).get("InsightSelectors")
    trails.delete_trail(Name=name)


def test_stock_takes_a_queues_policy_away_with_any_other_change() -> None:
    assert (
        stock(
            """
queues = client("sqs")
document = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]})
url = queues.create_queue(QueueName="q", Attributes={"Policy": document})["QueueUrl"]
queues.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
print(repr(queues.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes")))
"""
        )
        is None
    )


def test_a_queues_policy_stays_until_it_is_changed(server: Server, name: str) -> None:
    queues = server.client("sqs")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    url = queues.create_queue(QueueName=name, Attributes={"Policy": document})["QueueUrl"]

    def policy() -> str | None:
        return queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"].get("Policy")

    queues.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    assert policy() == document
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert not policy()


def test_stock_ignores_a_change_of_a_tables_encryption() -> None:
    assert (
        stock(
            """
tables = client("dynamodb")
tables.create_table(TableName="t", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")
tables.update_table(TableName="t", SSESpecification={"Enabled": True})
print(repr(tables.describe_table(TableName="t")["Table"].get("SSEDescription")))
"""
        )
        is None
    )


def test_a_tables_encryption_changes(server: Server, name: str) -> None:
    tables = server.client("dynamodb")
    tables.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def shown() -> str | None:
        return tables.describe_table(TableName=name)["Table"].get("SSEDescription", {}).get("KMSMasterKeyArn")

    tables.update_table(TableName=name, SSESpecification={"Enabled": True})
    assert ":key/" in str(shown())
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/one"
    tables.update_table(TableName=name, SSESpecification={"Enabled": True, "KMSMasterKeyId": key})
    assert shown() == key
    tables.update_table(TableName=name, SSESpecification={"Enabled": False})
    assert shown() is None
