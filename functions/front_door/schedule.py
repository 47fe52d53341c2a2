"""What EventBridge Scheduler says to an agent at a set time: {"schedule": {agent, message, scheduled_time, ...}}.

Only who may invoke the function itself sends this, which of Corral's roles is the schedules' alone: people may
through the URL. What fails is raised, so that Lambda runs it again, and puts it with the dead letters in the end.
Each run is a session of its own, the same one when it is tried again.
"""

import os
import re
from typing import Any, NoReturn

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.errors import ApiError
from functions.front_door.agents import agents
from functions.front_door.conversation import converse
from functions.front_door.guardrail import MAX_CHARACTERS

logger = Logger()

_FIELDS = {"agent", "message", "scheduled_time", "execution_id"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z")


class RunError(Exception):
    """A run that came to nothing, and why."""


def run(sent: Any, context: LambdaContext) -> dict[str, Any]:
    """Send an agent its message and return the answer. RunError unless the agent came to its end."""
    if (
        not isinstance(sent, dict)
        or set(sent) != _FIELDS
        or not all(isinstance(v, str) for v in sent.values())
    ):
        _fail(f"a schedule sends {', '.join(sorted(_FIELDS))}, each a text")
    if not _TIME.fullmatch(sent["scheduled_time"]):
        _fail("scheduled_time is not a time in UTC, as Scheduler fills it in")
    if not sent["message"].strip() or len(sent["message"]) > MAX_CHARACTERS:
        _fail(f"message has 1 to {MAX_CHARACTERS} characters")
    name = sent["agent"]
    agent = agents().get(name)
    if agent is None or not agent.get("scheduled"):
        _fail("this team has no such agent with a schedule")
    caller = f"{os.environ['SCHEDULES_ROLE']}/{name}"
    logger.info("scheduled", extra={key: sent[key] for key in ("agent", "scheduled_time", "execution_id")})
    try:
        answer = converse(name, agent, caller, sent["message"], sent["scheduled_time"], context)
    except ApiError as error:
        _fail(f"{error.code}: {error.message}")
    if answer["blocked"]:
        _fail(f"the guardrail blocked the {answer['blocked']}")
    if answer["stop_reason"] != "end_turn":
        _fail(f"the agent stopped before its end: {answer['stop_reason']}")
    return answer


def _fail(why: str) -> NoReturn:
    logger.error("run failed", extra={"why": why})
    raise RunError(why)
