"""Promotions: an agent passes the gate of the next stage, by figures that are measured here and a person's name.

Recorded first, then written: nothing is promoted without a record.
"""

import hashlib
import json
import os
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from functions.common.aws import error_code, table
from functions.common.errors import ApiError
from functions.common.overrides import UnreadError
from functions.common.records import put
from functions.override.body import read
from functions.override.measured import Figure, figures
from functions.override.targets import Agent, target_of, unavailable

logger = Logger()

PATH = "/v1/promotions"
STAGES = ("experiment", "pilot", "integration", "multi-agent", "enterprise")
PROMOTED = "promoted"  # the item, in the table of versions
# What only the files show: their promoter has looked at it, and that is on record as theirs.
NEEDED = ("on-call owner", "documentation", "scenarios")
_MOST_CHECKS = 40


def route(event: dict[str, Any], team: str | None, caller: str) -> dict[str, Any] | None:
    """Answer a request about promotions, None for any other. `team` is the caller's, None the platform's."""
    method = event["requestContext"]["http"]["method"]
    if event["rawPath"].rstrip("/") != PATH or method not in ("GET", "POST"):
        return None
    if team is not None:
        raise ApiError(
            403, "forbidden", f"Operators of team {team} promote nothing: the platform's operators do."
        )
    if method == "GET":
        query = event.get("queryStringParameters") or {}
        if set(query) != {"target", "stage"}:
            raise ApiError(400, "bad_request", "The query is target=...&stage=...")
        return {"figures": _looked_at(query["target"], query["stage"])[1]}
    sent = read(event, ("target", "stage", "reason", "checks"))
    checks = _checks(sent["checks"])
    agent, found = _looked_at(sent["target"], sent["stage"])
    failed = [each for each in [*found, *checks] if not each["ok"]]
    if failed:
        said = "; ".join(f"{each['what']}: {each['value']}, wanted {each['limit']}" for each in failed)
        raise ApiError(
            409, "gate_not_passed", f"{agent.name} does not pass the gate of {sent['stage']}: {said}."
        )
    made = _promote(agent, sent, [*found, *checks], caller)
    logger.info("promoted", extra={name: made[name] for name in ("agent", "stage", "by", "digest")})
    return {"promotion": made}


def digest_of(said: dict[str, Any]) -> str:
    """Return the digest of a promotion's words; the spec computes the same."""
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _looked_at(named: str, stage: str) -> tuple[Agent, list[Figure]]:
    """Return the agent, and what its gate asks of it now. Raises ApiError."""
    if stage not in STAGES[1:]:
        raise ApiError(400, "bad_request", f"stage is one of {', '.join(STAGES[1:])}.")
    agent = target_of(named)
    if not isinstance(agent, Agent):
        raise ApiError(400, "bad_request", "target is <team>/<agent>.")
    try:
        kept = table(os.environ["VERSIONS_TABLE"])
        promoted = kept.get_item(Key={"of": PROMOTED}, ConsistentRead=True).get("Item") or {}
        _check_order(agent, str((promoted.get(agent.key) or {}).get("stage") or STAGES[0]), stage)
        config = table(os.environ["AGENTS_TABLE"]).get_item(
            Key={"agent": agent.arn, "item": "config"}, ConsistentRead=True
        )["Item"]
        moved = kept.get_item(Key={"of": agent.key}, ConsistentRead=True).get("Item") or {}
        gate = json.loads(os.environ["GATES"])[stage]
        return agent, figures(agent, gate, config, list(moved.get("moves", ())))
    except (ClientError, BotoCoreError, UnreadError) as error:
        raise unavailable(agent.name, error) from error


def _check_order(agent: Agent, at: str, stage: str) -> None:
    """Refuse a stage that is not the next; the one it has come to may be passed again, as when its file was lost."""
    now, wanted = STAGES.index(at), STAGES.index(stage)
    if wanted > now + 1:
        raise ApiError(
            409,
            "not_next",
            f"{agent.name} has come to {at}: the next stage is {STAGES[now + 1]}, not {stage}.",
        )
    if wanted < now:
        raise ApiError(
            409, "passed", f"{agent.name} has come to {at}, and may be deployed at {stage} as it is."
        )


def _promote(agent: Agent, sent: dict[str, str], found: list[Figure], by: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "agent": agent.key,
        "stage": sent["stage"],
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "by": by,
        "reason": sent["reason"],
        "figures": [{name: each[name] for name in ("what", "value", "limit")} for each in found],
    }
    made["digest"] = digest_of(made)
    try:
        put(record(agent, made))
    except Exception as error:
        raise ApiError(502, "not_recorded", f"Nothing is changed: {error_code(error)}. Try again.") from error
    try:
        table(os.environ["VERSIONS_TABLE"]).update_item(
            Key={"of": PROMOTED},
            UpdateExpression="SET #target = :made",
            ExpressionAttributeNames={"#target": agent.key},
            ExpressionAttributeValues={":made": {key: made[key] for key in ("stage", "digest", "at", "by")}},
        )
    except (ClientError, BotoCoreError) as error:
        raise unavailable(agent.name, error) from error
    return made


def record(agent: Agent, made: dict[str, Any]) -> dict[str, Any]:
    """Return what is recorded of a promotion."""
    return {
        "id": made["digest"][:32],
        "time": made["at"],
        "environment": os.environ["ENVIRONMENT"],
        "team": agent.team,
        "agent": agent.agent,
        "event": "promotion",
        "decision": made["stage"],
        "target": agent.key,
        "arguments": {"figures": made["figures"]},
        "arguments_sha256": made["digest"],
        "reason": made["reason"],
        "actor": made["by"],
    }


def _checks(text: str) -> list[Figure]:
    """What the caller has looked at in the files. Raises ApiError 400, also when something was left out."""
    form = ApiError(
        400, "bad_request", f"checks is a list of up to {_MOST_CHECKS} {{what, value, limit, ok}}, as JSON."
    )
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError):
        raise form from None
    if not isinstance(sent, list) or len(sent) > _MOST_CHECKS or not all(map(_well_formed, sent)):
        raise form
    missing = [name for name in NEEDED if name not in {each["what"] for each in sent}]
    if missing:
        raise ApiError(400, "bad_request", f"checks says nothing of {', '.join(missing)}.")
    return [
        {**each, "what": f"{each['what'][:80]} (as its promoter saw it)", "value": each["value"][:300]}
        for each in sent
    ]


def _well_formed(check: Any) -> bool:
    texts = {"what", "value", "limit"}
    return (
        isinstance(check, dict)
        and check.keys() == texts | {"ok"}
        and all(isinstance(check[name], str) and len(check[name]) <= 300 for name in texts)
        and isinstance(check["ok"], bool)
    )
