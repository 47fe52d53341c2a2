"""The routes of rolling back: what ran when and what would change, and doing it."""

from typing import Any

from aws_lambda_powertools import Logger

from functions.common.errors import ApiError
from functions.override.body import read
from functions.override.rollback import roll_back
from functions.override.targets import target_of
from functions.override.versions import shown

logger = Logger()

VERSIONS, ROLLBACKS = "/v1/versions", "/v1/rollbacks"
PATHS = f"GET {VERSIONS} and POST {ROLLBACKS}"


def route(event: dict[str, Any], team: str | None, caller: str) -> dict[str, Any] | None:
    """Answer a request that is about versions, None for any other. `team` is the caller's, None the platform's."""
    asked = (event["requestContext"]["http"]["method"], event["rawPath"].rstrip("/"))
    if asked == ("GET", VERSIONS):
        query = event.get("queryStringParameters") or {}
        if set(query) - {"target", "to"} or "target" not in query:
            raise ApiError(400, "bad_request", "The query is target=...&to=..., `to` being optional.")
        _check(team, query["target"])
        return shown(target_of(query["target"]), query.get("to"))
    if asked == ("POST", ROLLBACKS):
        sent = read(event, ("target", "version", "serving", "reason"))
        _check(team, sent["target"])
        target = target_of(sent["target"])
        done = roll_back(target, sent["version"], sent["serving"], sent["reason"], caller)
        logger.info("rolled back", extra=done)
        return {"rollback": done, **shown(target, None)}
    return None


def _check(team: str | None, target: str) -> None:
    """Refuse what is not an agent of the caller's team; None, the platform, has all. Raises ApiError 403."""
    if team is not None and target.partition("/")[0] != team:
        raise ApiError(
            403,
            "forbidden",
            f"Operators of team {team} may roll back its agents, not {target[:80]}: tools and guardrails are for "
            "the platform's operators.",
        )
