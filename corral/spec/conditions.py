"""Approval conditions: `amount_cents > 5000 and priority == "high"`, parsed and checked against a tool.

Comparisons joined by `and`, nothing else: who approves must be able to read what the supervisor decides by.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from corral.spec.errors import listed, show, suggestion
from corral.spec.tool import ArgumentSchema, Constraint

Operator = Literal["<", "<=", ">", ">=", "==", "!="]
Value = str | int | float | bool

WITHIN_MINUTES = 24 * 60  # for a decision, unless a rule says otherwise
FORM = 'Allowed: an argument, one of < <= > >= == != and a value, joined by "and", as in amount_cents > 5000.'
_COMPARISON = re.compile(
    r"\s*(?P<argument>[a-z][a-z0-9_]*)\s*(?P<operator><=|>=|==|!=|<|>)\s*"
    r'(?P<value>true\b|false\b|-?\d{1,15}(?:\.\d{1,6})?(?![\w.])|"(?:[^"\\]|\\["\\])*")\s*'
)
_AND = re.compile(r"and\b")


@dataclass(frozen=True)
class Condition:
    """One comparison of a tool's argument with a constant."""

    argument: str
    operator: Operator
    value: Value


@dataclass(frozen=True)
class ApprovalRule:
    """A tool call that a person decides: one that meets all conditions, or every one without any.

    It waits `within_minutes` for so many `approvers`; after half of that `delegate`, a principal, may decide as well.
    """

    tool: str
    conditions: tuple[Condition, ...] = ()
    within_minutes: int = WITHIN_MINUTES
    approvers: int = 1
    delegate: str | None = None

    @property
    def because(self) -> str:
        """Why a person is asked, in words."""
        if not self.conditions:
            return f"every call of {self.tool} is a person's decision"
        return " and ".join(f"{c.argument} {c.operator} {json.dumps(c.value)}" for c in self.conditions)

    @property
    def text(self) -> str:
        """The rule on one line, with what it asks for beyond one person within a day."""
        more = {
            f"within {self.within_minutes} minutes": self.within_minutes != WITHIN_MINUTES,
            f"{self.approvers} approvers": self.approvers > 1,
            f"delegate {self.delegate}": self.delegate is not None,
        }
        held = f"{self.tool} when {self.because}" if self.conditions else f"{self.tool}, every call"
        return ", ".join([held, *(words for words, said in more.items() if said)])

    def holds(self, arguments: Mapping[str, object]) -> bool:
        """Whether a call with these arguments is held. One that cannot be compared is."""
        return all(_compares(arguments.get(c.argument), c) for c in self.conditions)


class ConditionError(ValueError):
    """A condition that does not parse or does not fit its tool; `hint` says what is allowed."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def parse(text: str) -> tuple[Condition, ...]:
    """Parse a `when`. Raises ConditionError."""
    conditions: list[Condition] = []
    position = 0
    while True:
        match = _COMPARISON.match(text, position)
        if match is None:
            raise ConditionError(f"{show(text)} cannot be read from {show(text[position:].strip())} on", FORM)
        operator = cast(Operator, match["operator"])
        conditions.append(Condition(match["argument"], operator, json.loads(match["value"])))
        position = match.end()
        if position == len(text):
            return tuple(conditions)
        joint = _AND.match(text, position)
        if joint is None:
            raise ConditionError(f"{show(text)} cannot be read from {show(text[position:])} on", FORM)
        position = joint.end()


def check(
    conditions: tuple[Condition, ...],
    tool: str,
    arguments: ArgumentSchema,
    constraints: Iterable[Constraint] = (),
) -> None:
    """Check each condition against the tool's arguments, types and constraints. Raises ConditionError."""
    properties = arguments.properties or {}
    allowed = {c.argument: c.one_of for c in constraints if c.one_of is not None}
    for condition in conditions:
        if condition.argument not in properties:
            raise ConditionError(
                f"{tool} has no argument {show(condition.argument)}",
                f"Its arguments: {listed(properties)}.{suggestion(condition.argument, properties)}",
            )
        kind = properties[condition.argument].type
        if kind not in _TYPES:
            raise ConditionError(f"{condition.argument} is of type {kind}, which cannot be compared", FORM)
        if type(condition.value) not in _TYPES[kind]:
            raise ConditionError(
                f"{condition.argument} is of type {kind} and cannot be compared with {show(condition.value)}",
                f"Allowed: a value of type {kind}.",
            )
        values = allowed.get(condition.argument)
        if values is not None and condition.value not in values:
            raise ConditionError(
                f"{condition.argument} is never {show(condition.value)}",
                f"Allowed: {listed(values)}.{suggestion(str(condition.value), values)}",
            )
        if kind in ("string", "boolean") and condition.operator not in ("==", "!="):
            raise ConditionError(
                f"{condition.argument} is of type {kind} and has no order", "Allowed: == and !=."
            )


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def _compares(actual: object, condition: Condition) -> bool:
    value, operator = condition.value, condition.operator
    if operator in ("==", "!="):
        return (actual == value) is (operator == "==")
    if not isinstance(actual, int | float) or not isinstance(value, int | float):
        return True
    return {"<": actual < value, "<=": actual <= value, ">": actual > value, ">=": actual >= value}[operator]
