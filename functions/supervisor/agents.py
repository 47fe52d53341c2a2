"""What the platform knows of an agent: its grants, when it must ask, what a person has put above it."""

import json
import math
import operator
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functions.common.aws import table
from functions.common.overrides import Override, in_force

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Rule:
    """Calls of `tool` whose arguments meet all conditions wait for a person; no conditions, all calls."""

    tool: str
    conditions: tuple[tuple[str, str, Any], ...]

    def matches(self, tool: str, arguments: dict[str, Any]) -> bool:
        """Whether a person must decide on this call."""
        return tool == self.tool and all(
            _met(arguments.get(argument), compare, value) for argument, compare, value in self.conditions
        )


def _met(given: Any, compare: str, value: Any) -> bool:
    """Whether an argument meets a condition. One that is missing or of another kind counts as meeting it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        # NaN is neither above nor below anything, which would let it past every limit.
        if not is_number or (isinstance(given, float) and not math.isfinite(given)):
            return True
    elif type(given) is not type(value):
        return True
    return _COMPARE[compare](given, value)


@dataclass(frozen=True)
class Agent:
    """An agent as its team's stack wrote it, with what people have put above it since."""

    team: str
    name: str
    environment: str
    tools: frozenset[str]
    reads: frozenset[str]  # those of the tools that change nothing
    rules: tuple[Rule, ...]
    override: Override | None

    def needs_approval(self, tool: str, arguments: dict[str, Any]) -> bool:
        """Whether a person must decide on this call."""
        return any(rule.matches(tool, arguments) for rule in self.rules)


def load(harness_arn: str) -> Agent | None:
    """Read an agent from the table, as it is this moment. None if the platform does not know it.

    Raises on anything it cannot read: what is not understood must not be taken for permission.
    """
    agents = table(os.environ["AGENTS_TABLE"])
    key = {"agent": harness_arn, "item": "config"}
    config = agents.get_item(Key=key, ConsistentRead=True).get("Item")
    if config is None:
        return None
    rules = tuple(
        Rule(rule["tool"], tuple((c["argument"], c["operator"], c["value"]) for c in rule["conditions"]))
        for rule in json.loads(config["approval"])
    )
    return Agent(
        config["team"],
        config["name"],
        config["environment"],
        frozenset(config["tools"]),
        frozenset(config["reads"]),
        rules,
        in_force(config["team"], config["key"]),
    )
