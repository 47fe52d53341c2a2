"""An owner takes an agent as it is now: the drift monitor forgets a metric's baseline, and learns another.

Recorded first, then written: nothing is accepted without a record. The monitor does it with its next pass.
"""

import os
import uuid
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from functions.common.aws import error_code, table
from functions.common.drift import KEPT_SECONDS, METRICS, accepted_key
from functions.common.errors import ApiError
from functions.common.records import put
from functions.override import callers
from functions.override.body import read
from functions.override.targets import Agent, target_of, unavailable

logger = Logger()

PATH = "/v1/baselines"
ALL = "*"


def route(event: dict[str, Any], team: str | None, caller: str) -> dict[str, Any] | None:
    """Answer a request that is about baselines, None for any other. `team` is the caller's, None the platform's."""
    if event["rawPath"].rstrip("/") != PATH or event["requestContext"]["http"]["method"] != "POST":
        return None
    sent = read(event, ("target", "metrics", "reason"))
    callers.check(team, sent["target"])
    metrics = METRICS if sent["metrics"] == ALL else tuple(dict.fromkeys(sent["metrics"].split(",")))
    if unknown := [name for name in metrics if name not in METRICS]:
        raise ApiError(
            400, "bad_request", f"No metric {unknown[0][:40]!r}: metrics is * or of {','.join(METRICS)}."
        )
    agent = target_of(sent["target"])
    if not isinstance(agent, Agent):
        raise ApiError(400, "bad_request", f"{sent['target'][:80]} is no agent: only agents have baselines.")
    done = _accept(agent, metrics, sent["reason"], caller)
    logger.info("accepted", extra=done)
    return {"accepted": done}


def _accept(agent: Agent, metrics: tuple[str, ...], reason: str, by: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    done = {
        "target": agent.name,
        "metrics": list(metrics),
        "at": now.isoformat(timespec="milliseconds"),
        "by": by,
        "reason": reason,
    }
    try:
        put(_record(agent, done))
    except Exception as error:
        raise ApiError(502, "not_recorded", f"Nothing is changed: {error_code(error)}. Try again.") from error
    seconds = int(now.timestamp())
    try:
        table(os.environ["DRIFT_TABLE"]).update_item(
            Key={"agent": accepted_key(agent.arn)},
            UpdateExpression=f"SET {', '.join(f'#m{place} = :now' for place in range(len(metrics)))}, #end = :end",
            ExpressionAttributeNames={
                **{f"#m{place}": name for place, name in enumerate(metrics)},
                "#end": "expires_at",
            },
            ExpressionAttributeValues={":now": seconds, ":end": seconds + KEPT_SECONDS},
        )
    except (ClientError, BotoCoreError) as error:
        raise unavailable(agent.name, error) from error
    return done


def _record(agent: Agent, done: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "time": done["at"],
        "environment": os.environ["ENVIRONMENT"],
        "team": agent.team,
        "agent": agent.agent,
        "event": "baseline",
        "decision": "accepted",
        "target": agent.key,
        "arguments": {"metrics": done["metrics"]},
        "reason": done["reason"],
        "actor": done["by"],
    }
