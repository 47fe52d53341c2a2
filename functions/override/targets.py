"""What can be rolled back: an agent's endpoint, a tool's alias, the version of a guardrail that teams apply.

Each is named as people name it, and has a `key` that it keeps when it is renamed.
"""

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from functions.common.aws import client, error_code
from functions.common.errors import ApiError
from functions.override.agents import items

LIVE = "live"  # the endpoint and the alias that callers use
CANARY = "canary"  # the endpoint that a share of an agent's sessions uses
_NAME = r"[a-z][a-z0-9-]{0,39}"
_AGENT, _OTHER = re.compile(rf"({_NAME})/({_NAME})"), re.compile(rf"(tool|guardrail):({_NAME})")
_LATEST = 20  # versions of an agent that can be gone back to: each is asked for
_SETTLES_SECONDS, _PAUSE_SECONDS = 10, 0.5
# What differs between any two versions and says nothing.
_OF_EACH = {
    "harnessVersion", "createdAt", "updatedAt", "status", "ResponseMetadata", "Version", "FunctionArn", "RevisionId",
    "LastModified", "version", "guardrailArn",
}  # fmt: skip


@dataclass(frozen=True)
class Version:
    """One version: its number, and when it was made, a UTC time in ISO 8601."""

    number: str
    made_at: str


@dataclass(frozen=True)
class Beside:
    """What the canary of an agent serves: version, since when, and since when there is a canary at all; UTC times."""

    version: str
    since: str
    made_at: str


class Target(Protocol):
    """One thing that has versions. Methods raise botocore's errors; `unavailable` words them."""

    @property
    def name(self) -> str:
        """How people call it."""

    @property
    def key(self) -> str:
        """How the table of versions calls it."""

    @property
    def arn(self) -> str:
        """Whose versions they are: what was made anew counts from 1 again."""

    @property
    def at_once(self) -> bool:
        """Whether a move takes effect by itself; else with the next deployment of each team."""

    def versions(self) -> list[Version]:
        """Return all versions, oldest first."""

    def serving(self) -> str | None:
        """Return the version that callers get, None if only the table of versions says."""

    def move(self, version: str) -> None:
        """Let callers get another version."""

    def beside(self) -> "Beside | None":
        """Return what a share of its callers gets, None where all get the same."""

    def config(self, version: str) -> dict[str, Any]:
        """Return what a version consists of."""


@dataclass(frozen=True)
class Agent:
    """An agent, served by a named endpoint of its harness."""

    team: str
    agent: str
    key: str
    arn: str
    canary: Mapping[str, Any] | None = None  # what its team asks for: share, hours, at_least
    at_once: bool = True

    @property
    def name(self) -> str:
        """Return how people call it."""
        return f"{self.team}/{self.agent}"

    @property
    def _id(self) -> str:
        return self.arn.rpartition("/")[2]

    def versions(self) -> list[Version]:
        """Return the latest versions, oldest first. They are numbered from 1."""
        newest = int(self._harness()["harnessVersion"])
        found = []
        for number in range(max(1, newest + 1 - _LATEST), newest + 1):
            try:
                made = self._harness(harnessVersion=str(number))
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                continue
            # Of a version that does not change, the later time is when it was made.
            found.append(Version(str(number), _time(max(made["createdAt"], made["updatedAt"]))))
        return found

    def serving(self) -> str | None:
        """Return the version that callers get."""
        return _version(self._endpoint(LIVE))

    def beside(self) -> Beside | None:
        """Return what the canary serves, None if there is none, or not yet."""
        if self.canary is None:
            return None
        try:
            there = self._endpoint(CANARY)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return None
        return Beside(_version(there), _time(there["updatedAt"]), _time(there["createdAt"]))

    def move(self, version: str) -> None:
        """Let all callers get another version, those of the canary as well."""
        self.move_endpoint(LIVE, version)
        if self.beside() is not None:
            self.move_endpoint(CANARY, version)

    def move_endpoint(self, name: str, version: str) -> None:
        """Move an endpoint, and wait a little for it to get there: AWS answers before that."""
        client("bedrock-agentcore-control").update_harness_endpoint(
            harnessId=self._id, endpointName=name, targetVersion=version
        )
        end = time.monotonic() + _SETTLES_SECONDS
        while (endpoint := self._endpoint(name))["status"] != "READY" and time.monotonic() < end:
            if endpoint["status"].endswith("FAILED"):
                raise ApiError(
                    502,
                    "unavailable",
                    f"The endpoint did not move: {endpoint.get('failureReason', 'no reason given')}",
                )
            time.sleep(_PAUSE_SECONDS)

    def config(self, version: str) -> dict[str, Any]:
        """Return what a version consists of."""
        return self._harness(harnessVersion=version)

    def _harness(self, **version: str) -> dict[str, Any]:
        answer = client("bedrock-agentcore-control").get_harness(harnessId=self._id, **version)
        return dict(answer["harness"])

    def _endpoint(self, name: str) -> dict[str, Any]:
        answer = client("bedrock-agentcore-control").get_harness_endpoint(
            harnessId=self._id, endpointName=name
        )
        return dict(answer["endpoint"])


