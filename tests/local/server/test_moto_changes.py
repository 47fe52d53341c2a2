"""Each change to moto beside what moto does by itself.

A failing `stock` test is good news: moto now behaves as AWS there, and the change can go.
"""

import gzip
import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from corral.local.server.moto_changes import changes
from tests.local.server.conftest import ACCOUNT, REGION, Server, code_of, status_of
from tests.local.server.support import function, stock


def test_stock_refuses_every_put_under_a_tls_only_policy() -> None:
    refused = stock(
        """
s3.create_bucket(Bucket="bkt")
deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
s3.put_bucket_policy(Bucket="bkt", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
print(repr(tried(lambda: s3.put_object(Bucket="bkt", Key="k", Body=b"x"))))
"""
    )
    assert refused in ("AccessDenied", "403")


STREAM = """
s3.create_bucket(Bucket="bkt", ObjectLockEnabledForBucket=True)
s3.put_object_lock_configuration(Bucket="bkt", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled",
    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}})
firehose = client("firehose")
firehose.create_delivery_stream(DeliveryStreamName="st", ExtendedS3DestinationConfiguration={
    "RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::bkt",
    "CompressionFormat": "GZIP",
    "Prefix": "a/!{timestamp:yyyy/MM}/"})
firehose.put_record(DeliveryStreamName="st", Record={"Data": b"x"})
item = s3.list_objects_v2(Bucket="bkt")["Contents"][0]["Key"]
head = s3.get_object(Bucket="bkt", Key=item)
print(repr((item, head.get("ObjectLockMode"), head["Body"].read())))
"""


def test_stock_firehose_expands_compresses_and_locks_nothing() -> None:
    key, mode, body = stock(STREAM)
    assert "!{timestamp" in key
    assert mode is None
    assert body == b"x"


def test_firehose(server: Server, name: str) -> None:
    s3, firehose = server.client("s3"), server.client("firehose")
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}
    s3.put_object_lock_configuration(
        Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )

    def put(**destination: Any) -> tuple[str, dict, bytes]:
        stream = f"{name}-{len(destination)}-{time.time_ns()}"
        firehose.create_delivery_stream(
            DeliveryStreamName=stream,
            ExtendedS3DestinationConfiguration={
                "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r",
                "BucketARN": f"arn:aws:s3:::{name}",
                **destination,
            },
        )
        firehose.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": b"one"}, {"Data": b"two"}])
        (key,) = [
            each["Key"]
            for each in s3.list_objects_v2(Bucket=name)["Contents"]
            if f"/{stream}-" in each["Key"]
        ]
        read = s3.get_object(Bucket=name, Key=key)
        return key, read, read["Body"].read()

    now = datetime.now(UTC)
    key, read, body = put(
        Prefix="d/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/", CompressionFormat="GZIP"
    )
    assert key.startswith(f"d/year={now:%Y}/month={now:%m}/day={now:%d}/")
    assert key.endswith(".gz")
    assert gzip.decompress(body) == b"onetwo"
    assert read["ObjectLockMode"] == "GOVERNANCE"
    key, _, body = put(Prefix="plain/")
    assert key.startswith(f"plain/{now:%Y/%m/%d}/")
    assert body == b"onetwo"
    _, _, body = put(
        Prefix="lines/",
        ProcessingConfiguration={
            "Enabled": True,
            "Processors": [
                {
                    "Type": "AppendDelimiterToRecord",
                    "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
                }
            ],
        },
    )
    assert body == b"one\ntwo\n"


def test_an_unknown_prefix_expression_is_501(server: Server, name: str) -> None:
    server.client("s3").create_bucket(Bucket=name)
    firehose = server.client("firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName=name,
        ExtendedS3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r",
            "BucketARN": f"arn:aws:s3:::{name}",
            "Prefix": "!{partitionKeyFromQuery:team}/",
        },
    )
    with pytest.raises(ClientError) as error:
        firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})
    assert status_of(error) == 501


