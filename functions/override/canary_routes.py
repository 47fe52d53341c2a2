"""The routes of canaries: how it stands, and deciding. The drift monitor asks the same of the function itself."""

import os
from typing import Any

from aws_lambda_powertools import Logger

from functions.common.errors import ApiError
from functions.override import callers
from functions.override.body import MAX_REASON, read
from functions.override.canary import BACK, KEEP, decide, standing
from functions.override.targets import Agent, target_of

logger = Logger()

CANARIES = "/v1/canaries"
PATHS = f"GET and POST {CANARIES}"
_DECISION = ("target", "candidate", "decision", "reason")


def route(event: dict[str, Any], team: str | None, caller: str) -> dict[str, Any] | None:
    """Answer a request that is about canaries, None for any other. `team` is the caller's, None the platform's."""
    if event["rawPath"].rstrip("/") != CANARIES:
        return None
    method = event["requestContext"]["http"]["method"]
    if method == "GET":
        query = event.get("queryStringParameters") or {}
        if set(query) != {"target"}:
            raise ApiError(400, "bad_request", "The query is target=<team>/<agent>.")
        callers.check(team, query["target"])
        return standing(_agent(query["target"]))
    if method != "POST":
        return None
    sent = read(event, _DECISION)
    callers.check(team, sent["target"])
    return _decided(sent, caller)


def of_monitor(asked: dict[str, str]) -> dict[str, Any]:
    """Answer the drift monitor, the one who may invoke the function itself: a target, or with it a decision."""
    if set(asked) == {"target"}:
        return standing(_agent(asked["target"]))
    if set(asked) != set(_DECISION):
        raise ApiError(400, "bad_request", f"A canary is a target, or {', '.join(_DECISION)}.")
    sent = {**asked, "reason": asked["reason"][:MAX_REASON]}
    return _decided(sent, f"corral-{os.environ['ENVIRONMENT']}-drift-monitor")


def _decided(sent: dict[str, str], by: str) -> dict[str, Any]:
    if sent["decision"] not in (KEEP, BACK):
        raise ApiError(400, "bad_request", f"decision is {KEEP} or {BACK}.")
    agent = _agent(sent["target"])
    done = decide(agent, sent["candidate"], sent["decision"], sent["reason"], by)
    logger.info("canary decided", extra=done)
    return {"decided": done, **standing(agent)}


def _agent(named: str) -> Agent:
    target = target_of(named)
    if not isinstance(target, Agent):
        raise ApiError(400, "bad_request", f"{named[:80]} is no agent: only agents have a canary.")
    return target
