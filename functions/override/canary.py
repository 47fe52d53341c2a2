"""A new version that a share of an agent's sessions tries: how it stands, and deciding whether all get it or none.

Kept: recorded first, then written, then moved, so that nobody gets a version without a record. Back: written, moved,
recorded, so that nothing keeps a bad version in service. What stays half done is done by deciding again.
"""

import os
import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.common.aws import error_code, table
from functions.common.errors import ApiError
from functions.override.rollback import kept_moves, put_record
from functions.override.targets import CANARY, LIVE, Agent, unavailable
from functions.override.versions import HELD, Now, canary_entry, now

KEEP, BACK = "keep", "back"
_DONE = {KEEP: "canary kept", BACK: "canary back"}


def standing(agent: Agent) -> dict[str, Any]:
    """Return how it stands with an agent's canary: what is tried, since when, and what came of the last."""
    return _shown(agent, now(agent))


def decide(agent: Agent, candidate: str, decision: str, reason: str, by: str) -> dict[str, Any]:
    """Give all sessions the version that is tried, or none; what is on record of it.

    `candidate` is the version that the caller saw being tried. Raises ApiError, also when it is done and not recorded.
    """
    there = now(agent)
    if agent.canary is None:
        raise ApiError(409, "no_canary", f"{agent.name} has no canary: its team's file does not ask for one.")
    again = _again(there, candidate, decision)
    if there.hold is not None:
        raise ApiError(
            409,
            "held",
            f"{agent.name} is held at version {there.hold['version']} by {there.hold['by']}, and nothing is tried: "
            "lift that first.",
        )
    if not again and (there.candidate is None or there.candidate.number != candidate):
        tried = f"version {there.candidate.number}" if there.candidate else "nothing"
        raise ApiError(
            409, "changed_meanwhile", f"{agent.name} tries {tried}, not {candidate[:20]}: look again."
        )
    made = {
        "id": uuid.uuid4().hex,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "target": agent.name,
        "from": there.serving if decision == KEEP else candidate,
        "to": candidate if decision == KEEP else there.serving,
        "decision": _DONE[decision],
        "reason": reason,
        "actor": by,
    }
    if decision == KEEP:
        put_record(agent.name, made, "Nothing is changed")
        _write(agent, there, made, candidate, "")
        _move(agent, LIVE, candidate)
        return made
    if not again:
        _write(agent, there, made, candidate, candidate)
        _move(agent, CANARY, there.serving)
    put_record(agent.name, made, f"{agent.name} has gone back, and that is not on record")
    return made


def _again(there: Now, candidate: str, decision: str) -> bool:
    """Whether just this was decided before, and may have failed to go on record."""
    gone_back = there.tried is not None and there.tried["refused"] == candidate and there.candidate is None
    return decision == BACK and gone_back


def _write(agent: Agent, there: Now, made: dict[str, Any], candidate: str, refused: str) -> None:
    """Write what deployments are told, unless somebody has moved the agent since it was read."""
    name, entry = os.environ["VERSIONS_TABLE"], canary_entry(agent)
    said = {
        "version": made["to"],
        "arn": agent.arn,
        "by": made["actor"],
        "at": made["time"],
        "reason": made["reason"],
        "id": made["id"],
        "refused": refused,
    }
    condition = "(attribute_not_exists(#target) OR #target.arn <> :own)"
    values: dict[str, Any] = {":said": said, ":own": agent.arn}
    names = {"#entry": entry, "#target": agent.key}
    if there.tried is None:
        condition += " AND (attribute_not_exists(#entry) OR #entry.arn <> :own)"
    else:
        condition += " AND #entry.#id = :seen"
        names["#id"], values[":seen"] = "id", there.tried["id"]
    move = {
        "version": made["to"],
        "at": made["time"],
        "by": made["actor"],
        "reason": made["reason"],
        "lifted": True,
        "tried": candidate,
    }
    writes = [
        {
            "Update": {
                "TableName": name,
                "Key": {"of": HELD},
                "UpdateExpression": "SET #entry = :said",
                "ConditionExpression": condition,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            }
        },
        kept_moves(agent, there, move),
    ]
    try:
        table(name).meta.client.transact_write_items(TransactItems=writes)
    except ClientError as error:
        if error_code(error) == "TransactionCanceledException":
            raise ApiError(
                409, "changed_meanwhile", f"Somebody has moved {agent.name} just now: look again."
            ) from error
        raise unavailable(agent.name, error) from error
    except BotoCoreError as error:
        raise unavailable(agent.name, error) from error


def _move(agent: Agent, endpoint: str, version: str) -> None:
    try:
        agent.move_endpoint(endpoint, version)
    except (ClientError, BotoCoreError) as error:
        raise unavailable(agent.name, error) from error


def _shown(agent: Agent, there: Now) -> dict[str, Any]:
    trying = there.candidate if there.hold is None else None
    last = there.tried
    return {
        "target": agent.name,
        "serving": there.serving,
        "candidate": trying and trying.number,
        "since": trying and trying.made_at,
        "wanted": dict(agent.canary) if agent.canary else None,
        "held": there.hold is not None,
        "last": last and {name: last[name] for name in ("version", "refused", "by", "at", "reason")},
    }
