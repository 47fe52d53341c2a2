"""Rolling back: callers get an earlier version, and deployments leave it at that until somebody lifts it.

Back: written first, then moved, then recorded, so that no deployment meanwhile undoes it and nothing keeps a bad
version in service. Lifted: recorded first, then moved, then written.
"""

import os
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.common.aws import error_code, table
from functions.common.errors import ApiError
from functions.common.records import put
from functions.override.targets import Target, unavailable
from functions.override.versions import HELD, KEPT_MOVES, NEWEST, Now, canary_entry, check_version, now

_ARN = re.compile(r"arn:[a-z-]+:[^\s\"']+")


def roll_back(target: Target, version: str, serving: str, reason: str, by: str) -> dict[str, Any]:
    """Move callers to a version, and hold them there; the newest one is not held. Returns what is on record.

    `serving` is the version that the caller saw being served. What is held already can be held again, for another
    reason or because the first time did not come on record. Raises ApiError, also when it is done and not recorded.
    """
    there = now(target)
    lifted = version in (NEWEST, there.newest)
    version = there.newest if lifted else version
    check_version(target, there, version)
    if there.serving != serving:
        raise ApiError(
            409,
            "changed_meanwhile",
            f"{target.name} serves version {there.serving}, not {serving[:20]}: look again.",
        )
    if lifted and there.serving == version and there.hold is None:
        raise ApiError(409, "already_there", f"{target.name} serves version {version} already.")
    _check_whole(target, there, version)
    made = {
        "id": uuid.uuid4().hex,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "target": target.name,
        "from": there.serving,
        "to": version,
        "decision": "lifted" if lifted else "rolled back",
        "reason": reason,
        "actor": by,
    }
    if lifted:
        put_record(target.name, made, "Nothing is changed")
        _move(target, version)
        _write(target, there, None, made)
        return made
    hold = {
        "version": version,
        "arn": target.arn,
        "by": by,
        "at": made["time"],
        "reason": reason,
        "id": made["id"],
    }
    _write(target, there, hold, made)
    try:
        _move(target, version)
    except ApiError:
        _write(target, there, there.hold, None, instead_of=hold)
        raise
    put_record(target.name, made, f"{target.name} is rolled back, and that is not on record")
    return made


def _check_whole(target: Target, there: Now, version: str) -> None:
    """Refuse a version that names what the newest does not: it was replaced, and the version would only fail."""
    try:
        needs, has = (set(_ARN.findall(str(target.config(each)))) for each in (version, there.newest))
    except (ClientError, BotoCoreError) as error:
        raise unavailable(target.name, error) from error
    gone = sorted(_own(needs) - _own(has))
    if gone:
        raise ApiError(
            409,
            "no_longer_whole",
            f"Version {version} of {target.name} needs {', '.join(gone)}, which the newest version does not have: it "
            "was replaced, as with another model. Put the files back as they were, and deploy them.",
        )


def _own(arns: set[str]) -> set[str]:
    """Leave out what names a version of the function itself, and layers, whose versions stay."""
    return {arn for arn in arns if not re.search(r":function:|:layer:", arn)}


def _move(target: Target, version: str) -> None:
    try:
        target.move(version)
    except (ClientError, BotoCoreError) as error:
        raise unavailable(target.name, error) from error


def _write(
    target: Target,
    there: Now,
    hold: dict[str, str] | None,
    made: dict[str, Any] | None,
    instead_of: dict[str, str] | None = None,
) -> None:
    """Write what is held, in place of what was read, and in the same step what was moved."""
    name = os.environ["VERSIONS_TABLE"]
    seen = instead_of or there.hold
    names: dict[str, str] = {"#target": target.key}
    values: dict[str, Any] = {}
    change = "REMOVE #target"
    if hold is not None:
        change, values[":hold"] = "SET #target = :hold", hold
    elif made is not None and there.beside is not None:
        # Nothing is tried any more: what all sessions get is told to deployments, which leave it at that.
        change += " SET #canary = :kept"
        names["#canary"] = canary_entry(target)
        values[":kept"] = {
            "version": made["to"],
            "arn": target.arn,
            "by": made["actor"],
            "at": made["time"],
            "reason": made["reason"],
            "id": made["id"],
            "refused": "",
        }
    if seen is not None:
        names["#id"], values[":seen"] = "id", seen["id"]
        condition = "#target.#id = :seen"
    else:
        condition = "attribute_not_exists(#target) OR #target.arn <> :own"
        values[":own"] = target.arn
    update: dict[str, Any] = {
        "TableName": name,
        "Key": {"of": HELD},
        "UpdateExpression": change,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
    } | ({"ExpressionAttributeValues": values} if values else {})
    writes = [{"Update": update}]
    if made is not None:
        move = {"version": made["to"], "at": made["time"], "by": made["actor"], "reason": made["reason"]}
        writes.append(kept_moves(target, there, {**move, "lifted": hold is None}))
    try:
        table(name).meta.client.transact_write_items(TransactItems=writes)
    except ClientError as error:
        if error_code(error) == "TransactionCanceledException":
            raise ApiError(
                409, "changed_meanwhile", f"Somebody has moved {target.name} just now: look again."
            ) from error
        raise unavailable(target.name, error) from error
    except BotoCoreError as error:
        raise unavailable(target.name, error) from error


def kept_moves(target: Target, there: Now, move: dict[str, Any]) -> dict[str, Any]:
    """Return the write, of those of one transaction, that adds a move to the ones that are kept."""
    kept = [{**vars(each), "arn": target.arn} for each in there.moves][1 - KEPT_MOVES :]
    return {
        "Update": {
            "TableName": os.environ["VERSIONS_TABLE"],
            "Key": {"of": target.key},
            "UpdateExpression": "SET moves = :moves",
            "ExpressionAttributeValues": {":moves": [*kept, {**move, "arn": target.arn}]},
        }
    }


def put_record(name: str, made: dict[str, Any], otherwise: str) -> None:
    """Write the decision record of a move. Raises ApiError 502 that says what is done, or is not, `otherwise`."""
    try:
        put(record(name, made))
    except Exception as error:
        raise ApiError(502, "not_recorded", f"{otherwise}: {error_code(error)}. Do it again.") from error


def record(name: str, made: dict[str, Any]) -> dict[str, Any]:
    """Return what is recorded of a move of the target of that name."""
    team, _, agent = name.partition("/") if "/" in name else ("", "", "")
    kind, _, other = name.partition(":")
    return {
        "id": made["id"],
        "time": made["time"],
        "environment": os.environ["ENVIRONMENT"],
        "team": team or None,
        "agent": agent or None,
        "event": "rollback",
        "tool": other if kind == "tool" else None,
        "decision": made["decision"],
        "target": name,
        "from_version": made["from"],
        "to_version": made["to"],
        "reason": made["reason"],
        "actor": made["actor"],
    }
