"""Functions and queries through the running server: boto3, signatures and IAM, as a person would use them."""

import json
import os
import time

import pytest
from botocore.exceptions import ClientError

from tests.local.functions.support import REGION, SERVED_ACCOUNT, Served, archive

ACCOUNT = SERVED_ACCOUNT

SOURCE = """
import boto3, os
dynamodb = boto3.client("dynamodb")

def handler(event, context):
    if "rawPath" in event:
        who = event["requestContext"]["authorizer"]["iam"]["userArn"]
        return {"statusCode": 201, "body": '{"path": "%s", "who": "%s"}' % (event["rawPath"], who)}
    if event.get("table"):
        dynamodb.put_item(TableName=event["table"], Item={"id": {"S": "1"}})
    return [os.getpid(), boto3.client("sts").get_caller_identity()["Arn"], context.function_version]
"""


@pytest.fixture(scope="module")
def function(served: Served) -> str:
    tables = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mine"
    role = served.role("runner", {"Action": "dynamodb:PutItem", "Resource": tables})
    client = served.client("lambda")
    client.create_function(
        FunctionName="app",
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": archive({"app.py": SOURCE})},
        Timeout=20,
        Publish=True,
    )
    client.create_alias(FunctionName="app", Name="live", FunctionVersion="1")
    dynamodb = served.client("dynamodb")
    for name in ("mine", "other"):
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    return "app"


def test_invoke_runs_as_the_functions_role_and_as_nothing_more(served: Served, function: str) -> None:
    client = served.client("lambda")
    answer = client.invoke(FunctionName=function, Qualifier="live", Payload=b'{"table": "mine"}')
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "1")
    process_id, who, version = json.loads(answer["Payload"].read())
    assert who == f"arn:aws:sts::{ACCOUNT}:assumed-role/runner/app"
    assert version == "1"
    os.kill(process_id, 0)
    assert served.client("dynamodb").get_item(TableName="mine", Key={"id": {"S": "1"}})["Item"]
    denied = client.invoke(FunctionName=function, Qualifier="live", Payload=b'{"table": "other"}')
    assert denied["FunctionError"] == "Unhandled"
    error = json.loads(denied["Payload"].read())
    assert error["errorType"] == "ClientError"
    assert "AccessDeniedException" in error["errorMessage"]


def test_a_role_invokes_what_its_policy_names(served: Served, function: str) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    caller = served.role("invoker", {"Action": "lambda:InvokeFunction", "Resource": f"{arn}:live"})
    client = served.client("lambda", served.session(caller))
    assert client.invoke(FunctionName=f"{arn}:live", Payload=b"{}")["StatusCode"] == 200
    dry = client.invoke(FunctionName=function, Qualifier="live", InvocationType="DryRun")
    assert dry["StatusCode"] == 204
    with pytest.raises(ClientError) as raised:
        client.invoke(FunctionName=function, Payload=b"{}")
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"


def test_event_writes_to_the_log_group(served: Served, function: str) -> None:
    served.role("logger", {"Action": "logs:*", "Resource": "*"})
    client, logs = served.client("lambda"), served.client("logs")
    source = "def handler(e, c):\n    print('event', e['n'])\n"
    role = f"arn:aws:iam::{ACCOUNT}:role/logger"
    client.create_function(
        FunctionName="later",
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": archive({"app.py": source})},
    )
    accepted = client.invoke(FunctionName="later", InvocationType="Event", Payload=b'{"n": 7}')
    assert accepted["StatusCode"] == 202
    deadline = time.monotonic() + 10
    messages: list[str] = []
    while "event 7" not in messages and time.monotonic() < deadline:
        if logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/later")["logGroups"]:
            found = logs.filter_log_events(logGroupName="/aws/lambda/later")["events"]
            messages = [event["message"] for event in found]
        time.sleep(0.05)
    assert "event 7" in messages


