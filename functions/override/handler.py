"""The routes of the override function, as docs/override.md and docs/rollback.md describe them.

Behind a function URL with IAM authentication: Lambda has verified the caller's signature and permission.
"""

import json
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.errors import ApiError
from functions.common.overrides import MODES
from functions.override import alarms, baselines, canary_routes, promotion, rollback_routes
from functions.override.agents import SCOPE, scope_of
from functions.override.body import read
from functions.override.callers import check, team_of
from functions.override.change import change
from functions.override.listing import listing

logger = Logger()

PATH = "/v1/overrides"


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP request (payload format 2.0), or take an alarm that EventBridge sends."""
    logger.set_correlation_id(context.aws_request_id)
    if (
        event.get("source") == alarms.SOURCE and "requestContext" not in event
    ):  # a URL's requests all have one
        return alarms.suspend(event)
    try:
        if set(event) == {"canary"}:  # likewise: of who may invoke the function itself
            return _response(200, canary_routes.of_monitor(event["canary"]))
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
    for route in (rollback_routes.route, canary_routes.route, promotion.route, baselines.route):
        if (answer := route(event, team, caller)) is not None:
            return answer
    if event["rawPath"].rstrip("/") != PATH or http["method"] not in ("GET", "POST"):
        paths = f"{rollback_routes.PATHS}, {canary_routes.PATHS}, GET and POST {promotion.PATH}, POST {baselines.PATH}"
        raise ApiError(404, "not_found", f"There is GET and POST {PATH}, {paths}.")
    if http["method"] == "GET":
        return {"overrides": listing(team)}
    sent = _read_body(event)
    check(team, sent["scope"])
    made = change(scope_of(sent["scope"]), sent["mode"], sent["reason"], caller, sent.get("lifts"))
    logger.info("changed", extra=asdict(made))
    return {"override": asdict(made), "overrides": listing(team)}


def _read_body(event: dict[str, Any]) -> dict[str, str]:
    """Return the fields of a change, each of the form it must have."""
    sent = read(event, ("scope", "mode", "reason"), ("lifts",))
    if not SCOPE.fullmatch(sent["scope"]):
        raise ApiError(400, "bad_request", 'scope is "*", a team, or <team>/<agent>.')
    if sent["mode"] not in MODES:
        raise ApiError(400, "bad_request", f"mode is one of {', '.join(MODES)}.")
    return sent


def _response(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }
