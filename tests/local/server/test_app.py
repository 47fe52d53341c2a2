"""The application itself: faults, streams, several callers at once, and routes that share a signing name."""

import io
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStream
from botocore.exceptions import ClientError, EventStreamError
from botocore.parsers import EventStreamJSONParser
from moto.core.utils import get_service_model
from moto.iam.models import iam_backends
from werkzeug.test import Client

from corral.local.server import authorize, identity, wire
from corral.local.server.app import App
from corral.local.server.core import AwsError, Call, LocalAws
from tests.local.server.conftest import ACCOUNT, REGION, Server, code_of, status_of


def operation(service: str, name: str) -> wire.Operation:
    return wire.Operation(service, name, "rest-json", get_service_model(service).operation_model(name), {})


class Raw(io.BytesIO):
    """What botocore reads a stream from."""

    def stream(self) -> Iterator[bytes]:
        yield from iter(lambda: self.read(7), b"")


def events(frames: Any) -> EventStream:
    model = operation("bedrock-runtime", "ConverseStream").model
    shape = model.output_shape.members["stream"]
    return EventStream(Raw(b"".join(frames)), shape, EventStreamJSONParser(), "ConverseStream")


def test_streams_are_sent_frame_by_frame() -> None:
    asked = []

    def source() -> Iterator[dict]:
        for text in ("a", "b"):
            asked.append(text)
            yield {"contentBlockDelta": {"delta": {"text": text}, "contentBlockIndex": 0}}

    _, headers, frames = wire.serialize(operation("bedrock-runtime", "ConverseStream"), {"stream": source()})
    assert headers["Content-Type"] == "application/vnd.amazon.eventstream"
    first = next(iter(frames))
    assert asked == ["a"]
    rest = b"".join(frames)
    found = [event["contentBlockDelta"]["delta"]["text"] for event in events([first, rest])]
    assert found == ["a", "b"]


@pytest.mark.parametrize("code", ["ValidationException", "SomethingUnmodelled"])
def test_errors_inside_a_stream(code: str) -> None:
    def source() -> Iterator[dict]:
        yield {"messageStart": {"role": "assistant"}}
        raise AwsError(code, "went wrong")

    _, _, frames = wire.serialize(operation("bedrock-runtime", "ConverseStream"), {"stream": source()})
    stream = iter(events(frames))
    assert next(stream) == {"messageStart": {"role": "assistant"}}
    with pytest.raises(EventStreamError, match="went wrong"):
        next(stream)


def test_an_exception_a_service_sends_in_its_stream() -> None:
    sent = [{"throttlingException": {"message": "slow down"}}]
    _, _, frames = wire.serialize(operation("bedrock-runtime", "ConverseStream"), {"stream": iter(sent)})
    with pytest.raises(EventStreamError, match=r"throttlingException.*slow down"):
        list(events(frames))


