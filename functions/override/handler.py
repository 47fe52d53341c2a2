"""The routes of the override function, as docs/override.md describes them.

Behind a function URL with IAM authentication: Lambda has verified the caller's signature and permission.
"""

import base64
import json
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.errors import ApiError
from functions.common.overrides import MODES
from functions.override.agents import SCOPE, scope_of
from functions.override.callers import check, team_of
from functions.override.change import change
from functions.override.listing import listing

logger = Logger()

PATH = "/v1/overrides"
MAX_BODY_BYTES = 8 * 1024
MIN_REASON, MAX_REASON = 3, 300
_FIELDS = {"scope", "mode", "reason", "lifts"}


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP request (payload format 2.0)."""
    logger.set_correlation_id(context.aws_request_id)
    try:
        return _response(200, _route(event))
    except ApiError as error:
        logger.info("refused", extra={"status": error.status, "code": error.code, "said": error.message})
        return _response(error.status, {"error": {"code": error.code, "message": error.message}})
    except Exception:
        logger.exception("fault")
        message = f"Something went wrong, look what is in force. Name {context.aws_request_id} to the platform's team."
        return _response(502, {"error": {"code": "internal", "message": message}})


def _route(event: dict[str, Any]) -> dict[str, Any]:
    http = event["requestContext"]["http"]
    caller = ((event["requestContext"].get("authorizer") or {}).get("iam") or {}).get("userArn")
    if not caller:
        # A URL without IAM authentication is a mistake that must not let anybody resume an agent.
        raise ApiError(403, "forbidden", "The request is not signed.")
    team = team_of(caller)
    if event["rawPath"].rstrip("/") != PATH or http["method"] not in ("GET", "POST"):
        raise ApiError(404, "not_found", f"There is GET {PATH} and POST {PATH}.")
    if http["method"] == "GET":
        return {"overrides": listing(team)}
    sent = _read_body(event)
    check(team, sent["scope"])
    made = change(scope_of(sent["scope"]), sent["mode"], sent["reason"].strip(), caller, sent.get("lifts"))
    logger.info("changed", extra=asdict(made))
    return {"override": asdict(made), "overrides": listing(team)}


def _read_body(event: dict[str, Any]) -> dict[str, str]:
    """Return the fields of a change, each of the form it must have."""
    body = event.get("body") or ""
    if len(body) > MAX_BODY_BYTES:
        raise ApiError(413, "too_large", f"A request has at most {MAX_BODY_BYTES} bytes.")
    try:
        sent = json.loads(base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body)
    except (ValueError, RecursionError):
        raise ApiError(400, "bad_request", "The body is not JSON.") from None
    if not isinstance(sent, dict) or not all(isinstance(value, str) for value in sent.values()):
        raise ApiError(400, "bad_request", 'The body is {"scope", "mode", "reason", "lifts"?}, all texts.')
    unknown, missing = sorted(set(sent) - _FIELDS), sorted(_FIELDS - {"lifts"} - set(sent))
    if unknown or missing:
        problem = f"unknown field {unknown[0][:40]!r}" if unknown else f"{missing[0]} is missing"
        raise ApiError(
            400, "bad_request", f"In the body, {problem}: it has scope, mode, reason and maybe lifts."
        )
    if not SCOPE.fullmatch(sent["scope"]):
        raise ApiError(400, "bad_request", 'scope is "*", a team, or <team>/<agent>.')
    if sent["mode"] not in MODES:
        raise ApiError(400, "bad_request", f"mode is one of {', '.join(MODES)}.")
    if not MIN_REASON <= len(sent["reason"].strip()) <= MAX_REASON:
        raise ApiError(400, "bad_request", f"reason has {MIN_REASON} to {MAX_REASON} characters.")
    return sent


def _response(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }
