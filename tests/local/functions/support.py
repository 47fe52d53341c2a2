"""Functions from source text, a stand-in for IAM's evaluation, and clients of a running server."""

import base64
import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from corral.local.server.core import AwsError, Caller

REGION = "eu-west-1"
SERVED_ACCOUNT = "444455556666"
Deploy = Callable[..., str]

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


class Decisions:
    """Stands where IAM's evaluation stands: allows all but what a test denies, and keeps what was asked."""

    def __init__(self) -> None:
        self.denied: set[str] = set()
        self.asked: list[tuple[str, str, str | None, dict[str, Any]]] = []

    def __call__(
        self, caller: Caller, action: str, resource_arn: str, resource_policy: Any = None, context: Any = None
    ) -> None:
        self.asked.append((action, resource_arn, resource_policy, dict(context or {})))
        if action in self.denied:
            raise AwsError("AccessDeniedException", f"{action} on {resource_arn}", 403)


def archive(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, text in files.items():
            opened.writestr(name, text)
    return packed.getvalue()


def encoded(files: dict[str, str]) -> str:
    return base64.b64encode(archive(files)).decode()


class Served:
    def __init__(self, ready: dict[str, Any]) -> None:
        self.endpoint: str = ready["endpoint"]
        admin = ready["admin"]
        self.administrator = Credentials(admin["access_key_id"], admin["secret_access_key"])

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        keys = credentials or self.administrator
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def role(self, name: str, *statements: dict[str, Any]) -> str:
        iam = self.client("iam")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | each for each in statements]}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        return arn

    def session(self, role_arn: str) -> Credentials:
        body = json.dumps({"role_arn": role_arn, "session_name": "me"}).encode()
        request = urllib.request.Request(f"{self.endpoint}/_corral/credentials", body, method="POST")
        with urllib.request.urlopen(request) as response:
            keys = json.loads(response.read())
        return Credentials(keys["access_key_id"], keys["secret_access_key"], keys["session_token"])

    def post(self, url: str, credentials: Credentials, body: bytes) -> tuple[int, Any]:
        signed = AWSRequest("POST", url, {"Content-Type": "application/json"}, body)
        SigV4Auth(credentials, "lambda", REGION).add_auth(signed)
        request = urllib.request.Request(url, body, dict(signed.headers), method="POST")
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
