"""One message to a harness, and its reply.

The caller's text and session are all that is passed on: never a model, a prompt, tools or limits, which
InvokeHarness would take in place of the agent's own.
"""

import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError, ReadTimeoutError
from urllib3 import exceptions as urllib3_exceptions

from functions.common.aws import error_code
from functions.common.errors import ApiError
from functions.common.session import is_tried
from functions.front_door.agents import Agent
from functions.front_door.stream import Reply

logger = Logger()

_SECONDS_TO_ANSWER = 10  # kept back from the function's time, for the guardrail and the answer
CANARY = "canary"  # the endpoint
_THROTTLED = ("ThrottlingException", "ServiceQuotaExceededException", "TooManyRequestsException")


@cache
def client(read_timeout: int) -> Any:
    """Return the client. It never tries again by itself: an agent that ran once must not run twice."""
    return boto3.client(
        "bedrock-agentcore",
        config=Config(
            connect_timeout=3,
            read_timeout=read_timeout,
            retries={"total_max_attempts": 1, "mode": "standard"},
            tcp_keepalive=True,
        ),
    )


def invoke(agent: Agent, session_id: str, actor: str, message: str, seconds: float) -> Reply:
    """Send a message and read the whole reply, within `seconds`. ApiError 429, 502, 504 if there is none."""
    deadline = time.monotonic() + seconds - _SECONDS_TO_ANSWER
    late = ApiError(
        504, "timeout", "The agent took too long. What it has done until now stays done.", acted=True
    )
    try:
        stream = client(max(1, int(seconds) - _SECONDS_TO_ANSWER)).invoke_harness(
            harnessArn=agent["harness_arn"],
            qualifier=_endpoint(agent, session_id),
            runtimeSessionId=session_id,
            actorId=actor,
            messages=[{"role": "user", "content": [{"text": message}]}],
        )["stream"]
        return Reply.read(_until(deadline, stream, late))
    except (ReadTimeoutError, urllib3_exceptions.ReadTimeoutError):  # before the stream, or within it
        raise late from None
    except (ClientError, BotoCoreError, urllib3_exceptions.HTTPError) as error:
        code = error_code(error)
        logger.error("harness failed", extra={"cause": code, "harness": agent["harness_arn"]})
        if code in _THROTTLED and not isinstance(error, EventStreamError):  # else it had begun
            raise ApiError(
                429, "throttled", "The agent is busy. Try again in a moment.", retry_after=5
            ) from None
        raise ApiError(502, "agent_unavailable", "The agent could not answer.", acted=True) from None


def _endpoint(agent: Agent, session_id: str) -> str:
    """A session that began with the canary goes on there for as long as the agent has one."""
    return CANARY if "canary" in agent and is_tried(session_id) else agent["qualifier"]


def _until(deadline: float, stream: Any, late: ApiError) -> Iterator[dict[str, Any]]:
    for event in stream:
        if time.monotonic() > deadline:
            stream.close()
            raise late
        yield event
