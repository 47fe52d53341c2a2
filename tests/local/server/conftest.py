"""One local AWS in a process of its own for all tests here; each test makes resources under its own names."""

import itertools
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "111122223333"
REGION = "us-east-1"
_NAMES = itertools.count(1)


@dataclass
class Server:
    """A running local AWS and its administrator's keys."""

    endpoint: str
    key: str
    secret: str

    def client(self, service: str, **other: Any) -> Any:
        settings: dict[str, Any] = {
            "endpoint_url": self.endpoint,
            "region_name": REGION,
            "aws_access_key_id": self.key,
            "aws_secret_access_key": self.secret,
            "config": Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
        }
        return boto3.client(service, **(settings | other))

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_corral/{path}", data, method=method)
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read())

    def as_role(self, role_arn: str) -> Any:
        """Return client(service) that signs as a session of the role."""
        keys = self.admin("POST", "credentials", {"role_arn": role_arn, "session_name": "test"})

        def client(service: str, **other: Any) -> Any:
            return self.client(
                service,
                aws_access_key_id=keys["access_key_id"],
                aws_secret_access_key=keys["secret_access_key"],
                aws_session_token=keys["session_token"],
                **other,
            )

        return client

    def role(
        self, statements: list[dict[str, Any]], service: str = "lambda.amazonaws.com", **other: Any
    ) -> str:
        """Create a role with these statements; return its ARN."""
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
        iam, name = self.client("iam"), f"role-{next(_NAMES)}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **other)["Role"][
            "Arn"
        ]
        if statements:
            document = {"Version": "2012-10-17", "Statement": statements}
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
        return arn

    def create(self, type_name: str, **properties: Any) -> dict[str, Any]:
        """Create a resource through Cloud Control; ClientError or RequestFailed when it is refused."""
        control = self.client("cloudcontrol")
        event = control.create_resource(TypeName=type_name, DesiredState=json.dumps(properties))[
            "ProgressEvent"
        ]
        assert event["OperationStatus"] == "IN_PROGRESS"
        done = finished(control, event)
        return json.loads(
            control.get_resource(TypeName=type_name, Identifier=done["Identifier"])["ResourceDescription"][
                "Properties"
            ]
        )


class RequestFailedError(Exception):
    """A Cloud Control request ended FAILED."""


def finished(control: Any, event: dict[str, Any]) -> dict[str, Any]:
    """Return a request's final event; RequestFailedError says its error code and message."""
    done = control.get_resource_request_status(RequestToken=event["RequestToken"])["ProgressEvent"]
    if done["OperationStatus"] == "FAILED":
        raise RequestFailedError(f"{done['ErrorCode']}: {done['StatusMessage']}")
    assert done["OperationStatus"] == "SUCCESS"
    return done


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def status_of(error: pytest.ExceptionInfo[ClientError]) -> int:
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "corral.local.server", "--account", ACCOUNT, "--region", REGION, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    yield from running()


def running(*arguments: str) -> Iterator[Server]:
    """A server until whoever asked is done with it."""
    process = start("--watch-stdin", *arguments)
    assert process.stdout is not None
    assert process.stdin is not None
    ready = json.loads(process.stdout.readline())
    yield Server(ready["endpoint"], ready["admin"]["access_key_id"], ready["admin"]["secret_access_key"])
    process.stdin.close()
    process.wait(timeout=20)


@pytest.fixture
def name() -> str:
    """A name nothing else has."""
    return f"name{next(_NAMES)}"
