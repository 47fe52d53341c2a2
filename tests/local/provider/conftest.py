"""The provider served over gRPC against the local AWS, and an engine's half of the conversation."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import grpc  # type: ignore[import-untyped]
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from corral.local.engine import wire
from corral.local.engine.calls import Calls
from corral.local.engine.model import Credentials, EngineError
from corral.local.provider.server import serving
from tests.local.provider.resource_cases import Case, with_key

ACCOUNT = "123456789012"
REGION = "us-east-1"


@dataclass
class Made:
    """A resource as the engine's state holds it."""

    id: str
    token: str
    inputs: Any
    properties: Any

    @property
    def outputs(self) -> dict[str, Any]:
        return wire.read(self.properties).values


class Engine:
    """Talks to the provider as the engine does: check, diff, then create, update or delete."""

    def __init__(self, stub: Any) -> None:
        self.stub = stub

    def urn(self, token: str) -> str:
        return f"urn:pulumi:dev::corral::corral:index:Thing${token}::thing"

    def check(self, token: str, inputs: Any, olds: Any = None, seed: bytes = b"seed") -> Any:
        news = inputs if not isinstance(inputs, dict) else wire.write(inputs, set())
        request = provider_pb2.CheckRequest(
            urn=self.urn(token), name="thing", type=token, news=news, olds=olds, randomSeed=seed
        )
        return self.stub.Check(request).inputs

    def create(self, token: str, inputs: Any, *, preview: bool = False) -> Made:
        checked = self.check(token, inputs)
        answer = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=self.urn(token), name="thing", type=token, properties=checked, preview=preview
            )
        )
        return Made(answer.id, token, checked, answer.properties)

    def diff(self, made: Made, inputs: Any) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=made.id,
                urn=self.urn(made.token),
                olds=made.properties,
                old_inputs=made.inputs,
                news=self.check(made.token, inputs, made.inputs),
            )
        )

    def update(self, made: Made, inputs: Any, *, preview: bool = False) -> Made:
        checked = self.check(made.token, inputs, made.inputs)
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=made.id,
                urn=self.urn(made.token),
                name="thing",
                type=made.token,
                olds=made.properties,
                old_inputs=made.inputs,
                news=checked,
                preview=preview,
            )
        )
        return Made(made.id, made.token, checked, answer.properties)

    def refresh(self, made: Made) -> Made | None:
        """Read what AWS has; None when it is gone."""
        request = provider_pb2.ReadRequest(
            id=made.id, urn=self.urn(made.token), properties=made.properties, inputs=made.inputs
        )
        answer = self.stub.Read(request)
        return Made(answer.id, made.token, answer.inputs, answer.properties) if answer.id else None

    def exists(self, made: Made) -> bool:
        found = self.refresh(made)
        return found is not None and found.id == made.id

    def import_(self, token: str, identifier: str) -> Made | None:
        answer = self.stub.Read(provider_pb2.ReadRequest(id=identifier, urn=self.urn(token)))
        return Made(answer.id, token, answer.inputs, answer.properties) if answer.id else None

    def delete(self, made: Made) -> None:
        request = provider_pb2.DeleteRequest(id=made.id, urn=self.urn(made.token), properties=made.properties)
        self.stub.Delete(request)


@dataclass
class LocalAws:
    """The local AWS, running, with one account that can be emptied."""

    endpoint: str
    key: str
    secret: str
    process: "subprocess.Popen[str]"

    def empty(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )


def recorded(error: Any, made: Made) -> Made:
    """What the engine's state holds after an error that leaves a resource unfinished.

    `made` has what it held before, or, for a creation, what was asked for.
    """
    (details,) = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    failed = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(details).details[0].Unpack(failed)
    assert list(failed.reasons) == [error.details()]
    return Made(failed.id, made.token, made.inputs, failed.properties)


def made_of(engine: Engine, cases: Iterable[Case]) -> dict[str, Made]:
    """Make the resources of cases, in their order."""
    made: dict[str, Made] = {}
    for case in cases:
        made[case.key] = engine.create(case.token, inputs_of(case, made))
    return made


def inputs_of(case: Case, made: dict[str, Made]) -> dict[str, Any]:
    """The inputs that make the resource of a case, when those before it are made."""
    key = made.get("aws:kms/key:Key")
    inputs: dict[str, Any] = with_key(case.inputs, key.id, key.outputs["arn"]) if key else case.inputs
    return inputs


def changed_inputs(case: Case, made: dict[str, Made]) -> dict[str, Any]:
    """The inputs of a resource that a case changes; None takes one away."""
    key = made["aws:kms/key:Key"]
    wanted = {**case.inputs, **case.change}
    inputs = with_key(wanted, key.id, key.outputs["arn"])
    return {name: value for name, value in inputs.items() if value is not None}


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("local_aws.py"), ACCOUNT, REGION],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    yield LocalAws(**json.loads(process.stdout.readline()), process=process)
    process.stdin.close()
    process.wait(timeout=20)


class WatchedCalls(Calls):
    """Calls that remember those that change something, and of which one such can be made to fail."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.changes: list[str] = []
        self.until_failure: int | None = None
        self.answers_questions = True

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation.startswith(("describe_", "get_", "head_", "list_")):
            if not self.answers_questions:
                raise EngineError(f"{service} {operation}: InternalFailure: no answer")
            return super().__call__(service, operation, **parameters)
        if self.until_failure == 0:
            self.until_failure = None
            raise EngineError(f"{service} {operation}: InternalFailure: interrupted")
        answer = super().__call__(service, operation, **parameters)
        if self.until_failure is not None:
            self.until_failure -= 1
        self.changes.append(f"{service} {operation}")
        return answer


@pytest.fixture(scope="session")
def calls(local_aws: LocalAws) -> WatchedCalls:
    """The calls of the provider."""
    return WatchedCalls(local_aws.endpoint, Credentials(local_aws.key, local_aws.secret), REGION, ACCOUNT)


@pytest.fixture(scope="session")
def stub(calls: WatchedCalls) -> Iterator[Any]:
    with serving(calls) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


@pytest.fixture
def engine(local_aws: LocalAws, stub: Any, calls: WatchedCalls) -> Engine:
    """An engine with an empty account."""
    local_aws.empty()
    calls.until_failure, calls.answers_questions = None, True
    return Engine(stub)


@pytest.fixture
def client(local_aws: LocalAws) -> Callable[[str], Any]:
    """A boto3 client of the account, to look at what is really there."""
    return cache(local_aws.client)