@dataclass(frozen=True)
class Tool:
    """A tool of the catalogue, served by an alias of its function."""

    tool: str
    arn: str
    at_once: bool = True

    @property
    def name(self) -> str:
        """Return how people call it."""
        return f"tool:{self.tool}"

    @property
    def key(self) -> str:
        """Return how the table of versions calls it."""
        return self.name

    @property
    def _function(self) -> str:
        return self.arn.rpartition(":")[2]

    def versions(self) -> list[Version]:
        """Return all versions, oldest first."""
        return _sorted(
            Version(each["Version"], _time(datetime.fromisoformat(each["LastModified"])))
            for each in self._all()
        )

    def serving(self) -> str | None:
        """Return the version that callers get."""
        return str(client("lambda").get_alias(FunctionName=self._function, Name=LIVE)["FunctionVersion"])

    def move(self, version: str) -> None:
        """Let callers get another version."""
        client("lambda").update_alias(FunctionName=self._function, Name=LIVE, FunctionVersion=version)

    def beside(self) -> None:
        """Return nothing: all callers get the same."""

    def config(self, version: str) -> dict[str, Any]:
        """Return what a version consists of."""
        return next(each for each in self._all() if each["Version"] == version)

    def _all(self) -> list[dict[str, Any]]:
        found = _pages(
            "lambda",
            "list_versions_by_function",
            "Versions",
            "Marker",
            "NextMarker",
            FunctionName=self._function,
        )
        return [each for each in found if each["Version"].isdigit()]


@dataclass(frozen=True)
class Guardrail:
    """A guardrail. Front doors know the version they apply from their team's deployment."""

    level: str
    arn: str
    at_once: bool = False

    @property
    def name(self) -> str:
        """Return how people call it."""
        return f"guardrail:{self.level}"

    @property
    def key(self) -> str:
        """Return how the table of versions calls it."""
        return self.name

    def versions(self) -> list[Version]:
        """Return all versions, oldest first."""
        found = _pages("bedrock", "list_guardrails", "guardrails", guardrailIdentifier=self.arn)
        return _sorted(
            Version(each["version"], _time(each["createdAt"])) for each in found if each["version"].isdigit()
        )

    def serving(self) -> str | None:
        """Return nothing: the table of versions says it."""
        return None

    def move(self, version: str) -> None:
        """Leave it to the teams' deployments, which ask the table of versions."""

    def beside(self) -> None:
        """Return nothing: all callers get the same."""

    def config(self, version: str) -> dict[str, Any]:
        """Return what a version consists of."""
        return dict(client("bedrock").get_guardrail(guardrailIdentifier=self.arn, guardrailVersion=version))


def target_of(named: str) -> Target:
    """Return what is meant by <team>/<agent>, tool:<name> or guardrail:<level>. Raises ApiError 400, 404, 502."""
    try:
        if found := _AGENT.fullmatch(named):
            return _agent(found[1], found[2])
        if found := _OTHER.fullmatch(named):
            return _tool(found[2]) if found[1] == "tool" else _guardrail(found[2])
    except (ClientError, BotoCoreError) as error:
        raise unavailable(named, error) from error
    raise ApiError(400, "bad_request", "target is <team>/<agent>, tool:<name> or guardrail:<level>.")


def unavailable(name: str, error: Exception) -> ApiError:
    """Word an error of AWS's."""
    return ApiError(
        502, "unavailable", f"{name} cannot be looked up or changed: {error_code(error)}. Try again."
    )


def differences(before: Any, after: Any, path: str = "") -> list[dict[str, str]]:
    """Return what differs between two configurations: each `what`, as it is `now` and as it would be `then`."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            each
            for name in sorted((before.keys() | after.keys()) - _OF_EACH)
            for each in differences(before.get(name), after.get(name), f"{path}.{name}" if path else name)
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            each
            for index, pair in enumerate(zip(before, after, strict=True))
            for each in differences(*pair, f"{path}[{index}]")
        ]
    return [] if before == after else [{"what": path, "now": _text(before), "then": _text(after)}]


def _agent(team: str, name: str) -> Agent:
    found = list(items(team))
    if not found:
        raise ApiError(404, "unknown_team", f"No agent of a team {team} is deployed.")
    for item in found:
        if item["name"] == name:
            canary = json.loads(item["canary"]) if "canary" in item else None
            return Agent(team, name, f"{team}/{item['key']}", str(item["agent"]), canary)
    has = ", ".join(sorted(str(item["name"]) for item in found))
    raise ApiError(404, "unknown_agent", f"Team {team} has no agent {name}. It has {has}.")


def _tool(name: str) -> Tool:
    function = f"corral-{os.environ['ENVIRONMENT']}-tool-{name}"
    try:
        alias = client("lambda").get_alias(FunctionName=function, Name=LIVE)
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            raise ApiError(404, "unknown_tool", f"The catalogue has no tool {name}.") from error
        raise
    return Tool(name, str(alias["AliasArn"]).removesuffix(f":{LIVE}"))


def _guardrail(level: str) -> Guardrail:
    known: dict[str, str] = json.loads(os.environ["GUARDRAILS"])
    if level not in known:
        raise ApiError(
            404, "unknown_guardrail", f"There is no guardrail {level}: {', '.join(sorted(known))}."
        )
    return Guardrail(level, known[level])


def _pages(service: str, operation: str, member: str, *tokens: str, **arguments: Any) -> list[dict[str, Any]]:
    """Return all of a list, page by page; `tokens` are how a page's token is sent and how it is answered."""
    sent, answered = tokens or ("nextToken", "nextToken")
    found: list[dict[str, Any]] = []
    while True:
        page = getattr(client(service), operation)(**arguments)
        found += page[member]
        if not page.get(answered):
            return found
        arguments[sent] = page[answered]


def _sorted(versions: Any) -> list[Version]:
    return sorted(versions, key=lambda each: int(each.number))


def _version(endpoint: Mapping[str, Any]) -> str:
    return str(endpoint.get("liveVersion") or endpoint["targetVersion"])


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)
