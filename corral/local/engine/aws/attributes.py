"""SNS and SQS take their settings as a map of strings."""

from collections.abc import Mapping

from corral.local.engine.inputs import Inputs


def as_strings(inputs: Inputs, names: Mapping[str, str]) -> dict[str, str]:
    """Take the inputs named in `names` and return them under the API's names, as strings."""
    result = {}
    for key, name in names.items():
        value = inputs.take(key)
        if value is not None:
            result[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return result
