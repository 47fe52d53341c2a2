"""A client of the front door: the one way people and applications talk to an agent (docs/api.md)."""

from dataclasses import dataclass, field
from typing import Any

from botocore.credentials import Credentials

from corral.signed import RefusedError, ask


class FrontDoorError(RefusedError):
    """The front door said no. `status` is HTTP's, `code` and the text are the front door's own."""


@dataclass(frozen=True)
class ToolCall:
    """A tool call and what was decided of it: allowed, denied-by-policy, denied-by-supervisor or failed."""

    tool: str
    decision: str
    reason: str | None = None


@dataclass(frozen=True)
class Answer:
    """What an agent answered. `blocked`: the guardrail stopped the message ("input") or the answer ("output")."""

    agent: str
    session_id: str
    answer: str
    stop_reason: str
    blocked: str | None
    request_id: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: dict[str, int] = field(default_factory=dict)


def send(
    url: str,
    credentials: Credentials,
    region: str,
    agent: str,
    message: str,
    session_id: str | None = None,
    key: str | None = None,
) -> Answer:
    """Send one message to an agent, signed as `credentials`, and wait for its answer. Raises FrontDoorError.

    With a `key` of its own, the same message sent again is not done again.
    """
    body: dict[str, Any] = {"message": message}
    if session_id:
        body["session_id"] = session_id
    address = f"{url.rstrip('/')}/v1/agents/{agent}/messages"
    named = {"Idempotency-Key": key} if key else {}
    return read_answer(ask("POST", address, credentials, region, body, FrontDoorError, named))


def read_answer(body: dict[str, Any]) -> Answer:
    """An answer from the document that the front door sends."""
    calls = tuple(ToolCall(**call) for call in body["tool_calls"])
    return Answer(**{**body, "tool_calls": calls})
