"""The provider served over gRPC against moto, and an engine's half of the conversation."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import boto3
import grpc  # type: ignore[import-untyped]
import pytest
from moto.server import ThreadedMotoServer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from corral.local.engine import wire
from corral.local.engine.calls import Calls
from corral.local.engine.model import Credentials
from corral.local.provider.server import serving

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

    def exists(self, made: Made) -> bool:
        request = provider_pb2.ReadRequest(
            id=made.id, urn=self.urn(made.token), properties=made.properties, inputs=made.inputs
        )
        return bool(self.stub.Read(request).id == made.id)

    def delete(self, made: Made) -> None:
        request = provider_pb2.DeleteRequest(id=made.id, urn=self.urn(made.token), properties=made.properties)
        self.stub.Delete(request)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def stub(moto_server: str) -> Iterator[Any]:
    calls = Calls(moto_server, Credentials("test", "test"), REGION, ACCOUNT)
    with serving(calls) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


@pytest.fixture
def engine(moto_server: str, stub: Any) -> Engine:
    """An engine with an empty account."""
    urlopen(Request(f"{moto_server}/moto-api/reset", method="POST")).read()
    return Engine(stub)


@pytest.fixture
def client(moto_server: str) -> Callable[[str], Any]:
    """A boto3 client of the account, to look at what is really there."""
    return lambda service: boto3.client(
        service,
        endpoint_url=moto_server,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
