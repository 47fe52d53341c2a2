"""Function URLs: requests under /lambda-url/<url id>/ become events of payload format 2.0, and answers HTTP.

Two permissions are asked, as for URLs made since October 2025: lambda:InvokeFunctionUrl and, because the call
comes through the URL, lambda:InvokeFunction (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html).
Not served: CORS, response streaming, more than one cookie in an answer, and AuthType NONE without a
signature, which the router refuses.
"""

import base64
import binascii
import json
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from moto.awslambda.models import FunctionUrlConfig
from moto.iam.models import iam_backends

from corral.local.server.core import AwsError, Call, Caller, LocalAws, RawResponse
from corral.local.server.functions.executor import Functions
from corral.local.server.functions.invoke import MAX_SYNC
from corral.local.server.functions.pool import ThrottlingError
from corral.local.server.functions.resolve import backend, function_arn, resource_policy

PREFIX = "/lambda-url/"
_ID = re.compile(r"(?:https://|/lambda-url/)([a-z0-9]+)")
# What a handler gets as text; any other body is base64.
_TEXT = re.compile(r"text/.*|application/(.*\+)?(json|xml)|application/javascript")
# Kept from handlers: they are the caller's, not the application's.
_SECRET_HEADERS = ("authorization", "x-amz-security-token")
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def function_url(aws: LocalAws, url_id: str) -> str:
    """Return where a function URL is served here."""
    return f"{aws.endpoint}{PREFIX}{url_id}/"


def url_id(url: str) -> str:
    """Return the id in a function URL, AWS's form (`https://<id>.lambda-url...`) or ours."""
    found = _ID.search(url)
    if found is None:
        raise ValueError(f"not a function URL: {url}")
    return found[1]


def handle_raw(call: Call) -> RawResponse:
    """Serve one request to a function URL."""
    found_id, _, rest = call.http.path.removeprefix(PREFIX).partition("/")
    config = _find(call.aws, found_id)
    if config is None:
        return _message(404, "Not Found")
    name = config.function.function_name
    qualifier = config.config.get("Qualifier")
    arn = function_arn(call.aws, name, qualifier)
    call.trail["requestParameters"] = {"functionName": arn, "path": f"/{rest}", "method": call.http.method}
    call.trail["resources"] = [{"accountId": call.aws.account, "type": "AWS::Lambda::Function", "ARN": arn}]
    try:
        _authorize(call, name, arn, config.config.get("AuthType") or "AWS_IAM")
    except AwsError:
        return _message(403, _FORBIDDEN, {"x-amzn-ErrorType": "AccessDeniedException"})
    event = json.dumps(_event(call, found_id, f"/{rest}")).encode()
    if len(event) > MAX_SYNC:
        return _message(413, "Request Entity Too Large")
    assert isinstance(call.aws.functions, Functions)
    try:
        execution = call.aws.functions.invoke(name, event, None, qualifier)
    except ThrottlingError:
        return _message(429, "Rate Exceeded.")
    except AwsError as error:
        return _message(502, f"Internal Server Error ({error.code})")
    if execution.error is not None:
        return _message(502, "Internal Server Error")
    return _answer(execution.payload)


def _find(aws: LocalAws, wanted: str) -> FunctionUrlConfig | None:
    with aws.moto_lock:
        for function in backend(aws).list_functions():
            config = function.url_config
            if config is not None and url_id(config.url) == wanted:
                return config
    return None


def _authorize(call: Call, name: str, arn: str, auth_type: str) -> None:
    policy = resource_policy(call.aws, name)
    by_type = {"lambda:FunctionUrlAuthType": auth_type}
    via_url = {"lambda:InvokedViaFunctionUrl": "true"}
    call.aws.authorize(call.caller, "lambda:InvokeFunctionUrl", arn, policy, by_type)
    call.aws.authorize(call.caller, "lambda:InvokeFunction", arn, policy, via_url)


def _event(call: Call, api_id: str, path: str) -> dict[str, Any]:
    http, now = call.http, time.time()
    headers = {name: value for name, value in http.headers.items() if name not in _SECRET_HEADERS}
    cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
    query: dict[str, str] = {}
    for name, value in parse_qsl(http.query_string, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    domain = f"{api_id}.lambda-url.{call.aws.region}.on.aws"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": http.query_string,
        "headers": headers,
        "requestContext": {
            "accountId": call.caller.account,
            "apiId": api_id,
            "authorizer": {"iam": _identity(call.aws, call.caller)},
            "domainName": domain,
            "domainPrefix": api_id,
            "http": {
                "method": http.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": call.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = query
    if http.body:
        event["body"], event["isBase64Encoded"] = _body(http.body, headers.get("content-type", ""))
    return event


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    if _TEXT.fullmatch(content_type.split(";")[0].strip().lower()):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _identity(aws: LocalAws, caller: Caller) -> dict[str, Any]:
    """Who called, as an IAM-authorized URL tells the function."""
    user_id = caller.account
    with aws.moto_lock:
        iam = iam_backends[caller.account]["aws"]
        if caller.role_arn is not None:
            user_id = f"{iam.get_role_by_arn(caller.role_arn).id}:{caller.arn.rsplit('/', 1)[-1]}"
        elif ":user/" in caller.arn:
            user_id = iam.get_user(caller.arn.rsplit("/", 1)[-1]).id
    return {
        "accessKey": caller.access_key_id,
        "accountId": caller.account,
        "callerId": user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": user_id,
    }


def _answer(payload: bytes) -> RawResponse:
    """Turn what the handler returned into an HTTP response; 502 when AWS could not either."""
    headers = {"Content-Type": "application/json"}
    try:
        answer = json.loads(payload)
    except ValueError:
        return _message(502, "Internal Server Error")
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return 200, headers, payload
    body = answer.get("body") or ""
    cookies = answer.get("cookies") or []
    try:
        status = int(answer["statusCode"])
        content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
        given = {str(name): str(value) for name, value in (answer.get("headers") or {}).items()}
    except (AttributeError, TypeError, ValueError, binascii.Error):
        return _message(502, "Internal Server Error")
    if len(cookies) > 1 or not 100 <= status <= 599:
        return _message(502, "Internal Server Error")
    if any(name.lower() == "content-type" for name in given):
        headers.clear()
    headers.update(given)
    if cookies:
        headers["Set-Cookie"] = str(cookies[0])
    return status, headers, content


def _message(status: int, text: str, headers: Mapping[str, str] | None = None) -> RawResponse:
    body = json.dumps({"Message": text}).encode()
    return status, {"Content-Type": "application/json", **(headers or {})}, body
