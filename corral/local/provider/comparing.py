"""When two values of an input mean the same to AWS, however they are written."""

import json
from collections.abc import Mapping
from typing import Any

from corral.local.provider.values import DEFAULTS

# Inputs that are JSON in a string: how it is spaced and the order of its keys do not matter.
_DOCUMENTS = frozenset(
    {
        *("assumeRolePolicy", "deliveryPolicy", "filterPolicy", "item", "policy"),
        *("redriveAllowPolicy", "redrivePolicy"),
    }
)
# Lists whose order AWS does not keep.
_UNORDERED = frozenset(
    {
        *("allowHeaders", "allowMethods", "allowOrigins", "architectures", "attributes", "exposeHeaders"),
        *("globalSecondaryIndexes", "inlinePolicies", "localSecondaryIndexes", "managedPolicyArns"),
        *("nonKeyAttributes", "securityGroupIds", "subnetIds", "versionStages"),
    }
)
NOTHING: tuple[Any, ...] = (None, "", [], {})


def same(key: str, one: Any, other: Any, default: Any = None) -> bool:
    """Whether two values of the input `key` mean the same; nothing at all means AWS's default."""
    return bool(_canonical(key, one, default) == _canonical(key, other, default))


def changed(
    before: Mapping[str, Any], known: Mapping[str, Any], after: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, str]:
    """Return each input that differs in meaning, and how: `add`, `delete` or `update`.

    An input that was not given before had the value that the resource's outputs say (`known`), or AWS's
    default; one that is no longer given is to have the default.
    """
    result = {}
    for key in sorted((before.keys() | after.keys()) - {DEFAULTS}):
        default = defaults.get(key)
        old = before[key] if key in before else known.get(key, default)
        if not same(key, old, after.get(key, default), default):
            result[key] = "add" if key not in before else "delete" if key not in after else "update"
    return result


def pruned(value: Any, default: Any) -> Any:
    """Leave out of a value what AWS sets anyway; None when nothing is left."""
    return None if value in NOTHING or _equal(value, default) else _pruned(value, default)


def _pruned(value: Any, default: Any) -> Any:
    if isinstance(value, dict):
        usual = default if isinstance(default, Mapping) else {}
        kept = {
            key: _pruned(element, usual.get(key))
            for key, element in value.items()
            if element is not None and not _equal(element, usual.get(key))
        }
        # A name without a value is a setting that is not made; "" may be one: a tag's, a variable's.
        return {key: element for key, element in kept.items() if element not in (None, [], {})} or None
    if isinstance(value, list):
        each = default[0] if isinstance(default, list) and default else None
        return [_pruned(element, each) or {} if isinstance(element, dict) else element for element in value]
    return value


def _equal(value: Any, default: Any) -> bool:
    return value == default and isinstance(value, bool) == isinstance(default, bool)


def _canonical(key: str, value: Any, default: Any) -> Any:
    if key in _DOCUMENTS and _ordered(key, value) == _ordered(key, default):
        return None
    return _ordered(key, pruned(value, default))


def _ordered(key: str, value: Any) -> Any:
    if isinstance(value, str) and key in _DOCUMENTS:
        return _document(value)
    if isinstance(value, dict):
        return {name: _ordered(name, element) for name, element in value.items()}
    if isinstance(value, list):
        elements = [_ordered("", element) for element in value]
        return sorted(elements, key=repr) if key in _UNORDERED else elements
    return value


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
