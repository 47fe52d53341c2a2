"""Reads what somebody answered, or gave as a flag, and says what is allowed when it will not do."""

import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from corral.spec.errors import listed, show, suggestion
from corral.spec.source import hidden_character
from corral.spec.team import ParameterValue
from corral.spec.template import Parameter
from corral.spec.templates import value_problem
from corral.spec.wording import PATTERNS

T = TypeVar("T")
_BOOLEANS = {"true": True, "yes": True, "y": True, "false": False, "no": False, "n": False}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_OWNER = re.compile(r"\s*(?P<name>[^<>]+?)\s*<\s*(?P<email>[^<>\s]+)\s*>\s*")


class AnswerError(Exception):
    """An answer that will not do: what is wrong with it and what is allowed."""


def one_of(kind: str, known: Collection[str]) -> Callable[[str], str]:
    """An answer that is one of these names."""

    def check(answer: str) -> str:
        if answer not in known:
            raise AnswerError(
                f"there is no {kind} {show(answer)}. Known: {listed(known)}.{suggestion(answer, known)}"
            )
        return answer

    return check


def several_of(kind: str, known: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    """An answer of several names with commas between; none is allowed."""

    def check(answer: str) -> tuple[str, ...]:
        names = [name.strip() for name in answer.split(",") if name.strip()]
        return tuple(one_of(kind, known)(name) for name in dict.fromkeys(names))

    return check


def of_model(kind: Any, what: str, taken: Collection[str] = ()) -> Callable[[str], Any]:
    """An answer that a type of the spec allows, and that is not taken."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def check(answer: str) -> Any:
        try:
            value = adapter.validate_python(answer)
        except ValidationError as error:
            raise AnswerError(f"{show(answer)} is not allowed. Allowed: {_allowed(error, what)}.") from None
        if value in taken:
            raise AnswerError(f"{show(answer)} is taken. Taken: {listed(taken)}.")
        return plain_text(value) if isinstance(value, str) else value

    return check


def several_of_model(kind: Any, what: str) -> Callable[[str], tuple[Any, ...]]:
    """Several such answers with commas between; none is allowed."""
    check = of_model(kind, what)
    return lambda answer: tuple(check(part.strip()) for part in answer.split(",") if part.strip())


def some(check: Callable[[str], tuple[T, ...]]) -> Callable[[str], tuple[T, ...]]:
    """The same, at least one of them."""

    def at_least_one(answer: str) -> tuple[T, ...]:
        found = check(answer)
        if not found:
            raise AnswerError("at least one is needed")
        return found

    return at_least_one


def short_text(most: int, least: int = 1) -> Callable[[str], str]:
    """A text on one line, of so many characters."""

    def check(answer: str) -> str:
        text = plain_text(answer).strip()
        if not least <= len(text) <= most:
            raise AnswerError(f"{show(text)} is {len(text)} characters long. Allowed: {least} to {most}.")
        return text

    return check


def email(answer: str) -> str:
    """An address."""
    if not _EMAIL.fullmatch(plain_text(answer)):
        raise AnswerError(f"{show(answer)} is not allowed. Allowed: an address such as name@example.com.")
    return answer


def money(answer: str) -> float:
    """An amount of more than nothing."""
    try:
        amount = float(answer)
    except ValueError:
        amount = 0
    if not 0 < amount < 10**9:
        raise AnswerError(f"{show(answer)} is not allowed. Allowed: a number, more than 0.")
    return amount


def plain_text(answer: str) -> str:
    """An answer on one line that shows all it holds."""
    if found := hidden_character(answer):
        raise AnswerError(f"{show(answer)} holds the hidden character {found}. Allowed: text on one line.")
    return answer


def owner(answer: str) -> dict[str, str]:
    """`Name <name@example.com>` as an owner."""
    found = _OWNER.fullmatch(plain_text(answer))
    if found is None or not _EMAIL.fullmatch(found["email"]) or len(found["name"]) > 80:
        raise AnswerError(f"{show(answer)} is not allowed. Allowed: Name <name@example.com>.")
    return {"name": found["name"], "email": found["email"]}


def parameter_value(parameter: Parameter, domains: Collection[str]) -> Callable[[str], ParameterValue]:
    """A value of a template's parameter. `domains`: those that one of type domain may name."""

    def check(answer: str) -> ParameterValue:
        value: ParameterValue = answer
        try:
            if parameter.type == "integer":
                value = int(answer)
            elif parameter.type == "number":
                value = float(answer) if not re.fullmatch(r"[+-]?\d+", answer.strip()) else int(answer)
        except ValueError:
            pass  # said below
        if parameter.type == "boolean":
            value = _BOOLEANS.get(answer.strip().lower(), answer)
        if isinstance(value, float) and value - value != 0:
            value = answer
        if problem := value_problem(parameter, value):
            raise AnswerError(". ".join(part.rstrip(".") for part in problem) + ".")
        if parameter.type == "domain" and answer not in domains:
            raise AnswerError(f"{show(answer)} is not allowed. Allowed: {listed(domains)}.")
        return value

    return check


def allowed_values(parameter: Parameter) -> str:
    """What a parameter takes, in a few words."""
    if parameter.choices is not None:
        return " or ".join(parameter.choices)
    if parameter.type in ("integer", "number"):
        words = "a whole number" if parameter.type == "integer" else "a number"
        low, high = parameter.minimum, parameter.maximum
        if low is not None and high is not None:
            return f"{words} from {low:,g} to {high:,g}"
        if low is not None or high is not None:
            return f"{words} of at {'least' if low is not None else 'most'} {low if low is not None else high:,g}"
        return words
    if parameter.type == "boolean":
        return "yes or no"
    if parameter.type == "schedule":
        return "a rate or cron expression, as in rate(1 day)"
    if parameter.type == "table":
        return "a table of its data domain"
    if parameter.type == "domain":
        return f"a data domain{f' with {parameter.holds}' if parameter.holds else ''}"
    form = f" of the form {parameter.pattern}" if parameter.pattern else ""
    return f"text{form}, at most {parameter.max_length:,} characters"


def _allowed(error: ValidationError, what: str) -> str:
    detail = error.errors(include_url=False)[0]
    context = detail.get("ctx", {})
    if detail["type"] == "string_pattern_mismatch":
        return PATTERNS.get(str(context["pattern"]), what)
    if detail["type"] == "string_too_long":
        return f"at most {context['max_length']} characters"
    if detail["type"] == "string_too_short":
        return f"at least {context['min_length']} characters"
    return what
