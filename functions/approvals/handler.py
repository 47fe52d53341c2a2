"""The approvals' routes, as docs/approvals.md describes them, and what a schedule has done every few minutes.

Behind a function URL with IAM authentication: Lambda has verified the caller's signature and permission. A URL's
events are of Lambda's making and never of the other form, which takes the permission to invoke the function.
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Key

from functions.approvals.approver import Approver
from functions.approvals.decide import decide, find, status
from functions.approvals.sweep import sweep
from functions.common.approval_notice import words
from functions.common.approvals import PENDING, Item, approvals
from functions.common.errors import ApiError

logger = Logger()

MAX_REASON = 500
_LIST = "/v1/approvals"
_ONE = re.compile(rf"{_LIST}/([0-9a-f]{{16}})(?:/(approve|deny))?")
_ROUTES = f"There is GET {_LIST}, GET {_LIST}/{{id}}, and POST {_LIST}/{{id}}/approve and /deny."


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP request (payload format 2.0), or do what is due."""
    logger.set_correlation_id(context.aws_request_id)
    if set(event) == {"sweep"}:
        return sweep()
    try:
        return _response(200, _route(event))
    except ApiError as error:
        logger.info("refused", extra={"status": error.status, "code": error.code})
        return _response(error.status, {"error": {"code": error.code, "message": error.message}})
    except Exception:
        logger.exception("fault")
        message = (
            "Something went wrong, and nothing runs on a decision that is not on record: look at the approval "
            f"again in a few minutes. Name {context.aws_request_id} to the platform's team."
        )
        return _response(502, {"error": {"code": "internal", "message": message}})


def _route(event: dict[str, Any]) -> dict[str, Any]:
    http = event["requestContext"]["http"]
    approver = Approver.of(event)
    path = event["rawPath"].rstrip("/")
    if http["method"] == "GET" and path == _LIST:
        return {"team": approver.team, "approvals": _list(approver.team, event.get("rawQueryString") or "")}
    found = _ONE.fullmatch(path)
    if not found or http["method"] != ("POST" if found[2] else "GET"):
        raise ApiError(404, "not_found", _ROUTES)
    if not found[2]:
        return _shown(find(approver.team, found[1]))
    reason = _reason(event)
    if found[2] == "deny" and len(reason) < 3:
        raise ApiError(400, "bad_request", 'A denial says why: {"reason": "..."}. The agent is told.')
    done = decide(approver, found[1], found[2] == "approve", reason)
    logger.info("decided", extra={"approval": done["id"], "decision": found[2], "status": done["status"]})
    return _shown(done)


def _list(team: str, query: str) -> list[dict[str, Any]]:
    """Return a team's approvals, the one that ends soonest first; only those that wait, or all of the last week."""
    if query not in ("", "all=true"):
        raise ApiError(400, "bad_request", "The one query there is: all=true.")
    items: list[Item] = []
    more: dict[str, Any] = {}
    while True:
        found = approvals().query(KeyConditionExpression=Key("team").eq(team), ConsistentRead=True, **more)
        items += found["Items"]
        if "LastEvaluatedKey" not in found:
            break
        more = {"ExclusiveStartKey": found["LastEvaluatedKey"]}
    wanted = [item for item in items if query or status(item) == PENDING]
    return [_shown(item) for item in sorted(wanted, key=lambda item: int(item["expires_at"]))]


def _shown(item: Item) -> dict[str, Any]:
    """Return an approval as people and programs get it."""
    plain = ("id", "team", "environment", "tool", "tool_does", "because", "arguments_sha256", "session_id")
    return {
        **{name: item[name] for name in plain},
        "agent": item["agent_name"],
        "arguments": json.loads(item["arguments"]),
        "words": words(item),
        "status": status(item),
        "requested_at": item["requested_at"],
        "expires_at": _time(item["expires_at"]),
        "approvers_needed": int(item["approvers_needed"]),
        "approved_by": list(item["approved_by"]),
        "delegate": item["delegate"] or None,
        "delegate_from": _time(item["escalates_at"]) if item["delegate"] else None,
        "steps": item["steps"],
    }


def _time(seconds: Any) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def _reason(event: dict[str, Any]) -> str:
    body = event.get("body") or "{}"
    try:
        data = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        sent = json.loads(data)
    except (ValueError, binascii.Error, RecursionError):
        raise ApiError(400, "bad_request", "The body is not JSON.") from None
    reason = sent.get("reason", "") if isinstance(sent, dict) and set(sent) <= {"reason"} else None
    if not isinstance(reason, str) or len(reason) > MAX_REASON:
        raise ApiError(
            400, "bad_request", f'The body is {{"reason": "..."?}}, of at most {MAX_REASON} characters.'
        )
    return reason.strip()


def _response(code: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": code,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }
