"""The Lambda API's Invoke over HTTP: POST /2015-03-31/functions/<name>/invocations."""

import base64
import binascii
import json
from typing import Any, cast

from corral.local.server.core import AwsError, Call, RawResponse
from corral.local.server.functions.events import RETRIES
from corral.local.server.functions.executor import Functions
from corral.local.server.functions.pool import ThrottlingError
from corral.local.server.functions.resolve import (
    async_retries,
    function_arn,
    resolve,
    resource_policy,
    split,
)

MAX_SYNC = 6 * 1024 * 1024  # bytes
MAX_ASYNC = 1024 * 1024
MAX_CLIENT_CONTEXT = 3583


def handle_raw(call: Call) -> RawResponse:
    """Invoke a function: RequestResponse, Event or DryRun.

    Raises AwsError: ResourceNotFoundException, AccessDeniedException, RequestTooLargeException,
    InvalidRequestContentException, InvalidParameterValueException.
    """
    name, qualifier = split(call.aws, call.params["FunctionName"], call.params.get("Qualifier"))
    kind = call.http.headers.get("x-amz-invocation-type", "RequestResponse")
    arn = function_arn(call.aws, name, qualifier)
    call.trail["requestParameters"] = {"functionName": arn, "invocationType": kind}
    call.trail["resources"] = [
        {"accountId": call.aws.account, "type": "AWS::Lambda::Function", "ARN": function_arn(call.aws, name)}
    ]
    target = resolve(call.aws, name, qualifier)

    call.trail["additionalEventData"] = {"functionVersion": function_arn(call.aws, name, target.version)}
    call.aws.authorize(call.caller, "lambda:InvokeFunction", arn, resource_policy(call.aws, name))
    _check_payload(call.http.body, kind)

    functions = cast(Functions, call.aws.functions)
    if kind == "DryRun":
        return 204, {}, b""
    if kind == "Event":
        functions.events.put(name, qualifier, call.http.body, async_retries(call.aws, name, RETRIES))
        return 202, {}, b""
    if kind != "RequestResponse":
        message = f"1 validation error detected: Value '{kind}' at 'invocationType' is not one of the allowed"
        raise AwsError("InvalidParameterValueException", message)
    context = _client_context(call.http.headers.get("x-amz-client-context"))
    try:
        execution = functions.invoke(name, call.http.body, context, qualifier)
    except ThrottlingError as error:
        return throttled(error)
    headers = {"Content-Type": "application/json", "X-Amz-Executed-Version": execution.version}
    if execution.error is not None:
        headers["X-Amz-Function-Error"] = execution.error
    if call.http.headers.get("x-amz-log-type") == "Tail":
        headers["X-Amz-Log-Result"] = execution.tail
    return execution.status, headers, execution.payload


def throttled(error: ThrottlingError) -> RawResponse:
    """Return the 429 answer, which carries a reason that other errors have no place for."""
    body = {"Reason": error.reason, "Type": "User", "message": error.message}
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error.code, "Retry-After": "1"}
    return error.status, headers, json.dumps(body).encode()


def _check_payload(payload: bytes, kind: str) -> None:
    limit = MAX_ASYNC if kind == "Event" else MAX_SYNC
    if len(payload) > limit:
        message = (
            f"{len(payload)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
        )
        raise AwsError("RequestTooLargeException", message, 413)
    try:
        if payload:
            json.loads(payload)
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        raise AwsError("InvalidRequestContentException", message) from None


def _client_context(header: str | None) -> dict[str, Any] | None:
    if header is None:
        return None
    message = "Client context must be a valid base64-encoded JSON object"
    if len(header) > MAX_CLIENT_CONTEXT:
        raise AwsError("InvalidRequestContentException", message)
    try:
        context = json.loads(base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError):
        raise AwsError("InvalidRequestContentException", message) from None
    if not isinstance(context, dict):
        raise AwsError("InvalidRequestContentException", message)
    return context
