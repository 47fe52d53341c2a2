"""A change of what is put above a scope.

Stricter than before: written first, then recorded, so that nothing keeps it from stopping the next step. Looser:
recorded first, then written, so that nothing runs again without a record; and only by who names the override that
is lifted, so that nobody lifts what somebody has put there meanwhile.
"""

import os
import uuid
from dataclasses import asdict, replace
from datetime import UTC, datetime

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from functions.common.aws import error_code, table
from functions.common.errors import ApiError
from functions.common.overrides import ACTIVE, SUSPENDED, Override, read
from functions.common.records import put
from functions.override.agents import Scope

_ROUNDS = 5


def change(scope: Scope, mode: str, reason: str, by: str, lifts: str | None) -> Override:
    """Put a mode above a scope. Raises ApiError, also when it is done and not on record."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    new = Override(scope.key, mode, reason, by, at, uuid.uuid4().hex)
    for _ in range(_ROUNDS):
        now = (read((scope.key,)) or [Override(scope.key, ACTIVE, "")])[0]
        if new.rank < now.rank:
            return _loosen(scope, new, now, lifts)
        if mode == ACTIVE:
            raise ApiError(409, "nothing_to_lift", f"{scope.name} is active: there is nothing to lift.")
        if _written(new, now if mode != SUSPENDED else None):  # a suspension stands whatever comes between
            _record(scope, new, done=True)
            return new
    raise ApiError(409, "changed_meanwhile", f"Others keep changing {scope.name}: look again.")


def _loosen(scope: Scope, new: Override, now: Override, lifts: str | None) -> Override:
    if lifts != now.id:
        raise ApiError(
            409,
            "not_what_is_there",
            f"{scope.name} is {now.mode} since {now.at} by {now.by}: {now.reason} "
            f"Name that override to lift it (lifts: {now.id}).",
        )
    _record(scope, new, done=False)
    if not _written(new, now):
        _record(scope, replace(new, mode="refused", reason="somebody changed it meanwhile"), done=True)
        raise ApiError(409, "changed_meanwhile", f"Somebody has changed {scope.name} just now: look again.")
    return new


def _written(new: Override, instead_of: Override | None) -> bool:
    """Write an item, if what is there is still `instead_of`. Raises ApiError when it cannot be written."""
    condition = {}
    if instead_of is not None:
        same = Attr("id").eq(instead_of.id) if instead_of.id else Attr("id").not_exists()
        condition = {"ConditionExpression": same}
    try:
        table(os.environ["OVERRIDES_TABLE"]).put_item(Item=asdict(new), **condition)
    except ClientError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            return False
        raise ApiError(502, "unavailable", f"Nothing is changed: {error_code(error)}. Try again.") from error
    return True


def _record(scope: Scope, override: Override, *, done: bool) -> None:
    """Write the decision record. `done` says whether the change is made already."""
    try:
        put(record(scope, override))
    except Exception as error:
        said = f"{scope.name} is {override.mode}, and that is not on record" if done else "Nothing is changed"
        raise ApiError(502, "not_recorded", f"{said}: {error_code(error)}. Do it again.") from error


def record(scope: Scope, override: Override) -> dict[str, str | None]:
    """Return what is recorded of a change."""
    return {
        "id": override.id,
        "time": override.at,
        "environment": os.environ["ENVIRONMENT"],
        "team": scope.team,
        "agent": scope.agent,
        "event": "override",
        "decision": override.mode,
        "reason": override.reason,
        "actor": override.by,
    }