class Moto:
    """In moto's place: notices how many requests it serves at once, and answers 500."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        self.now += 1
        self.most = max(self.most, self.now)
        time.sleep(0.02)
        self.now -= 1
        start_response("500 Oops", [("Content-Type", "application/json")])
        return [b"{}"]


@pytest.fixture
def stub() -> tuple[Moto, Any]:
    """An application over a stand-in for moto, and send() for a signed request to it."""
    account, moto = "444455556666", Moto()
    if "administrator" not in iam_backends[account]["aws"].users:
        identity.create_administrator(account, REGION)
    key = iam_backends[account]["aws"].users["administrator"].access_keys[0]
    unused: Any = None
    aws = LocalAws(account, REGION, "http://127.0.0.1:1", *[unused] * 6)
    aws.authorize = authorize.authorizer(aws)
    aws.trail = Silent()
    app = App(aws, moto)

    def send() -> int:
        headers = {
            "X-Amz-Target": "DynamoDB_20120810.ListTables",
            "Content-Type": "application/x-amz-json-1.0",
        }
        request = AWSRequest("POST", "http://127.0.0.1:1/", headers=headers, data=b"{}")
        SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), "dynamodb", REGION).add_auth(request)
        return (
            Client(app)
            .post("/", base_url="http://127.0.0.1:1", headers=dict(request.headers), data=b"{}")
            .status_code
        )

    return moto, send


class Silent:
    """A trail that records nothing."""

    def record(self, call: Call, error: AwsError | None = None) -> None: ...

    def flush(self) -> None: ...

    def events(self, since: float = 0.0) -> list[dict[str, Any]]:
        return []


def test_moto_serves_one_request_at_a_time(stub: tuple[Moto, Any]) -> None:
    moto, send = stub
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: send(), range(12)))
    assert moto.most == 1


def test_motos_500_is_not_passed_on(stub: tuple[Moto, Any]) -> None:
    assert stub[1]() == 400


def test_modelled_errors_keep_their_status() -> None:
    status, _, body = wire.error_response(
        AwsError("ResourceNotFoundException", "gone"),
        "bedrock",
        "rest-json",
        "id",
        operation("bedrock", "GetGuardrail"),
    )
    assert status == 404
    assert json.loads(b"".join(body))["message"] == "gone"


def test_xml_errors_are_escaped() -> None:
    _, _, body = wire.error_response(AwsError("Bad", "a < b & c"), "iam", "query", "id")
    assert b"a &lt; b &amp; c" in b"".join(body)


def test_a_fault_is_400_and_not_retried(server: Server, name: str) -> None:
    """moto crashes on this body; what comes out must be a plain error that no SDK tries again."""
    client = server.client("s3", config=None)
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    client.put_object(Bucket=name, Key="k", Body=b"x")
    calls = []
    client.meta.events.register("before-send.s3.*", lambda **_: calls.append(1))
    client.meta.events.register("before-call.s3.*", lambda params, **_: params.update(body=b"<Other/>"))
    with pytest.raises(ClientError, match="the local AWS failed in s3:PutObjectRetention") as error:
        client.put_object_retention(Bucket=name, Key="k", Retention={"Mode": "GOVERNANCE"})
    assert (code_of(error), status_of(error)) == ("LocalAwsFault", 400)
    assert len(calls) == 1


def test_many_callers_at_once(server: Server, name: str) -> None:
    """moto alone crashes here: its backends are not thread-safe."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    ready = threading.local()

    def create(index: int) -> str:
        if not hasattr(ready, "iam"):
            ready.iam = server.client("iam")
        made = ready.iam.create_role(RoleName=f"{name}-{index}", AssumeRolePolicyDocument=trust)
        return str(made["Role"]["RoleName"])

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, range(64)))
    listed = {role["RoleName"] for role in server.client("iam").list_roles(MaxItems=1000)["Roles"]}
    assert set(made) <= listed


def test_services_that_share_a_signing_name(server: Server) -> None:
    """Each answers by its own model: reads of two control planes, and two data planes that refuse in their words."""
    assert server.client("bedrock").list_guardrails()["guardrails"] is not None
    assert server.client("bedrock-agentcore-control").list_memories()["memories"] is not None
    assert server.client("agent-registry-control").list_registries()["registries"] is not None
    with pytest.raises(ClientError) as error:
        server.client("bedrock-agentcore").list_actors(memoryId="none-0123456789")
    assert code_of(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        server.client("bedrock-runtime").apply_guardrail(
            guardrailIdentifier="none",
            guardrailVersion="1",
            source="INPUT",
            content=[{"text": {"text": "x"}}],
        )
    assert code_of(error) == "ResourceNotFoundException"


def test_a_function_calls_back_while_its_caller_waits(server: Server, name: str) -> None:
    """Nothing is held while a function runs: it may use the very services that are locked for its caller."""
    from tests.local.server.support import function

    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    function(server, name, source)
    answer = json.loads(server.client("lambda").invoke(FunctionName=name)["Payload"].read())
    assert answer.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/")