def test_throttled_answer_is_boto3s_exception(served: Served, function: str) -> None:
    client = served.client("lambda")
    served.role("closed", {"Action": "logs:*", "Resource": "*"})
    client.create_function(
        FunctionName="closed",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/closed",
        Handler="app.handler",
        Code={"ZipFile": archive({"app.py": "def handler(e, c):\n    return e\n"})},
    )
    client.put_function_concurrency(FunctionName="closed", ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException) as raised:
        client.invoke(FunctionName="closed", Payload=b"{}")
    assert raised.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_function_url_needs_both_permissions(served: Served, function: str) -> None:
    client = served.client("lambda")
    made = client.create_function_url_config(FunctionName=function, Qualifier="live", AuthType="AWS_IAM")
    url, arn = made["FunctionUrl"], made["FunctionArn"]
    assert url.startswith(f"{served.endpoint}/lambda-url/")
    via_url = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    both = served.role(
        "operator",
        {"Action": "lambda:InvokeFunctionUrl", "Resource": arn},
        {"Action": "lambda:InvokeFunction", "Resource": arn, "Condition": via_url},
    )
    only_url = served.role("half", {"Action": "lambda:InvokeFunctionUrl", "Resource": arn})
    session = served.session(both)
    status, body = served.post(f"{url}v1/agents", session, b"{}")
    assert (status, body["path"]) == (201, "/v1/agents")
    assert body["who"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/operator/me"
    status, body = served.post(f"{url}v1/agents", served.session(only_url), b"{}")
    assert status == 403
    assert body["Message"].startswith("Forbidden")
    with pytest.raises(ClientError):  # the condition holds him to the URL
        served.client("lambda", session).invoke(FunctionName=function, Qualifier="live", Payload=b"{}")


def test_query_through_boto3(served: Served) -> None:
    s3, glue, athena = served.client("s3"), served.client("glue"), served.client("athena")
    s3.create_bucket(Bucket="warehouse-served", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="warehouse-served", Key="tables/t/a.csv", Body=b"n,w\n1,a\n2,b\n")
    glue.create_database(DatabaseInput={"Name": "d"})
    storage = {
        "Columns": [{"Name": "n", "Type": "int"}, {"Name": "w", "Type": "string"}],
        "Location": "s3://warehouse-served/tables/t/",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde"},
    }
    table = {"Name": "t", "StorageDescriptor": storage, "Parameters": {"skip.header.line.count": "1"}}
    glue.create_table(DatabaseName="d", TableInput=table)
    results = {"ResultConfiguration": {"OutputLocation": "s3://warehouse-served/results/"}}
    athena.create_work_group(Name="w", Configuration=results)
    workgroup = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/w"
    reader = served.role(
        "reader",
        {"Action": "athena:*", "Resource": workgroup},
        {"Action": "glue:GetTable", "Resource": f"arn:aws:glue:{REGION}:{ACCOUNT}:*"},
        {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::warehouse-served"},
        {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::warehouse-served/*"},
    )
    client = served.client("athena", served.session(reader))
    query = client.start_query_execution(
        QueryString="SELECT * FROM t ORDER BY n DESC",
        QueryExecutionContext={"Database": "d", "Catalog": "AwsDataCatalog"},
        WorkGroup="w",
    )["QueryExecutionId"]
    state = "QUEUED"
    while state in ("QUEUED", "RUNNING"):
        time.sleep(0.02)
        execution = client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        state = execution["Status"]["State"]
    assert state == "SUCCEEDED", execution
    pages = client.get_paginator("get_query_results").paginate(
        QueryExecutionId=query, PaginationConfig={"PageSize": 2}
    )
    found = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
    rows = [[cell["VarCharValue"] for cell in row] for row in found]
    assert rows == [["n", "w"], ["2", "b"], ["1", "a"]]
    written = s3.get_object(Bucket="warehouse-served", Key=f"results/{query}.csv")["Body"].read()
    assert written == b'"n","w"\n"2","b"\n"1","a"\n'
    assert athena.get_work_group(WorkGroup="w")["WorkGroup"]["Name"] == "w"
    with pytest.raises(ClientError, match="AccessDeniedException"):
        client.start_query_execution(QueryString="SELECT 1", WorkGroup="primary")
