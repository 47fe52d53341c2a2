"""Says pydantic's findings in words: what is wrong, the value, what is allowed, the nearest name."""

import re
import types
from collections.abc import Iterable, Mapping, Set
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from corral.spec.errors import SpecError, listed, show, suggestion
from corral.spec.source import Location, Source, dotted

_SLUG = "lower-case letters and digits, in words joined by single hyphens, a letter first"
_SNAKE = "lower-case letters, digits and underscores, a letter first"
_EMAIL = "an address such as name@example.com"

# Every pattern of the models, in words. A test holds this list complete.
PATTERNS = {
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": _SLUG,
    r"^[a-z][a-z0-9]*$": "lower-case letters and digits, a letter first",
    r"^[a-z][a-z0-9-]*$": "lower-case letters, digits and hyphens, a letter first",
    r"^[a-z][a-z0-9.-]*$": "lower-case letters, digits, periods and hyphens, a letter first",
    r"^[a-z][a-z0-9_]*$": _SNAKE,
    r"^[a-z][a-z0-9-]*@[1-9][0-9]*$": "a template and its major version, as in customer-support@1",
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$": "a version of three numbers, as in 1.0.0",
    r"^\d{12}$": "an AWS account, twelve digits in quotes",
    r"^o-[a-z0-9]{10,32}$": "an organization's id, o- and 10 to 32 lower case letters or digits",
    r"^[a-z]{2}(-[a-z]+)+-\d$": "an AWS region, as in us-east-1",
    r"^arn:aws[a-z-]*:iam::\d{12}:(root|user/.+|role/.+)$": "the ARN of an IAM role, user or account root",
    r"^arn:aws[a-z-]*:iam::\d{12}:(user|role)/([!-~]+/)?[A-Za-z0-9_+=,.@-]{2,64}$": "the ARN of an IAM role or user",
    r"^[a-z0-9-]+\.[a-z0-9.:-]+$": "a Bedrock model id, as in amazon.nova-pro-v1:0",
    r"^[a-z]+(-[a-z]+)*\.[a-z0-9-]+\.[a-z0-9.:-]+$": "an inference profile id, as in us.amazon.nova-pro-v1:0",
    r"^[0-9a-zA-Z-_ !?.]+$": "letters, digits, spaces and - _ ! ? .",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$": _EMAIL,
    r"\.csv$": "a .csv file",
    r"^[a-z0-9_]+(/[a-z0-9_]+)*\.py$": "a .py file in the template's folder, as in evaluators/sums.py",
    r"^[0-9a-f]{64}$": "64 digits and letters from a to f, as corral promote wrote them",
    r"^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$": "TEAM/AGENT, such as support/helpdesk",
    r"^https://\S+$": "the address of a page that is served over TLS",
    r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$": "a time of day from 00:00 to 24:00, as in 09:30",
}

_NOT_A = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
    "date_type": "a date such as 2027-01-31",
    "date_parsing": "a date such as 2027-01-31",
    "date_from_datetime_parsing": "a date such as 2027-01-31",
    "date_from_datetime_inexact": "a date such as 2027-01-31",
}
_BOUNDS = {
    "greater_than": ("small", "more than", "gt"),
    "greater_than_equal": ("small", "at least", "ge"),
    "less_than": ("large", "less than", "lt"),
    "less_than_equal": ("large", "at most", "le"),
}


def spec_errors(source: Source, model: type[BaseModel], error: ValidationError) -> list[SpecError]:
    """Each finding of pydantic as an error at its line. Failed branches of a union make one error."""
    found: dict[tuple[Location, bool, str], list[Mapping[str, Any]]] = {}
    for detail in error.errors(include_url=False):
        location, is_key = locate(source.data, detail["loc"])
        if location in source.bad:
            continue  # said already
        if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
            continue  # pydantic counts the sound entries only, and says of each other what is wrong with it
        missing = str(detail["loc"][-1]) if detail["type"] == "missing" else ""
        found.setdefault((location, is_key, missing), []).append(detail)
    return [
        _say(source, model, location, is_key, details) for (location, is_key, _), details in found.items()
    ]


def locate(data: Any, location: Iterable[str | int]) -> tuple[Location, bool]:
    """The part of pydantic's location that exists in the data, and whether the finding is about its key.

    pydantic adds the branch of a union and `[key]`, which no file holds.
    """
    known: list[str | int] = []
    parts = list(location)
    for part in parts:
        if str(part).startswith("<"):
            continue  # a branch that is chosen by what the entry is
        if (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        ):
            known.append(part)
            data = data[part]  # type: ignore[index]
        else:
            break
    return tuple(known), bool(parts) and parts[-1] == "[key]"


