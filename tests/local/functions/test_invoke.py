"""The Invoke API: types, headers, limits, and who may."""

import base64
import json
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends

from corral.local.server.core import AwsError, Call, Caller, HttpRequest
from corral.local.server.functions import invoke
from tests.local.functions.support import REGION, Deploy


def call(
    aws: Any, name: str = "f", body: bytes = b"{}", qualifier: str | None = None, **headers: str
) -> Call:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    http = HttpRequest("POST", f"/2015-03-31/functions/{name}/invocations", {}, sent, body)
    caller = Caller(f"arn:aws:sts::{aws.account}:assumed-role/app/me", aws.account, "AKIA", "role")
    params = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})
    return Call("lambda", "Invoke", params, caller, aws, "request", http)


def test_answer(aws: Any, deploy: Deploy) -> None:
    deploy("def handler(e, c):\n    print('seen')\n    return [e, c.client_context.custom]\n")
    context = base64.b64encode(b'{"custom": {"k": "v"}}').decode()
    made = call(aws, body=b'{"a": 1}', x_amz_client_context=context, x_amz_log_type="Tail")
    status, headers, body = invoke.handle_raw(made)
    assert (status, json.loads(body)) == (200, [{"a": 1}, {"k": "v"}])
    assert headers["X-Amz-Executed-Version"] == "$LATEST"
    assert "X-Amz-Function-Error" not in headers
    assert b"seen\n" in base64.b64decode(headers["X-Amz-Log-Result"])
    assert made.trail["resources"][0]["ARN"] == f"arn:aws:lambda:{REGION}:{aws.account}:function:f"


def test_qualifier_is_run_authorized_and_named(aws: Any, deploy: Deploy) -> None:
    deploy("def handler(e, c):\n    return c.function_version\n")
    lambda_backends[aws.account][REGION].publish_version("f")
    lambda_backends[aws.account][REGION].create_alias("live", "f", "1", "", "")
    status, headers, body = invoke.handle_raw(call(aws, qualifier="live"))
    assert (status, body, headers["X-Amz-Executed-Version"]) == (200, b'"1"', "1")
    action, resource, policy, _ = aws.authorize.asked[0]
    arn = f"arn:aws:lambda:{REGION}:{aws.account}:function:f:live"
    assert (action, resource, policy) == ("lambda:InvokeFunction", arn, None)
    with pytest.raises(AwsError, match="does not match"):
        invoke.handle_raw(call(aws, name="f:live", qualifier="1"))


def test_resource_policy_reads_as_aws_words_it(aws: Any, deploy: Deploy) -> None:
    deploy("def handler(e, c):\n    pass\n")
    lambdas = lambda_backends[aws.account][REGION]
    role = f"arn:aws:iam::{aws.account}:role/app"
    for statement in (
        {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"},
        {
            "StatementId": "b",
            "Action": "lambda:InvokeFunctionUrl",
            "Principal": role,
            "FunctionUrlAuthType": "AWS_IAM",
        },
        {
            "StatementId": "c",
            "Action": "lambda:InvokeFunction",
            "Principal": role,
            "InvokedViaFunctionUrl": True,
        },
    ):
        lambdas.add_permission("f", None, json.dumps(statement))  # type: ignore[arg-type]
    invoke.handle_raw(call(aws))
    statements = json.loads(aws.authorize.asked[0][2])["Statement"]
    assert [each["Principal"] for each in statements] == [
        {"Service": "events.amazonaws.com"},
        {"AWS": role},
        {"AWS": role},
    ]
    assert [each.get("Condition") for each in statements] == [
        None,
        {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    ]


def test_function_error(aws: Any, deploy: Deploy) -> None:
    deploy("def handler(e, c):\n    raise KeyError('x')\n")
    status, headers, body = invoke.handle_raw(call(aws))
    assert (status, headers["X-Amz-Function-Error"]) == (200, "Unhandled")
    assert json.loads(body)["errorType"] == "KeyError"


def test_event_runs_in_the_background_and_is_tried_three_times(
    aws: Any, deploy: Deploy, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(aws.functions.events, "_retry_seconds", (0.01,))
    seen = tmp_path / "seen"
    deploy(f"def handler(e, c):\n    print(e, file=open({str(seen)!r}, 'a'))\n    raise ValueError\n")
    assert invoke.handle_raw(call(aws, x_amz_invocation_type="Event")) == (202, {}, b"")
    assert aws.functions.events.drain(10)
    assert seen.read_text() == "{}\n" * 3


def test_dry_run_runs_nothing(aws: Any, deploy: Deploy) -> None:
    deploy("def handler(e, c):\n    pass\n")
    assert invoke.handle_raw(call(aws, x_amz_invocation_type="DryRun")) == (204, {}, b"")
    assert aws.functions.process_ids == []


def test_throttled(aws: Any, deploy: Deploy) -> None:
    deploy("def handler(e, c):\n    pass\n")
    lambda_backends[aws.account][REGION].put_function_concurrency("f", "0")
    status, headers, body = invoke.handle_raw(call(aws))
    assert (status, headers["x-amzn-ErrorType"]) == (429, "TooManyRequestsException")
    assert json.loads(body)["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


@pytest.mark.parametrize(
    ("body", "headers", "code", "status"),
    [
        (b"x" * (6 * 1024 * 1024 + 1), {}, "RequestTooLargeException", 413),
        (b"1" * (1024 * 1024 + 1), {"x_amz_invocation_type": "Event"}, "RequestTooLargeException", 413),
        (b"{not json", {}, "InvalidRequestContentException", 400),
        (b"\xff\xfe", {}, "InvalidRequestContentException", 400),
        (b"{}", {"x_amz_client_context": "!"}, "InvalidRequestContentException", 400),
        (
            b"{}",
            {"x_amz_client_context": base64.b64encode(b"[]").decode()},
            "InvalidRequestContentException",
            400,
        ),
        (b"{}", {"x_amz_invocation_type": "Later"}, "InvalidParameterValueException", 400),
    ],
)
def test_bad_requests(
    aws: Any, deploy: Deploy, body: bytes, headers: dict[str, str], code: str, status: int
) -> None:
    deploy("def handler(e, c):\n    pass\n")
    with pytest.raises(AwsError) as raised:
        invoke.handle_raw(call(aws, body=body, **headers))
    assert (raised.value.code, raised.value.status) == (code, status)
    assert aws.functions.process_ids == []


def test_denied_and_unknown(aws: Any, deploy: Deploy) -> None:
    deploy("def handler(e, c):\n    pass\n")
    with pytest.raises(AwsError, match="Function not found"):
        invoke.handle_raw(call(aws, name="g"))
    aws.authorize.denied.add("lambda:InvokeFunction")
    with pytest.raises(AwsError) as raised:
        invoke.handle_raw(call(aws))
    assert (raised.value.code, raised.value.status) == ("AccessDeniedException", 403)
    assert aws.functions.process_ids == []
