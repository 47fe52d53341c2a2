"""What the platform knows of an agent: its grants, when it must ask, what a person has put above it."""

import json
import math
import operator
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from functions.common.aws import table
from functions.common.overrides import Override, in_force
from functions.supervisor.spending import Cap

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
    """Calls of `tool` whose arguments meet all conditions wait for a person; no conditions, all calls.

    They wait for `within_minutes`, until so many `approvers` have said yes. After half of that time `delegate` is
    told, and may decide as well.
    """

    tool: str
    conditions: tuple[tuple[str, str, Any], ...]
    within_minutes: int = 24 * 60
    approvers: int = 1
    delegate: str = ""
    tool_does: str = ""
    because: str = ""

    @classmethod
    def read(cls, given: dict[str, Any]) -> "Rule":
        """Read a rule as a team's stack writes it. Raises for anything it does not know."""
        conditions = tuple((c["argument"], c["operator"], c["value"]) for c in given["conditions"])
        return cls(**{**given, "conditions": conditions})

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
class Price:
    """What an agent's model costs: US dollars for a million tokens."""

    input: float
    output: float

    def of(self, input_tokens: float, output_tokens: float) -> float:
        """Return the cost of tokens in US dollars."""
        return (input_tokens * self.input + output_tokens * self.output) / 1_000_000


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
    price: Price | None = None  # None: the environment names none
    cap: Cap | None = None  # None without a price
    canary: bool = False  # whether a share of its sessions is measured apart

    def held_by(self, tool: str, arguments: dict[str, Any]) -> Rule | None:
        """The rule by which a person must decide on this call: of several, the strictest of each. None if none."""
        found = [rule for rule in self.rules if rule.matches(tool, arguments)]
        if not found:
            return None
        return replace(
            found[0],
            within_minutes=min(rule.within_minutes for rule in found),
            approvers=max(rule.approvers for rule in found),
            delegate=next((rule.delegate for rule in found if rule.delegate), ""),
            because="; ".join(dict.fromkeys(rule.because for rule in found)),
        )


def load(harness_arn: str) -> Agent | None:
    """Read an agent from the table, as it is this moment. None if the platform does not know it.

    Raises on anything it cannot read: what is not understood must not be taken for permission.
    """
    agents = table(os.environ["AGENTS_TABLE"])
    key = {"agent": harness_arn, "item": "config"}
    config = agents.get_item(Key=key, ConsistentRead=True).get("Item")
    if config is None:
        return None
    rules = tuple(Rule.read(rule) for rule in json.loads(config["approval"]))
    price = Price(**json.loads(config["price"])) if "price" in config else None
    cap = Cap(**json.loads(config["cap"])) if "cap" in config else None
    return Agent(
        config["team"],
        config["name"],
        config["environment"],
        frozenset(config["tools"]),
        frozenset(config["reads"]),
        rules,
        in_force(config["team"], config["key"]),
        price,
        cap,
        "canary" in config,
    )
