"""The front door's routes, as docs/api.md and docs/openapi.yaml describe them, and the way in of schedules.

Behind a function URL with IAM authentication: Lambda has verified the caller's signature and permission. A URL's
events are of Lambda's making and never of the other form, which takes the permission to invoke the function.
"""

import base64
import binascii
import json
import os
import re
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.errors import ApiError
from functions.front_door import guardrail, rate, schedule
from functions.front_door.agents import agents
from functions.front_door.conversation import converse
from functions.front_door.once import Answered, once

logger = Logger()

MAX_BODY_BYTES = 128 * 1024
MAX_MESSAGE_CHARACTERS = guardrail.MAX_CHARACTERS
_MESSAGES = re.compile(r"/v1/agents/([^/]+)/messages")
_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP request (payload format 2.0), or do what a schedule says."""
    logger.set_correlation_id(context.aws_request_id)
    if set(event) == {"schedule"}:
        return schedule.run(event["schedule"], context)
    try:
        return _response(*_route(event, context))
    except ApiError as error:
        logger.info("refused", extra={"status": error.status, "code": error.code})
        later = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
        return _response(error.status, error.body, later)
    except Exception:
        logger.exception("fault")
        message = f"Something went wrong. Name {context.aws_request_id} to the platform's team."
        return _response(502, {"error": {"code": "internal", "message": message}}, {})


def _route(event: dict[str, Any], context: LambdaContext) -> tuple[int, dict[str, Any], dict[str, str]]:
    http = event["requestContext"]["http"]
    caller = ((event["requestContext"].get("authorizer") or {}).get("iam") or {}).get("userArn")
    if not caller:
        # A URL without IAM authentication is a mistake that must not open an agent.
        raise ApiError(403, "forbidden", "The request is not signed.")
    known = agents()
    path = event["rawPath"].rstrip("/")
    if http["method"] == "GET" and path == "/v1/agents":
        return 200, {"team": os.environ["TEAM"], "agents": [{"agent": name} for name in sorted(known)]}, {}
    found = _MESSAGES.fullmatch(path)
    if http["method"] != "POST" or not found:
        raise ApiError(404, "not_found", "There is POST /v1/agents/{agent}/messages and GET /v1/agents.")
    if found[1] not in known:
        raise ApiError(404, "unknown_agent", "This team has no such agent. GET /v1/agents lists them.")
    name, agent, (message, given) = found[1], known[found[1]], _read_body(event)

    def work() -> Answered:
        rate.count(name, agent.get("per_minute", rate.USUAL))
        return 200, converse(name, agent, caller, message, given, context)

    key = (event.get("headers") or {}).get("idempotency-key")
    if key is None:
        return *work(), {}
    answered, again = once(key, (caller, name), [message, given], work, context)
    return *answered, {"idempotent-replayed": "true"} if again else {}


def _read_body(event: dict[str, Any]) -> tuple[str, str | None]:
    """Return message and session id of a request."""
    body = event.get("body") or ""
    if len(body) > MAX_BODY_BYTES:
        raise ApiError(413, "too_large", f"A request has at most {MAX_BODY_BYTES} bytes.")
    try:
        data = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        sent = json.loads(data)
    except (ValueError, binascii.Error, RecursionError):
        raise ApiError(400, "bad_request", "The body is not JSON.") from None
    if not isinstance(sent, dict) or not isinstance(sent.get("message"), str) or not sent["message"].strip():
        raise ApiError(400, "bad_request", 'The body is {"message": "...", "session_id": "..."?}.')
    unknown = sorted(set(sent) - {"message", "session_id"})
    if unknown:
        raise ApiError(400, "bad_request", f"Unknown field {unknown[0][:40]!r}: message and session_id only.")
    if len(sent["message"]) > MAX_MESSAGE_CHARACTERS:
        raise ApiError(413, "too_large", f"A message has at most {MAX_MESSAGE_CHARACTERS} characters.")
    given = sent.get("session_id")
    if given is not None and not (isinstance(given, str) and _SESSION_ID.fullmatch(given)):
        raise ApiError(400, "bad_request", "session_id has 1 to 100 letters, digits, '-' and '_'.")
    return sent["message"], given


def _response(status: int, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store", **headers},
        "body": json.dumps(body),
    }