def test_stock_lets_compliance_be_shortened_and_cannot_read_retention() -> None:
    shortened, read = stock(
        """
s3.create_bucket(Bucket="bkt", ObjectLockEnabledForBucket=True)
s3.put_object(Bucket="bkt", Key="k", Body=b"x",
              ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate="2090-01-01")
weaker = {"Mode": "COMPLIANCE", "RetainUntilDate": "2050-01-01"}
def shorten():
    answer = s3.put_object_retention(Bucket="bkt", Key="k", Retention=weaker)
    return answer["ResponseMetadata"]["HTTPStatusCode"]
done = tried(shorten)
def retention():
    return s3.get_object_retention(Bucket="bkt", Key="k").get("Retention")
print(repr((done, str(tried(retention)))))
"""
    )
    assert shortened == 200
    assert "COMPLIANCE" not in read


def test_retention_only_grows(server: Server, name: str) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)

    def lock(key: str, mode: str) -> None:
        s3.put_object(Bucket=name, Key=key, Body=b"x", ObjectLockMode=mode, ObjectLockRetainUntilDate=until)

    def change(key: str, mode: str, days: int, **other: Any) -> None:
        retention = {"Mode": mode, "RetainUntilDate": until + timedelta(days=days)}
        s3.put_object_retention(Bucket=name, Key=key, Retention=retention, **other)

    def refused(*arguments: Any, **other: Any) -> None:
        with pytest.raises(ClientError) as error:
            change(*arguments, **other)
        assert (code_of(error), status_of(error)) == ("AccessDenied", 403)

    lock("c", "COMPLIANCE")
    refused("c", "COMPLIANCE", -1)
    refused("c", "GOVERNANCE", 1)
    refused("c", "COMPLIANCE", -1, BypassGovernanceRetention=True)
    change("c", "COMPLIANCE", 1)
    read = s3.get_object_retention(Bucket=name, Key="c")["Retention"]
    assert read == {"Mode": "COMPLIANCE", "RetainUntilDate": until + timedelta(days=1)}
    lock("g", "GOVERNANCE")
    refused("g", "GOVERNANCE", -1)
    change("g", "GOVERNANCE", -1, BypassGovernanceRetention=True)
    change("g", "COMPLIANCE", 0)
    s3.create_bucket(Bucket=f"{name}-plain")
    s3.put_object(Bucket=f"{name}-plain", Key="k", Body=b"x")
    with pytest.raises(ClientError) as error:
        s3.get_object_retention(Bucket=f"{name}-plain", Key="k")
    assert code_of(error) == "NoSuchObjectLockConfiguration"


def test_a_locked_version_cannot_be_deleted(server: Server, name: str) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC) + timedelta(days=1)
    put = s3.put_object(
        Bucket=name, Key="k", Body=b"x", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
    )
    with pytest.raises(ClientError) as error:
        s3.delete_object(Bucket=name, Key="k", VersionId=put["VersionId"], BypassGovernanceRetention=True)
    assert code_of(error) == "AccessDenied"


_RETENTION = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 7}}}


def test_stock_refuses_a_new_default_retention_once_there_are_objects() -> None:
    refused = stock(
        f"""
s3.create_bucket(Bucket="bkt", ObjectLockEnabledForBucket=True)
s3.put_object(Bucket="bkt", Key="k", Body=b"x")
print(repr(tried(lambda: s3.put_object_lock_configuration(Bucket="bkt", ObjectLockConfiguration={_RETENTION}))))
"""
    )
    assert refused == "InvalidBucket"


def test_default_retention_changes_at_any_time(server: Server, name: str) -> None:
    s3, bucket = server.client("s3"), name.lower()
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=_RETENTION)
    now = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert now["Rule"]["DefaultRetention"].items() >= {"Mode": "GOVERNANCE", "Days": 7}.items()


def test_stock_takes_any_bucket_for_a_trail() -> None:
    assert (
        stock(
            """
s3.create_bucket(Bucket="bucket")
print(repr(client("cloudtrail").create_trail(Name="trail", S3BucketName="bucket")["S3BucketName"]))
"""
        )
        == "bucket"
    )


PUBLIC_LAYER = f"arn:aws:lambda:{REGION}:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:18"


def test_stock_refuses_layers_of_other_accounts() -> None:
    refused = stock(
        f"""
from moto.awslambda.models import LambdaFunction
function = LambdaFunction.__new__(LambdaFunction)
function.account_id = "123456789012"; function.region = "us-east-1"
print(repr(tried(lambda: function._get_layers_data(["{PUBLIC_LAYER}"]))))
"""
    )
    assert refused == "UnknownLayerVersionException"


