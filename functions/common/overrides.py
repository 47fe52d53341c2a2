"""What people have put above agents: suspended, or read-only. One item a scope, in a table that no stack writes.

A scope is "*" for the whole environment, a team's name, or <team>/<key> for an agent; the key is the agent's first
name, so that a renamed agent stays suspended. Of an agent's three scopes the strictest mode holds. No item, and the
mode "active", put nothing above it.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from functions.common.aws import table

ACTIVE, READ_ONLY, SUSPENDED = "active", "read-only", "suspended"
MODES = (ACTIVE, READ_ONLY, SUSPENDED)  # from the loosest to the strictest
ENVIRONMENT = "*"
_ROUNDS = 2


class UnreadError(Exception):
    """DynamoDB did not answer for every scope: what was not read may be a suspension."""


@dataclass(frozen=True)
class Override:
    """What is put above one scope. `by` is the ARN of who did it, as AWS knows it; `at` a UTC time in ISO 8601."""

    scope: str
    mode: str
    reason: str
    by: str = ""
    at: str = ""
    id: str = ""

    @classmethod
    def read(cls, item: dict[str, Any]) -> "Override":
        """Read an item. A mode somebody misspelled is a suspension."""
        mode = item.get("mode")
        texts = {name: str(item.get(name) or "") for name in ("by", "at", "id")}
        reason = str(item.get("reason") or "no reason was given")
        return cls(str(item["scope"]), str(mode) if mode in MODES else SUSPENDED, reason, **texts)

    @property
    def whose(self) -> str:
        """What is in the scope: environment, team or agent."""
        if self.scope == ENVIRONMENT:
            return "environment"
        return "agent" if "/" in self.scope else "team"

    @property
    def rank(self) -> int:
        """How strict it is: 0 lets everything run."""
        return MODES.index(self.mode)


def scopes(team: str, key: str) -> tuple[str, str, str]:
    """Return the scopes that an agent is in, the widest first."""
    return ENVIRONMENT, team, f"{team}/{key}"


def in_force(team: str, key: str) -> Override | None:
    """Read what holds for an agent at this moment: of the strictest what is widest; None if it may work.

    One consistent read. Raises UnreadError or botocore's ClientError when not all of it can be had.
    """
    return strictest(read(scopes(team, key)))


def strictest(found: Iterable[Override]) -> Override | None:
    """Return what holds of several, given from the widest scope to the narrowest; None if the agent may work."""
    return max((each for each in found if each.rank), key=lambda each: each.rank, default=None)


def everything() -> list[Override]:
    """Read the whole table, active scopes included, in no order. Raises botocore's ClientError."""
    found: list[Override] = []
    start: dict[str, Any] = {}
    while True:
        page = table(os.environ["OVERRIDES_TABLE"]).scan(ConsistentRead=True, **start)
        found += map(Override.read, page["Items"])
        if "LastEvaluatedKey" not in page:
            return found
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def read(wanted: tuple[str, ...]) -> list[Override]:
    """Read scopes in one request, those without an item left out, in the order in which they are given."""
    name = os.environ["OVERRIDES_TABLE"]
    left: Any = {name: {"Keys": [{"scope": scope} for scope in wanted], "ConsistentRead": True}}
    items: list[dict[str, Any]] = []
    for _ in range(_ROUNDS):
        answer = table(name).meta.client.batch_get_item(RequestItems=left)
        items += answer["Responses"].get(name, [])
        left = answer.get("UnprocessedKeys")
        if not left:
            return sorted(map(Override.read, items), key=lambda each: wanted.index(each.scope))
    raise UnreadError(name)
