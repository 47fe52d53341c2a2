"""Rules, limits and schemas of the spec, in the words and rows that pages show."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corral.spec.conditions import (
    WITHIN_MINUTES,
    ApprovalRule,
    Condition,
    ConditionError,
    Operator,
    parse,
)
from corral.spec.resolved import ResolvedAgent, ResolvedLimits
from corral.spec.rights import session_name
from corral.spec.scenario import Stop
from corral.spec.team import Approval, Limits
from corral.spec.template import Drift, GuardrailLevel, Parameter
from corral.spec.tool import ArgumentSchema, Need, Tool

_OPERATORS: dict[Operator, str] = {
    "<": "is under",
    "<=": "is at most",
    ">": "is over",
    ">=": "is at least",
    "==": "is",
    "!=": "is not",
}
_NEEDS: dict[Need, str] = {
    "table": "a table of its own",
    "idempotency": "the memory of what it has done in the last day, so that it does the same thing once",
    "secret": "a secret of its own",
    "documents": "the documents of the data domains",
    "warehouse": "the tables of the data domains",
    "queries": "the queries that were run",
    "reports": "the bucket of reports",
}
_GUARDRAILS: dict[GuardrailLevel, str] = {
    "standard": "standard: personal data in its answers is masked",
    "strict": "strict: an answer with personal data is withheld, a message loses it",
}
_STOPS: dict[Stop, str] = {
    "iterations": "too many turns",
    "output-tokens": "too many tokens",
    "time": "too long",
    "supervisor": "by the supervisor",
}
_DRIFT = {
    "accuracy": "accuracy",
    "context_relevance": "relevance of what was retrieved",
    "cost_per_task": "cost of a task",
    "journey_completion": "journeys completed",
}


@dataclass(frozen=True)
class Field:
    """One row of a schema: where it stands, what it holds."""

    path: str
    type: str
    required: bool
    description: str


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Parts as a sentence lists them: a, b and c."""
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def number(value: float) -> str:
    """A number with its thousands apart."""
    return f"{int(value) if value == int(value) else value:,}"


def percent(share: float) -> str:
    """A share of a whole, as in 15 %."""
    return f"{share * 100:g} %"


def rule(of: ApprovalRule) -> str:
    """When a rule holds a call, and what it asks for beyond the usual one person within a day."""
    held = f"when {joined([_condition(c) for c in of.conditions])}" if of.conditions else "every call"
    more = [
        *(["two people approve"] if of.approvers > 1 else []),
        *([f"within {number(of.within_minutes)} minutes"] if of.within_minutes != WITHIN_MINUTES else []),
        *([f"{session_name(of.delegate)} may after half of the time"] if of.delegate else []),
    ]
    return "; ".join([held, *more])


def template_rule(of: Approval) -> str:
    """The same of a rule that a template brings, as it is written if it cannot be read."""
    try:
        conditions = parse(of.when) if of.when is not None else ()
        return rule(ApprovalRule(of.tool, conditions, of.within_minutes, of.approvers))
    except ConditionError:
        return f"when {of.when}"


def _condition(of: Condition) -> str:
    return f"{of.argument} {_OPERATORS[of.operator]} {_value(of.value)}"


def _value(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def constraints(tool: Tool) -> Iterator[str]:
    """What Cedar holds every agent's calls of a tool to."""
    for of in tool.constraints:
        if of.one_of is not None:
            yield f"{of.argument} is {joined(of.one_of, 'or')}"
        if of.at_least is not None and of.at_most is not None:
            yield f"{of.argument} is from {number(of.at_least)} to {number(of.at_most)}"
        elif of.at_least is not None:
            yield f"{of.argument} is at least {number(of.at_least)}"
        elif of.at_most is not None:
            yield f"{of.argument} is at most {number(of.at_most)}"


def bounds(tool: Tool, agent: ResolvedAgent) -> Iterator[str]:
    """What Cedar holds one agent's calls of a tool to."""
    if tool.domain_argument is not None:
        yield f"{tool.domain_argument} is {joined(agent.domains, 'or')}"
    if tool.team_argument is not None:
        yield f"{tool.team_argument} is {agent.team}"
    yield from constraints(tool)


def needs(tool: Tool) -> str:
    """What a tool's function may reach."""
    return joined([_NEEDS[need] for need in tool.needs]) or "nothing but its own code"


def limits(of: ResolvedLimits | Limits) -> Iterator[tuple[str, str, str]]:
    """Limits that are set: key, name, value."""
    for key, name, form in (
        ("cost_per_task_usd", "Cost of a task", "{:.2f} US dollars"),
        ("max_iterations", "Turns of the model", "{:,}"),
        ("max_output_tokens", "Tokens it may write", "{:,}"),
        ("timeout_seconds", "Time", "{:,} seconds"),
    ):
        value = getattr(of, key)
        if value is not None:
            yield key, name, form.format(value)


def drift(of: Drift) -> Iterator[tuple[str, str]]:
    """Drift thresholds that are set: measure, share of its baseline."""
    for key, name in _DRIFT.items():
        share = getattr(of, key)
        if share is not None:
            yield name, percent(share)


def evaluator(name: str) -> str:
    """An evaluator's name in words: Builtin.GoalSuccessRate is goal success rate."""
    short = name.removeprefix("Builtin.").replace("-", " ")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in short).strip()


def allowed(of: Parameter) -> str:
    """What a parameter may be."""
    if of.choices is not None:
        return joined(of.choices, "or")
    if of.type == "domain":
        holds = f" that holds {of.holds}" if of.holds else ""
        return f"a data domain{holds} that the team may read"
    if of.type == "schedule":
        return "a rate or cron expression, in UTC"
    if of.type == "boolean":
        return "true or false"
    if of.type == "string":
        form = f" of the form {of.pattern}" if of.pattern else ""
        return f"text{form}, at most {number(of.max_length)} characters"
    whole = "a whole number" if of.type == "integer" else "a number"
    ends = (("at least", of.minimum), ("at most", of.maximum))
    return ", ".join([whole, *(f"{word} {number(end)}" for word, end in ends if end is not None)])


def fields(schema: ArgumentSchema | None, path: str = "") -> Iterator[Field]:
    """The rows of a schema, each part below what it is a part of: passages[].text."""
    if schema is None:
        return
    for name, child in (schema.properties or {}).items():
        place = f"{path}.{name}" if path else name
        yield Field(place, _kind(child), name in (schema.required or ()), child.description or "")
        yield from fields(child, place)
    yield from fields(schema.items, f"{path}[]")


def _kind(schema: ArgumentSchema) -> str:
    return f"list of {_kind(schema.items)}" if schema.items is not None else schema.type


def yes_no(value: bool) -> str:
    """True and false as people say them."""
    return "yes" if value else "no"


def default(of: Parameter) -> str:
    """What holds when a team gives no value for a parameter."""
    if of.default is None:
        return "the prompt does without" if of.optional else "must be given"
    return yes_no(of.default) if isinstance(of.default, bool) else str(of.default)


def stopped(reason: Stop) -> str:
    """Why a run ended before its end."""
    return _STOPS[reason]


def guardrail(level: GuardrailLevel) -> str:
    """A level of the guardrail, and what it does beyond the rules that hold for all."""
    return _GUARDRAILS[level]