def test_functions_may_name_awss_public_layers(server: Server, name: str) -> None:
    function(server, name)
    made = server.client("lambda").update_function_configuration(FunctionName=name, Layers=[PUBLIC_LAYER])
    assert [layer["Arn"] for layer in made["Layers"]] == [PUBLIC_LAYER]


def test_stock_function_urls_lead_to_aws() -> None:
    url = stock(
        """
from moto.awslambda.models import FunctionUrlConfig, LambdaFunction
function = LambdaFunction.__new__(LambdaFunction); function.region = "us-east-1"
print(repr(FunctionUrlConfig(function, {}).url))
"""
    )
    assert url.startswith("https://")
    assert "Qualifier" not in json.dumps(url)


def test_function_urls_lead_here_and_know_their_alias(server: Server, name: str) -> None:
    arn = function(server, name)
    lambdas = server.client("lambda")
    made = lambdas.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")
    assert made["FunctionUrl"].startswith(f"{server.endpoint}/lambda-url/")
    assert made["FunctionArn"] == arn
    assert lambdas.get_function_url_config(FunctionName=name)["FunctionUrl"] == made["FunctionUrl"]
    other = function(server, f"{name}x")
    lambdas.publish_version(FunctionName=other)
    lambdas.create_alias(FunctionName=other, Name="live", FunctionVersion="1")
    aliased = lambdas.create_function_url_config(FunctionName=other, Qualifier="live", AuthType="AWS_IAM")
    assert aliased["FunctionArn"] == f"{other}:live"
    assert aliased["AuthType"] == "AWS_IAM"


def test_stock_makes_a_loader_for_every_service_model() -> None:
    assert (
        stock("from moto.core.utils import create_loader; print(create_loader() is create_loader())") is False
    )


def test_one_loader_serves_all() -> None:
    create_loader = next(new for _, name, new in changes("http://127.0.0.1:1") if name == "create_loader")
    assert create_loader() is create_loader()


def test_stock_lists_its_modules_at_every_request() -> None:
    assert (
        stock(
            """
from moto.moto_server import werkzeug_app
from moto import backends
count = 0
known = backends.list_of_moto_modules
def counted():
    global count
    count += 1
    return known()
backends.list_of_moto_modules = counted
app = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
for _ in range(3):
    app.get_backend_for_host("iam.us-east-1.amazonaws.com")
print(count)
"""
        )
        == 3
    )


def test_stock_prints_and_fails_for_a_service_it_lacks() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from moto.moto_server.werkzeug_app import *\n"
            "app = DomainDispatcherApplication(create_backend_app)\n"
            f"assert app.get_backend_for_host('braket.{REGION}.amazonaws.com') is None\n",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Unable to find appropriate backend" in done.stdout


def test_stock_deletes_policies_that_are_in_use() -> None:
    deleted = stock(
        """
iam = client("iam")
document = json.dumps({"Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
def policy(name):
    return iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
boundary, attached = policy("boundary"), policy("attached")
iam.create_role(RoleName="r", AssumeRolePolicyDocument=document, PermissionsBoundary=boundary)
iam.attach_role_policy(RoleName="r", PolicyArn=attached)
print([tried(lambda: iam.delete_policy(PolicyArn=arn))["ResponseMetadata"]["HTTPStatusCode"]
       for arn in (boundary, attached)])
"""
    )
    assert deleted == [200, 200]


def test_a_policy_in_use_cannot_be_deleted(server: Server, name: str) -> None:
    iam = server.client("iam")
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    boundary, attached = (
        iam.create_policy(PolicyName=f"{name}-{kind}", PolicyDocument=document)["Policy"]["Arn"]
        for kind in ("boundary", "attached")
    )
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, PermissionsBoundary=boundary)
    iam.attach_role_policy(RoleName=name, PolicyArn=attached)
    for arn in (boundary, attached):
        with pytest.raises(ClientError) as error:
            iam.delete_policy(PolicyArn=arn)
        assert error.value.response["Error"]["Code"] == "DeleteConflict"
        assert status_of(error) == 409
    iam.detach_role_policy(RoleName=name, PolicyArn=attached)
    iam.delete_policy(PolicyArn=attached)
    iam.delete_role(RoleName=name)
    iam.delete_policy(PolicyArn=boundary)
