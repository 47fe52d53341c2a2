"""The types every part of the local AWS shares: errors, callers, calls, what a service may ask of the rest.

A modelled service is a module with `handle(call: Call) -> dict`, shaped as botocore's output for the
operation (an event stream is an iterator of event dicts). A raw route is a module with
`handle_raw(call: Call) -> (status, headers, body)`. Both raise `AwsError` for the errors AWS answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Properties = dict[str, Any]
# What a function does in one call in place of its work: {"returns": {...}} or {"fails": "error" | "timeout" |
# "throttled"}, as scenarios have it.
Instead = Mapping[str, Any]


class AwsError(Exception):
    """An error AWS would answer, under its own code (`ResourceNotFoundException`, ...)."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def not_implemented(service: str, operation: str) -> AwsError:
    """Return the answer to an operation the local AWS lacks. 501 is a status no SDK retries."""
    return AwsError("NotImplemented", f"{service}:{operation} is not part of the local AWS", 501)


@dataclass(frozen=True)
class Caller:
    """Who signed a request: the administrator (`role_arn` is None) or a session of a role."""

    arn: str
    account: str
    access_key_id: str
    role_arn: str | None


@dataclass(frozen=True)
class Credentials:
    """Keys that sign as one role session."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    caller: Caller


@dataclass(frozen=True)
class HttpRequest:
    """One HTTP request. Header names are lower case; `query` keeps the last value of a repeated name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    query_string: str = ""


@dataclass
class Call:
    """One request to one operation, by a known caller.

    `trail` is what the service adds to its CloudTrail record: any top-level field of a record (`resources`,
    `requestParameters`, `responseElements`, `additionalEventData`, `errorCode`, `eventName`, ...).
    """

    service: str
    operation: str
    params: dict[str, Any]
    caller: Caller
    aws: LocalAws
    request_id: str
    http: HttpRequest
    trail: dict[str, Any] = field(default_factory=dict)


RawResponse = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Invocation:
    """The end of one Lambda run. `error` is None, `Unhandled` or `Handled`; `payload` then holds it."""

    status: int
    payload: bytes
    error: str | None
    log: str
    duration_ms: float


class Functions(Protocol):
    """Runs Lambda functions of this account."""

    def invoke(
        self,
        function: str,
        payload: bytes,
        client_context: dict[str, Any] | None = None,
        *,
        instead: Instead | None = None,
    ) -> Invocation:
        """Run a function, by name or ARN with an optional qualifier, and wait for it.

        With `instead` it does that in place of its work.
        """

    def close(self) -> None:
        """End all workers."""


class Store(Protocol):
    """Resources made through Cloud Control, with properties in CloudFormation's spelling.

    `identifier` is the primary identifier (parts joined by `|`) or, where the type has one, the ARN.
    What it returns are copies.
    """

    def get(self, type_name: str, identifier: str) -> Properties:
        """Return one resource; AwsError ResourceNotFoundException when there is none."""

    def list(self, type_name: str) -> list[Properties]:
        """Return all resources of a type, oldest first."""

    def find(self, type_name: str, **equal: Any) -> Properties | None:
        """Return the first resource whose properties equal the given ones."""

    def create(self, type_name: str, properties: Properties) -> Properties:
        """Validate against AWS's schema, create, and return with read-only properties filled."""

    def update(self, type_name: str, identifier: str, properties: Properties) -> Properties:
        """Replace the writable properties; AwsError NotUpdatable when a create-only one would change."""

    def delete(self, type_name: str, identifier: str) -> None:
        """Delete one resource."""

    def harness_version(self, harness_arn: str, version: str) -> Properties:
        """Return a harness as it was when that version was made."""


class Trail(Protocol):
    """CloudTrail: takes a record for each call and delivers those a trail selects to its bucket."""

    def record(self, call: Call, error: AwsError | None = None) -> None:
        """Record one finished call."""

    def flush(self) -> None:
        """Deliver now what has been recorded."""

    def events(self, since: float = 0.0) -> list[dict[str, Any]]:
        """Return the selected records made after an epoch time, oldest first."""


class Authorize(Protocol):
    """IAM's decision on one action."""

    def __call__(
        self,
        caller: Caller,
        action: str,
        resource_arn: str,
        resource_policy: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """Return if allowed, else raise AwsError AccessDeniedException (403) naming action and resource."""


@dataclass
class LocalAws:
    """One local AWS: an account in a region behind one loopback endpoint (`http://127.0.0.1:<port>`)."""

    account: str
    region: str
    endpoint: str
    store: Store
    functions: Functions
    trail: Trail
    authorize: Authorize
    # Assume a role as an AWS service does for itself: (role ARN, session name) -> keys.
    assume_role: Callable[[str, str], Credentials]
    # Call another modelled operation in this process as a caller, authorized and recorded as over HTTP:
    # (service, operation, params, caller) -> output.
    perform: Callable[[str, str, dict[str, Any], Caller], dict[str, Any]]
    # Model scripts by the inference profile's ARN.
    model_scripts: dict[str, Any] = field(default_factory=dict)
    # What a tool's function does instead of its work in the call that has this toolUseId; taken out by that call.
    instead: dict[str, Instead] = field(default_factory=dict)
    # Held for every touch of moto's backends, which are not thread-safe. Never hold it across a Lambda call.
    moto_lock: threading.RLock = field(default_factory=threading.RLock)
