"""A client of the front door: the one way people and applications talk to an agent (docs/api.md)."""

import json
from dataclasses import dataclass, field
from typing import Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5, read=900))


class FrontDoorError(Exception):
    """The front door said no. `status` is HTTP's, `code` and the text are the front door's own.

    `retry_after`: in how many seconds the same request may do better.
    """

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


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
    request = AWSRequest(
        method="POST",
        url=f"{url.rstrip('/')}/v1/agents/{agent}/messages",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})},
    )
    SigV4Auth(credentials, "lambda", region).add_auth(request)
    try:
        response = _http.request("POST", request.url, body=request.data, headers=dict(request.headers))
    except urllib3.exceptions.HTTPError as error:
        raise FrontDoorError(0, "unreachable", f"no answer from {url}: {error}") from None
    later = response.headers.get("Retry-After", "")
    return _answer(response.status, response.data, int(later) if later.isdigit() else None)


def _answer(status: int, data: bytes, retry_after: int | None) -> Answer:
    try:
        body = json.loads(data)
    except ValueError:
        raise FrontDoorError(status, "not-json", data[:200].decode(errors="replace")) from None
    if status != 200:
        error = body.get("error") or {
            "code": "refused",
            "message": body.get("Message") or body.get("message") or str(body),
        }
        raise FrontDoorError(status, error["code"], error["message"], retry_after)
    return read_answer(body)


def read_answer(body: dict[str, Any]) -> Answer:
    """An answer from the document that the front door sends."""
    calls = tuple(ToolCall(**call) for call in body["tool_calls"])
    return Answer(**{**body, "tool_calls": calls})
