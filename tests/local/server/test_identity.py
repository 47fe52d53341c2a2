"""Who may call at all: signatures are verified, and every refusal is spelled as AWS spells it."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.local.server.conftest import ACCOUNT, REGION, Server, code_of, start, status_of

V4 = Config(signature_version="s3v4")


def test_administrator(server: Server) -> None:
    who = server.client("sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/administrator")
    assert who["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
        ("iam", "list_users", "SignatureDoesNotMatch"),
        ("dynamodb", "list_tables", "InvalidSignatureException"),
        ("lambda", "list_functions", "InvalidSignatureException"),
        ("bedrock", "list_guardrails", "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret(server: Server, service: str, operation: str, expected: str) -> None:
    with pytest.raises(ClientError) as error:
        getattr(server.client(service, aws_secret_access_key="x" * 40), operation)()
    assert (code_of(error), status_of(error)) == (expected, 403)


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("iam", "list_users", "InvalidClientTokenId"),
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
    ],
)
def test_an_unknown_key(server: Server, service: str, operation: str, expected: str) -> None:
    with pytest.raises(ClientError) as error:
        getattr(server.client(service, aws_access_key_id="AKIAAAAAAAAAAAAAAAAA"), operation)()
    assert (code_of(error), status_of(error)) == (expected, 403)


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("s3", "list_buckets", "AccessDenied"),
        ("iam", "list_users", "MissingAuthenticationToken"),
        ("dynamodb", "list_tables", "MissingAuthenticationTokenException"),
        ("bedrock", "list_guardrails", "AccessDenied"),
    ],
)
def test_unsigned(server: Server, service: str, operation: str, expected: str) -> None:
    with pytest.raises(ClientError) as error:
        getattr(server.client(service, config=Config(signature_version=UNSIGNED)), operation)()
    assert status_of(error) == 403
    assert code_of(error) in (expected, "403")


def test_session_tokens(server: Server) -> None:
    keys = server.admin("POST", "credentials", {"role_arn": server.role([]), "session_name": "me"})
    signed = {"aws_access_key_id": keys["access_key_id"], "aws_secret_access_key": keys["secret_access_key"]}
    who = server.client("sts", **signed, aws_session_token=keys["session_token"]).get_caller_identity()
    assert who["Arn"].endswith("/me")
    for token in (None, "forged"):
        with pytest.raises(ClientError) as error:
            server.client("sts", **signed, aws_session_token=token).get_caller_identity()
        assert code_of(error) == "InvalidClientTokenId"


def test_presigned_urls(server: Server, name: str) -> None:
    s3 = server.client("s3", config=V4)
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a b/ü+c=&", Body=b"x" * 10)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a b/ü+c=&"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"x" * 10
    for spoilt in (url.replace("a%20b", "a%20c"), url.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200")):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(spoilt)
        assert error.value.code == 403


def signed(server: Server, body: bytes, **headers: str) -> AWSRequest:
    request = AWSRequest(
        "POST",
        server.endpoint + "/",
        headers={
            "X-Amz-Target": "DynamoDB_20120810.ListTables",
            "Content-Type": "application/x-amz-json-1.0",
            **headers,
        },
        data=body,
    )
    SigV4Auth(Credentials(server.key, server.secret), "dynamodb", REGION).add_auth(request)
    return request


def send(server: Server, request: AWSRequest, body: bytes) -> tuple[int, dict[str, Any]]:
    http = urllib.request.Request(server.endpoint + "/", body, dict(request.headers.items()), method="POST")
    try:
        with urllib.request.urlopen(http) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_a_changed_body_or_header_breaks_the_signature(server: Server) -> None:
    request = signed(server, b'{"Limit": 1}')
    assert send(server, request, b'{"Limit": 1}')[0] == 200
    assert send(server, request, b'{"Limit": 2}')[0] == 403
    request.headers.replace_header("X-Amz-Target", "DynamoDB_20120810.CreateTable")
    status, said = send(server, request, b'{"Limit": 1}')
    assert (status, said["__type"]) == (403, "InvalidSignatureException")


def test_an_old_signature(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime

    import botocore.auth

    monkeypatch.setattr(
        botocore.auth,
        "get_current_datetime",
        lambda *_, **__: (
            datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - datetime.timedelta(minutes=16)
        ),
    )
    status, said = send(server, signed(server, b"{}"), b"{}")
    assert (status, said["__type"]) == (403, "InvalidSignatureException")
    assert "expired" in said["message"]


def test_a_deactivated_key(server: Server, name: str) -> None:
    iam = server.client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    mine = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    server.client("sts", **mine).get_caller_identity()
    iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with pytest.raises(ClientError):
        server.client("sts", **mine).get_caller_identity()


def test_a_large_body_and_odd_metadata(server: Server, name: str) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=name)
    body = b"x" * 12_000_000
    s3.upload_fileobj(
        __import__("io").BytesIO(body), name, "big", ExtraArgs={"Metadata": {"under_score": "a  b"}}
    )
    read = s3.get_object(Bucket=name, Key="big")
    assert len(read["Body"].read()) == len(body)
    assert read["Metadata"]["under_score"].split() == ["a", "b"]


def test_one_line_when_ready_and_in_order_when_told(tmp_path: Any) -> None:
    process = start("--watch-stdin", "--admin-file", str(tmp_path / "admin.json"))
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert json.loads((tmp_path / "admin.json").read_text()) == ready
    assert (tmp_path / "admin.json").stat().st_mode & 0o777 == 0o600
    with urllib.request.urlopen(f"{ready['endpoint']}/_corral/health") as answer:
        assert json.loads(answer.read())["account"] == ACCOUNT
    rest, faults = process.communicate("", timeout=20)
    assert (process.returncode, rest, faults) == (0, "", "")


def test_sigterm_stops_it() -> None:
    process = start()
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    assert process.wait(timeout=20) == 0


def test_a_port_in_use_is_one_clear_line(server: Server) -> None:
    port = server.endpoint.rpartition(":")[2]
    process = start("--port", port)
    out, faults = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert faults == f"port {port} on 127.0.0.1 is in use; choose another, or 0 for a free one\n"


def test_it_listens_on_loopback_alone(server: Server) -> None:
    port = f"{int(server.endpoint.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    assert [row[1] for row in rows if row[1].endswith(f":{port}") and row[3] == "0A"] == [f"0100007F:{port}"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("POST", "credentials", {"role_arn": "arn:aws:iam::1:role/none", "session_name": "s"}, 404),
        ("POST", "credentials", {}, 400),
        ("POST", "credentials", [], 400),
        ("GET", "trail?since=x", None, 400),
    ],
)
def test_admin_says_what_is_wrong(server: Server, method: str, path: str, body: Any, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        server.admin(method, path, body)
    assert error.value.code == status
    assert json.loads(error.value.read())["error"]


def test_admin_is_closed_to_other_names(server: Server) -> None:
    request = urllib.request.Request(f"{server.endpoint}/_corral/health", headers={"Host": "evil.example:80"})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    assert error.value.code == 403


def test_what_moto_lacks_is_501(server: Server) -> None:
    for service, operation, arguments in (
        ("cloudtrail", "lookup_events", {}),
        ("braket", "search_devices", {"filters": []}),
        ("iam", "simulate_principal_policy", {"PolicySourceArn": "x" * 20, "ActionNames": ["a:b"]}),
    ):
        with pytest.raises(ClientError, match=f"{service}:.* is not part of the local AWS") as error:
            getattr(server.client(service), operation)(**arguments)
        assert status_of(error) == 501
