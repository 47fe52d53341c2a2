"""What the local AWS costs: its start, calls to moto and to Cloud Control, what IAM and the trail add, memory.

    python benchmarks/local_server.py

Each figure is of one client in this process against a server in its own, over loopback HTTP.
"""

import json
import resource
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

_CALLS = 200
_TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def main() -> None:
    """Measure and print."""
    began = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "corral.local.server", "--watch-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    ready = json.loads(server.stdout.readline())
    _say("start", f"{time.perf_counter() - began:.2f} s")
    measure(ready)
    server.stdin.close()
    server.wait()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    _say("peak memory of the server", f"{peak:.0f} MiB")


def measure(ready: dict[str, Any]) -> None:
    """Time single calls of a running server."""
    admin = ready["admin"]
    keys = {
        "aws_access_key_id": admin["access_key_id"],
        "aws_secret_access_key": admin["secret_access_key"],
    }

    def client(service: str, **other: Any) -> Any:
        settings = {"endpoint_url": ready["endpoint"], "region_name": ready["region"], "config": Config()}
        return boto3.client(service, **{**settings, **keys, **other})

    iam, control, db = client("iam"), client("cloudcontrol"), client("dynamodb")
    per_call("iam create_role", lambda n: iam.create_role(RoleName=f"r{n}", AssumeRolePolicyDocument=_TRUST))
    per_call(
        "cloud control create",
        lambda n: control.create_resource(
            TypeName="AWS::BedrockAgentCore::PolicyEngine", DesiredState=json.dumps({"Name": f"engine_{n}"})
        ),
    )
    db.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    per_call(
        "dynamodb get_item, administrator", lambda n: db.get_item(TableName="t", Key={"id": {"S": str(n)}})
    )
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="r1", PolicyName="p", PolicyDocument=policy)
    session = _session(ready, f"arn:aws:iam::{ready['account']}:role/r1")
    mine = client("dynamodb", **session)
    per_call("dynamodb get_item, a role", lambda n: mine.get_item(TableName="t", Key={"id": {"S": str(n)}}))
    _trail(client)
    per_call(
        "dynamodb get_item, a role, recorded",
        lambda n: mine.get_item(TableName="t", Key={"id": {"S": str(n)}}),
    )


def per_call(name: str, call: Callable[[int], Any]) -> None:
    """Time calls in a row, after one that warms both sides."""
    call(0)
    began = time.perf_counter()
    for number in range(1, _CALLS + 1):
        call(number)
    took = (time.perf_counter() - began) / _CALLS
    _say(name, f"{took * 1000:.2f} ms, {1 / took:.0f} a second")


def _session(ready: dict[str, Any], role_arn: str) -> dict[str, str]:
    body = json.dumps({"role_arn": role_arn, "session_name": "benchmark"}).encode()
    request = urllib.request.Request(f"{ready['endpoint']}/_corral/credentials", body, method="POST")
    with urllib.request.urlopen(request) as answer:
        keys = json.loads(answer.read())
    return {
        "aws_access_key_id": keys["access_key_id"],
        "aws_secret_access_key": keys["secret_access_key"],
        "aws_session_token": keys["session_token"],
    }


def _trail(client: Callable[..., Any]) -> None:
    """Start a trail that records DynamoDB's data events."""
    s3, cloudtrail = client("s3"), client("cloudtrail")
    s3.create_bucket(Bucket="audit")
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*"}
    statement = allow | {"Resource": ["arn:aws:s3:::audit", "arn:aws:s3:::audit/*"]}
    s3.put_bucket_policy(
        Bucket="audit", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    cloudtrail.create_trail(Name="trail", S3BucketName="audit")
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]},
    ]
    cloudtrail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=[{"FieldSelectors": fields}])
    cloudtrail.start_logging(Name="trail")


def _say(name: str, figure: str) -> None:
    print(f"{name:40} {figure}")


if __name__ == "__main__":
    main()
