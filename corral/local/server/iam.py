"""Decides as IAM does: identity policies, permissions boundary, session and resource policies, conditions.

What AWS documents as policy evaluation within one account: an explicit deny anywhere wins; then something
must allow; then a permissions boundary, if there is one, must allow too. Operators of conditions: String*,
Numeric*, Date*, Arn*, Bool, Null and IpAddress, with IfExists, ForAnyValue and ForAllValues; another one is
answered with 501 instead of being guessed.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from corral.local.server.core import AwsError

Effect = Literal["Allow", "Deny"] | None
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Principal:
    """Whom a resource policy's Principal element may name: ARNs, an account, or a service."""

    arns: tuple[str, ...] = ()
    account: str | None = None
    service: str | None = None


@dataclass(frozen=True)
class Request:
    """One action on one resource, with the condition keys of the request (names in any case)."""

    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Policies:
    """All policies that bear on one caller. `boundary` and `session` are None when there is none."""

    identity: tuple[Document, ...] = ()
    boundary: Document | None = None
    session: Document | None = None


def parse(text: str | bytes | Document) -> Document:
    """Return a policy document; AwsError MalformedPolicyDocument when it is not JSON."""
    if isinstance(text, Mapping):
        return text
    try:
        document = json.loads(text)
    except ValueError as fault:
        raise AwsError("MalformedPolicyDocument", f"The policy is not JSON: {fault}") from None
    if not isinstance(document, dict):
        raise AwsError("MalformedPolicyDocument", "The policy is not a JSON object")
    return document


def denial(
    request: Request, policies: Policies, resource_policy: Document | None, principal: Principal
) -> str | None:
    """Return why a request is refused, in the words AWS ends its message with, or None when it is allowed."""
    identity = evaluate(policies.identity, request)
    boundary = evaluate([policies.boundary], request) if policies.boundary is not None else "Allow"
    session = evaluate([policies.session], request) if policies.session is not None else "Allow"
    resource: Effect = None
    if resource_policy is not None:
        resource = evaluate([resource_policy], request, principal)
    for effect, where in (
        (identity, "an identity-based policy"),
        (resource, "a resource-based policy"),
        (boundary, "a permissions boundary"),
        (session, "a session policy"),
    ):
        if effect == "Deny":
            return f"with an explicit deny in {where}"
    if identity is None and resource is None:
        return f"because no identity-based policy allows the {request.action} action"
    if boundary is None:
        return f"because no permissions boundary allows the {request.action} action"
    if session is None:
        return f"because no session policy allows the {request.action} action"
    return None


def evaluate(documents: Iterable[Document], request: Request, principal: Principal | None = None) -> Effect:
    """Return what policies say together: Deny over Allow over nothing. `principal`: match Principal too."""
    effect: Effect = None
    for document in documents:
        for statement in _listed(document.get("Statement")):
            if not _applies(statement, request, principal):
                continue
            if statement.get("Effect") == "Deny":
                return "Deny"
            effect = "Allow"
    return effect


def _applies(statement: Mapping[str, Any], request: Request, principal: Principal | None) -> bool:
    if principal is not None and not _principal_matches(statement, principal):
        return False
    if "Action" in statement:
        if not _any_action(statement["Action"], request.action):
            return False
    elif _any_action(statement.get("NotAction"), request.action):
        return False
    if "Resource" in statement:
        if not _any_resource(statement["Resource"], request):
            return False
    elif "NotResource" in statement and _any_resource(statement["NotResource"], request):
        return False
    return _conditions_hold(statement.get("Condition", {}), request.context)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _any_action(patterns: Any, action: str) -> bool:
    return any(_glob(str(pattern).lower()).fullmatch(action.lower()) for pattern in _listed(patterns))


def _any_resource(patterns: Any, request: Request) -> bool:
    return any(_arn_like(str(pattern), request.resource, request.context) for pattern in _listed(patterns))


def _principal_matches(statement: Mapping[str, Any], principal: Principal) -> bool:
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], principal)
    return _names(statement.get("Principal"), principal)


def _names(element: Any, principal: Principal) -> bool:
    if element == "*":
        return True
    if not isinstance(element, Mapping):
        return False
    if principal.service is not None and principal.service in _listed(element.get("Service")):
        return True
    for named in _listed(element.get("AWS")):
        if named == "*" or named in principal.arns:
            return True
        if principal.account is not None and named in (
            principal.account,
            f"arn:aws:iam::{principal.account}:root",
        ):
            return True
    return False


# Patterns


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


_VARIABLE = re.compile(r"\$\{([^}]*)\}")
# Stand for characters that must not act as wildcards once a variable is filled in.
_LITERAL = {"*": "\x00", "?": "\x01"}


