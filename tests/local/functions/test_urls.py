"""Function URLs: the event a handler gets, the response a caller gets, and who may call."""

import base64
import json
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends
from moto.iam.models import iam_backends

from corral.local.server.core import Call, Caller, HttpRequest
from corral.local.server.functions import urls
from tests.local.functions.support import REGION, TRUST, Deploy

ECHO = "def handler(e, c):\n    return e\n"


def published(aws: Any, auth_type: str = "AWS_IAM") -> str:
    config = lambda_backends[aws.account][REGION].create_function_url_config("f", {"AuthType": auth_type})
    return urls.url_id(config.url)


def call(
    aws: Any,
    url_id: str,
    path: str = "",
    method: str = "GET",
    query: str = "",
    body: bytes = b"",
    **headers: str,
) -> Call:
    iam = iam_backends[aws.account]["aws"]
    if "app" not in {role.name for role in iam.get_roles()}:
        iam.create_role("app", TRUST, "/", None, "", [], "3600")
    arn = f"arn:aws:sts::{aws.account}:assumed-role/app/me"
    caller = Caller(arn, aws.account, "ASIAKEY", f"arn:aws:iam::{aws.account}:role/app")
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    http = HttpRequest(method, f"/lambda-url/{url_id}/{path}", {}, sent, body, query)
    return Call("lambda", "InvokeFunctionUrl", {"urlId": url_id}, caller, aws, "request-1", http)


def test_url_is_served_here(aws: Any) -> None:
    assert urls.function_url(aws, "abc") == f"{aws.endpoint}/lambda-url/abc/"
    assert urls.url_id(urls.function_url(aws, "abc")) == "abc"
    assert urls.url_id("https://0f9.lambda-url.eu-west-1.on.aws") == "0f9"


def test_event(aws: Any, deploy: Deploy) -> None:
    deploy(ECHO)
    url_id = published(aws)
    made = call(
        aws,
        url_id,
        "v1/agents",
        "POST",
        "a=1&b=x%20y&a=2",
        b'{"message": "hi"}',
        content_type="application/json; charset=utf-8",
        user_agent="test/1",
        authorization="AWS4-HMAC-SHA256 secret",
        x_amz_security_token="secret",
        cookie="k=v; l=w",
    )
    status, headers, body = urls.handle_raw(made)
    event = json.loads(body)
    assert (status, headers) == (200, {"Content-Type": "application/json"})
    assert (event["version"], event["rawPath"]) == ("2.0", "/v1/agents")
    assert event["rawQueryString"] == "a=1&b=x%20y&a=2"
    assert event["queryStringParameters"] == {"a": "1,2", "b": "x y"}
    assert event["headers"] == {"content-type": "application/json; charset=utf-8", "user-agent": "test/1"}
    assert event["cookies"] == ["k=v", "l=w"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"message": "hi"}', False)
    context = event["requestContext"]
    assert context["http"] == {
        "method": "POST",
        "path": "/v1/agents",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "test/1",
    }
    assert context["accountId"] == aws.account
    assert context["apiId"] == url_id
    assert context["domainName"] == f"{url_id}.lambda-url.{REGION}.on.aws"
    assert context["requestId"] == "request-1"
    assert isinstance(context["timeEpoch"], int)
    role = iam_backends[aws.account]["aws"].get_role("app")
    assert context["authorizer"]["iam"] == {
        "accessKey": "ASIAKEY",
        "accountId": aws.account,
        "callerId": f"{role.id}:me",
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:sts::{aws.account}:assumed-role/app/me",
        "userId": f"{role.id}:me",
    }


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"\x00\x01", "image/png"), (b"\xff", "text/plain"), (b"a=1", "")]
)
def test_other_bodies_are_base64(aws: Any, deploy: Deploy, body: bytes, content_type: str) -> None:
    deploy(ECHO)
    event = json.loads(
        urls.handle_raw(call(aws, published(aws), method="POST", body=body, content_type=content_type))[2]
    )
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == body


@pytest.mark.parametrize(
    ("answer", "status", "headers", "body"),
    [
        ({"a": 1}, 200, {"Content-Type": "application/json"}, b'{"a": 1}'),
        ("text", 200, {"Content-Type": "application/json"}, b'"text"'),
        ({"statusCode": 201, "body": "x"}, 201, {"Content-Type": "application/json"}, b"x"),
        (
            {"statusCode": 404, "headers": {"content-type": "text/plain", "x-y": "1"}, "body": "é"},
            404,
            {"content-type": "text/plain", "x-y": "1"},
            "é".encode(),
        ),
        (
            {"statusCode": 200, "body": "AAE=", "isBase64Encoded": True, "cookies": ["k=v; Secure"]},
            200,
            {"Content-Type": "application/json", "Set-Cookie": "k=v; Secure"},
            b"\x00\x01",
        ),
        ({"statusCode": 204}, 204, {"Content-Type": "application/json"}, b""),
    ],
)
def test_answers(
    aws: Any, deploy: Deploy, answer: Any, status: int, headers: dict[str, str], body: bytes
) -> None:
    deploy(f"def handler(e, c):\n    return {answer!r}\n")
    assert urls.handle_raw(call(aws, published(aws))) == (status, headers, body)


@pytest.mark.parametrize(
    "returned",
    [
        "{'statusCode': 'often'}",
        "{'statusCode': 200, 'body': {'not': 'text'}}",
        "{'statusCode': 99}",
        "1 / 0",
    ],
)
def test_a_failure_is_502(aws: Any, deploy: Deploy, returned: str) -> None:
    deploy(f"def handler(e, c):\n    return {returned}\n")
    status, _, body = urls.handle_raw(call(aws, published(aws)))
    assert (status, json.loads(body)) == (502, {"Message": "Internal Server Error"})


@pytest.mark.parametrize("action", ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"])
def test_both_permissions_are_needed(aws: Any, deploy: Deploy, action: str) -> None:
    deploy(ECHO)
    url_id = published(aws)
    assert urls.handle_raw(call(aws, url_id))[0] == 200
    asked = [(each[0], each[3]) for each in aws.authorize.asked if each[0].startswith("lambda:")]
    assert asked == [
        ("lambda:InvokeFunctionUrl", {"lambda:FunctionUrlAuthType": "AWS_IAM"}),
        ("lambda:InvokeFunction", {"lambda:InvokedViaFunctionUrl": "true"}),
    ]
    aws.authorize.denied.add(action)
    status, _, body = urls.handle_raw(call(aws, url_id))
    assert status == 403
    assert json.loads(body)["Message"].startswith("Forbidden.")


def test_unknown_throttled_and_too_large(aws: Any, deploy: Deploy) -> None:
    deploy(ECHO)
    url_id = published(aws)
    assert urls.handle_raw(call(aws, "unknown"))[0] == 404
    big = call(aws, url_id, method="POST", body=b"x" * 6_400_000, content_type="text/plain")
    assert urls.handle_raw(big)[0] == 413
    lambda_backends[aws.account][REGION].put_function_concurrency("f", "0")
    assert urls.handle_raw(call(aws, url_id))[0] == 429