def _value(data: Any, location: Location) -> Any:
    for part in location:
        data = data[part]
    return data


def _say(
    source: Source, model: type[BaseModel], location: Location, is_key: bool, details: list[Mapping[str, Any]]
) -> SpecError:
    detail = details[0]
    kind = detail["type"]
    value = location[-1] if is_key else _value(source.data, location)
    name = dotted(location)
    if kind == "missing":
        missing = str(detail["loc"][-1])
        prefix = f"{name}: " if name else ""
        return source.error(location, f'{prefix}"{missing}" is missing', key=True)
    if kind == "extra_forbidden":
        parent, key = location[:-1], str(location[-1])
        allowed = _fields(model, parent, {str(p) for p in detail["loc"] if str(p).startswith("<")})
        prefix = f"{dotted(parent)}: " if parent else ""
        hint = f"Allowed: {listed(allowed)}.{suggestion(key, allowed)}"
        return source.error(location, f"{prefix}unknown key {show(key)}", hint, key=True)
    message, hint = _problem(kind, value, detail.get("ctx", {}), [d["type"] for d in details])
    prefix = f"{name}: " if name else ""
    return source.error(location, f"{prefix}{message}", hint, key=is_key)


def _problem(kind: str, value: Any, context: Mapping[str, Any], kinds: list[str]) -> tuple[str, str]:
    if kind in _NOT_A:
        names = list(dict.fromkeys(_NOT_A[k] for k in kinds if k in _NOT_A))
        if "a number" in names and "a whole number" in names:
            names.remove("a whole number")
        wanted = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        quote = kind == "string_type" and kinds == [kind] and isinstance(value, int | float)
        return f"{show(value)} is not {wanted}", "Put it in quotes." if quote else ""
    if kind in _BOUNDS:
        size, words, key = _BOUNDS[kind]
        return f"{show(value)} is too {size}", f"Allowed: {words} {context[key]:,g}."
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return f"{show(value)} is not allowed", f"Allowed: {PATTERNS[pattern]}.{_respelled(value, pattern)}"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context["expected"]))
        return (
            f"{show(value)} is not allowed",
            f"Allowed: {', '.join(allowed)}.{suggestion(str(value), allowed)}",
        )
    if kind in ("string_too_long", "string_too_short"):
        words, key = ("at most", "max_length") if kind == "string_too_long" else ("at least", "min_length")
        if not value:
            return "is empty", f"Allowed: {words} {context[key]} character{'s' * (context[key] != 1)}."
        return f"{show(value)} is {len(value):,} characters long", f"Allowed: {words} {context[key]:,}."
    if kind in ("too_short", "too_long"):
        words, key = ("at most", "max_length") if kind == "too_long" else ("at least", "min_length")
        return "is empty" if not value else f"has {len(value)} entries", f"Allowed: {words} {context[key]:,}."
    if kind == "value_error":
        return str(context["error"]), ""
    return f"{show(value)} is not allowed here", ""


def _respelled(value: Any, pattern: str) -> str:
    """Suggests the same name in the allowed spelling, if lower case and hyphens or underscores do it."""
    for separator in "-", "_", "":
        respelled = re.sub(r"[^a-z0-9]+", separator, str(value)[:100].lower()).strip("-_")
        if re.search(pattern, respelled):
            return f' Did you mean "{respelled}"?'
    return ""


def _fields(model: type[BaseModel], location: Location, chosen: Set[str]) -> list[str]:
    """The keys allowed at a location of a model's file, in the branches of unions that were chosen by their tags."""
    kind: Any = model
    for part in location:
        kind = _models_below(kind, part, chosen)
    found = _unwrapped(kind, chosen)
    return list(found.model_fields) if isinstance(found, type) and issubclass(found, BaseModel) else []


def _models_below(kind: Any, part: str | int, chosen: Set[str]) -> Any:
    found = _unwrapped(kind, chosen)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return found.model_fields[str(part)].annotation
    arguments = get_args(found)
    return arguments[1] if get_origin(found) is dict else arguments[0]


def _unwrapped(kind: Any, chosen: Set[str]) -> Any:
    """The type inside Annotated and Optional."""
    if get_origin(kind) is Annotated:
        return _unwrapped(get_args(kind)[0], chosen)
    if get_origin(kind) in (Union, types.UnionType):
        kinds = [k for k in get_args(kind) if k is not type(None)]
        tagged = [
            k for k in kinds if any(getattr(m, "tag", "") in chosen for m in getattr(k, "__metadata__", ()))
        ]
        branches = [_unwrapped(k, chosen) for k in tagged or kinds]
        models = (b for b in branches if isinstance(b, type) and issubclass(b, BaseModel))
        return next(models, branches[0])
    return kind