def _filled(pattern: str, context: Mapping[str, Any]) -> str | None:
    """A pattern with its policy variables filled in, or None when one has no value: it matches nothing."""
    if "${" not in pattern:
        return pattern
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = found[1].partition(",")
        if name in ("*", "?", "$"):
            return _LITERAL.get(name, name)
        known = _lookup(context, name.strip())
        text = str(known) if known is not None else default.strip().strip("'")
        missing = missing or not text
        return text.replace("*", _LITERAL["*"]).replace("?", _LITERAL["?"])

    text = _VARIABLE.sub(value, pattern)
    return None if missing else text


def _matches(pattern: str, text: str, context: Mapping[str, Any]) -> bool:
    filled = _filled(pattern, context)
    if filled is None:
        return False
    for wild, literal in _LITERAL.items():
        text = text.replace(wild, literal) if literal in filled else text
    return _glob(filled).fullmatch(text) is not None


def _arn_like(pattern: str, arn: str, context: Mapping[str, Any]) -> bool:
    """Match an ARN part by part: a wildcard does not reach over the first five colons."""
    if pattern == "*":
        return True
    filled = _filled(pattern, context)
    if filled is None:
        return False
    patterns, parts = filled.split(":", 5), arn.split(":", 5)
    if len(patterns) != 6 or len(parts) != 6:
        return False
    return all(_matches(each, part, context) for each, part in zip(patterns, parts, strict=True))


# Conditions


def _lookup(context: Mapping[str, Any], key: str) -> Any:
    if key in context:
        return context[key]
    lowered = key.lower()
    return next((value for name, value in context.items() if name.lower() == lowered), None)


def _conditions_hold(block: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    return all(
        _condition_holds(operator, _lookup(context, key), [str(v) for v in _listed(_plain(wanted))], context)
        for operator, pairs in block.items()
        for key, wanted in pairs.items()
    )


def _plain(value: Any) -> Any:
    """JSON's booleans as IAM writes them."""
    if isinstance(value, bool):
        return str(value).lower()
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _condition_holds(operator: str, actual: Any, wanted: list[str], context: Mapping[str, Any]) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (actual is None) == (wanted == ["true"])
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    test, negated = _OPERATORS.get(name, (None, False))
    if test is None or quantifier not in ("", "ForAnyValue", "ForAllValues"):
        raise AwsError(
            "NotImplemented", f"IAM condition operator {operator} is not part of the local AWS", 501
        )
    if actual is None:
        if quantifier == "ForAllValues":
            return True
        return if_exists or (negated and quantifier == "")
    actuals = [str(_plain(each)) for each in _listed(actual)]

    def holds(value: str) -> bool:
        found = any(test(value, each, context) for each in wanted)
        return not found if negated else found

    if quantifier == "ForAnyValue":
        return any(map(holds, actuals))
    return all(map(holds, actuals))


_Test = Callable[[str, str, Mapping[str, Any]], bool]


def _equal(actual: str, wanted: str, context: Mapping[str, Any]) -> bool:
    filled = _filled(wanted, context)
    if filled is None:
        return False
    for wild, literal in _LITERAL.items():
        filled = filled.replace(literal, wild)
    return actual == filled


def _equal_ignoring_case(actual: str, wanted: str, context: Mapping[str, Any]) -> bool:
    return _equal(actual.lower(), wanted.lower(), context)


def _like(actual: str, wanted: str, context: Mapping[str, Any]) -> bool:
    return _matches(wanted, actual, context)


def _arn(actual: str, wanted: str, context: Mapping[str, Any]) -> bool:
    return _arn_like(wanted, actual, context)


def _in_network(actual: str, wanted: str, _: Mapping[str, Any]) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _number(compare: Callable[[float, float], bool]) -> _Test:
    def test(actual: str, wanted: str, _: Mapping[str, Any]) -> bool:
        try:
            return compare(float(actual), float(wanted))
        except ValueError:
            return False

    return test


def _instant(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _date(compare: Callable[[float, float], bool]) -> _Test:
    def test(actual: str, wanted: str, _: Mapping[str, Any]) -> bool:
        try:
            return compare(_instant(actual), _instant(wanted))
        except ValueError:
            return False

    return test


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanEquals": lambda a, b: a >= b,
}

# Name -> the test of one value against one wanted value, and whether the operator says "not".
_OPERATORS: dict[str, tuple[_Test, bool]] = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_equal_ignoring_case, True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "ArnEquals": (_arn, False),
    "ArnNotEquals": (_arn, True),
    "ArnLike": (_arn, False),
    "ArnNotLike": (_arn, True),
    "Bool": (_equal_ignoring_case, False),
    "IpAddress": (_in_network, False),
    "NotIpAddress": (_in_network, True),
    **{f"Numeric{name}": (_number(compare), False) for name, compare in _COMPARISONS.items()},
    "NumericNotEquals": (_number(_COMPARISONS["Equals"]), True),
    **{f"Date{name}": (_date(compare), False) for name, compare in _COMPARISONS.items()},
    "DateNotEquals": (_date(_COMPARISONS["Equals"]), True),
}
