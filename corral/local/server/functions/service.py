"""How other services of the local AWS invoke a function: with their role, authorized and recorded as over HTTP."""

import uuid
from typing import Any

from corral.local.server.core import AwsError, Call, Caller, HttpRequest, Instead, Invocation, LocalAws


def invoke_as(
    aws: LocalAws,
    role: Caller,
    function_arn: str,
    payload: bytes,
    client_context: dict[str, Any] | None = None,
    instead: Instead | None = None,
    service: str = "bedrock-agentcore.amazonaws.com",
) -> Invocation:
    """Invoke a function, by ARN with an optional qualifier, as a service's role. Raises AwsError when it may not.

    CloudTrail's record names the service in place of an address, and the function without its qualifier.
    """
    http = HttpRequest("POST", "/", {}, {"user-agent": service}, b"")
    call = Call("lambda", "Invoke", {"FunctionName": function_arn}, role, aws, str(uuid.uuid4()), http)
    unqualified = ":".join(function_arn.split(":")[:7])
    call.trail |= {
        "sourceIPAddress": service,
        "requestParameters": {"functionName": function_arn, "invocationType": "RequestResponse"},
        "resources": [{"accountId": aws.account, "type": "AWS::Lambda::Function", "ARN": unqualified}],
    }
    try:
        aws.authorize(role, "lambda:InvokeFunction", function_arn)
        done = aws.functions.invoke(function_arn, payload, client_context, instead=instead)
    except AwsError as error:
        aws.trail.record(call, error)
        raise
    aws.trail.record(call)
    return done
