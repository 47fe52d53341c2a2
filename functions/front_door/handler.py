"""The front door's routes, as docs/api.md and docs/openapi.yaml describe them.

Behind a function URL with IAM authentication: Lambda has verified the caller's signature and permission.
"""

import base64
import binascii
import json
import os
import re
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.front_door import guardrail
from functions.front_door.errors import ApiError
from functions.front_door.harness import invoke
from functions.front_door.session import actor_id, runtime_session_id
from functions.front_door.stream import Reply

logger = Logger()

MAX_BODY_BYTES = 128 * 1024
MAX_MESSAGE_CHARACTERS = guardrail.MAX_CHARACTERS
_MESSAGES = re.compile(r"/v1/agents/([^/]+)/messages")
_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP request (payload format 2.0)."""
    logger.set_correlation_id(context.aws_request_id)
    try:
        return _response(200, _route(event, context))
    except ApiError as error:
        logger.info("refused", extra={"status": error.status, "code": error.code})
        return _response(error.status, {"error": {"code": error.code, "message": error.message}})
    except Exception:
        logger.exception("fault")
        message = f"Something went wrong. Name {context.aws_request_id} to the platform's team."
        return _response(502, {"error": {"code": "internal", "message": message}})


def _route(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    http = event["requestContext"]["http"]
    caller = ((event["requestContext"].get("authorizer") or {}).get("iam") or {}).get("userArn")
    if not caller:
        # A URL without IAM authentication is a mistake that must not open an agent.
        raise ApiError(403, "forbidden", "The request is not signed.")
    agents: dict[str, dict[str, str]] = json.loads(os.environ["AGENTS"])
    path = event["rawPath"].rstrip("/")
    if http["method"] == "GET" and path == "/v1/agents":
        return {"team": os.environ["TEAM"], "agents": [{"agent": name} for name in sorted(agents)]}
    found = _MESSAGES.fullmatch(path)
    if http["method"] != "POST" or not found:
        raise ApiError(404, "not_found", "There is POST /v1/agents/{agent}/messages and GET /v1/agents.")
    if found[1] not in agents:
        raise ApiError(404, "unknown_agent", "This team has no such agent. GET /v1/agents lists them.")
    message, given = _read_body(event)
    return _converse(found[1], agents[found[1]], caller, message, given, context)


def _converse(
    name: str, agent: dict[str, str], caller: str, message: str, given: str | None, context: LambdaContext
) -> dict[str, Any]:
    """Take a message through guardrail, agent and guardrail."""
    session_id = runtime_session_id(caller, name, given)
    reply, blocked = Reply(), None
    checked = guardrail.apply("INPUT", message)
    if checked.blocked:
        blocked, reply.stop_reason = "input", "guardrail_intervened"
    else:
        seconds = context.get_remaining_time_in_millis() / 1000
        reply = invoke(agent, session_id, actor_id(caller), checked.text, seconds)
        checked = guardrail.apply("OUTPUT", reply.answer)
        if checked.blocked:
            blocked = "output"
    answer = {
        "agent": name,
        "session_id": session_id,
        "answer": checked.text,
        "stop_reason": reply.stop_reason,
        "blocked": blocked,
        "tool_calls": reply.tool_calls,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
        "request_id": context.aws_request_id,
    }
    told = ("agent", "session_id", "stop_reason", "blocked", "usage")
    logger.info("answered", extra={"caller": caller, **{key: answer[key] for key in told}})
    return answer


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


def _response(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }
