"""Roles and functions that the tests of the local AWS deploy into it, and moto as it is without our changes."""

import ast
import contextlib
import io
import json
import subprocess
import sys
import zipfile
from typing import Any

from tests.local.server.conftest import ACCOUNT, REGION, Server

AGENTCORE = "bedrock-agentcore.amazonaws.com"


def trust(service: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a trust statement."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return statement | ({"Condition": condition} if condition else {})


def _role(server: Server, name: str, source: str, statements: list[dict[str, Any]]) -> str:
    iam = server.client("iam")
    condition = {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:{source}"},
    }
    document = {"Version": "2012-10-17", "Statement": [trust(AGENTCORE, condition)]}
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    if statements:
        policy = {"Version": "2012-10-17", "Statement": statements}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def gateway_role(
    server: Server, name: str, lambda_arn: str | None = None, engine_arn: str | None = None
) -> str:
    """Make or extend the role of a gateway; return its ARN."""
    statements = []
    if lambda_arn is not None:
        statements.append({"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": lambda_arn})
    if engine_arn is not None:
        gateways = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:gateway/*"
        actions = ["GetPolicyEngine", "AuthorizeAction", "PartiallyAuthorizeActions"]
        statements.append(
            {
                "Effect": "Allow",
                "Action": [f"bedrock-agentcore:{action}" for action in actions],
                "Resource": [engine_arn, gateways],
            }
        )
    return _role(server, f"{name}-gateway", "gateway/*", statements)


def harness_role(server: Server, name: str) -> str:
    """Make the role of a harness; return its ARN."""
    return _role(server, f"{name}-harness", "harness/*", [])


def function(
    server: Server, name: str, source: str = "def handler(event, context):\n    return event\n"
) -> str:
    """Make a Lambda function; return its ARN."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", source)
    made = server.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=server.role([]),
        Code={"ZipFile": archive.getvalue()},
    )
    return str(made["FunctionArn"])


# What stock moto does, asked in a process without our changes. Each prints one Python literal.
_PROLOGUE = """
import boto3, io, json, contextlib
from botocore.exceptions import ClientError
from moto import mock_aws
mock = mock_aws(); mock.start()
s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
def client(service):
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
def tried(call):
    try:
        return call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    except Exception as error:
        return type(error).__name__
"""


def stock(program: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", _PROLOGUE + program], capture_output=True, text=True, check=True
    )
    return ast.literal_eval(done.stdout)
