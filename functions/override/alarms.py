"""An alarm that begins, and suspends the agent it is about, if the agent's team asked for that.

EventBridge sends each alarm of the platform that begins, perhaps more than once and late. Who resumed an agent within
its cool-down knew of the alarm: it is left to work.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from functions.common.overrides import ACTIVE, SUSPENDED, read
from functions.override.agents import stopped_by
from functions.override.change import change

logger = Logger()

SOURCE = "aws.cloudwatch"
REASON = "Its drift alarm has stopped it until its team has looked."


def suspend(event: dict[str, Any]) -> dict[str, str]:
    """Suspend the agent of an alarm; return what came of it, as `outcome`.

    Raises ApiError, for which Lambda tries again, and puts the event among the dead letters in the end.
    """
    detail = event["detail"]
    alarm = detail["alarmName"]
    outcome = _outcome(alarm, event["resources"][0]) if detail["state"]["value"] == "ALARM" else "no alarm"
    logger.info("alarm", extra={"alarm": alarm, "outcome": outcome})
    return {"outcome": outcome}


def _outcome(alarm: str, arn: str) -> str:
    found = stopped_by(alarm)
    if found is None:
        return "suspends no agent"
    scope, cooldown_hours = found
    for now in read((scope.key,)):
        if now.mode == SUSPENDED and now.by != arn:
            return "already suspended"
        if now.mode == ACTIVE and _since(now.at) < timedelta(hours=cooldown_hours):
            return "cooling down"
    # Suspended by this very alarm: it may have failed to go on record.
    change(scope, SUSPENDED, REASON, arn, None)
    return "suspended"


def _since(at: str) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(at)
