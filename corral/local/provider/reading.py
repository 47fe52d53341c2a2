"""What the readers of several types share: AWS's spelling to Pulumi's."""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError


def tag_map(pairs: Iterable[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Return AWS's list of pairs as Pulumi's map, without the tags that AWS itself sets."""
    return {pair[key]: pair.get(value, "") for pair in pairs or () if not pair[key].startswith("aws:")}


def lower_first(value: Any, **names: str) -> Any:
    """Turn the keys of nested objects from PascalCase to camelCase; `names` has those spelt otherwise."""
    if isinstance(value, dict):
        return {
            names.get(key, key[:1].lower() + key[1:]): lower_first(element, **names)
            for key, element in value.items()
        }
    if isinstance(value, list):
        return [lower_first(element, **names) for element in value]
    return value


def unless_unset(calls: Calls, unset: str, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    """Make a call; {} when AWS answers with the error code `unset`, that there is no such setting."""
    try:
        return calls(service, operation, **parameters)
    except EngineError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and cause.response.get("Error", {}).get("Code") == unset:
            return {}
        raise


def as_given(given: Any, *forms: Any) -> Any:
    """Return the form of a value that the program uses, such as a key's id or its ARN; else the first."""
    return given if given in forms else forms[0]


def from_string(shown: str | None, default: Any) -> Any:
    """Turn an attribute of SNS or SQS into a value of its default's type; without one, it has the default."""
    if shown is None:
        return default
    if isinstance(default, bool):
        return shown.lower() == "true"
    return int(shown) if isinstance(default, int) else shown
