"""Creates any resource: finds the way its type is made, and keeps the promise that no input is lost."""

from typing import Any

from corral.local.engine import native, schemas
from corral.local.engine.aws import HANDLERS
from corral.local.engine.calls import Calls
from corral.local.engine.context import Context, Created
from corral.local.engine.inputs import Inputs
from corral.local.engine.model import EngineError

_PROVIDERS = ("pulumi:providers:aws", "pulumi:providers:aws-native")


def create(calls: Calls, token: str, name: str, urn: str, values: dict[str, Any]) -> Created:
    """Create one resource; returns its id and outputs.

    Raises EngineError for a type without a handler, an input its handler does not know, and what AWS refuses.
    """
    if token in _PROVIDERS:
        return _provider(calls, name, values)
    if token.startswith("aws-native:"):
        return native.create(calls, token, name, urn, values)
    handler = HANDLERS.get(token)
    if handler is None:
        raise EngineError(f"the local engine has no handler for type {token}")
    inputs = Inputs(values)
    inputs.fixed("region", calls.region)
    created = handler(inputs, Context(calls, name, urn, inputs))
    if not inputs.closed:
        raise AssertionError(f"the handler of {token} never closed its inputs")
    return created


def check(calls: Calls, token: str, values: dict[str, Any]) -> None:
    """Refuse inputs whose very spelling is wrong, before rules look at them and miss what is misspelt."""
    if token.startswith("aws-native:"):
        native.to_cloudformation(schemas.find(token, calls.region)[1], values)


def _provider(calls: Calls, name: str, values: dict[str, Any]) -> Created:
    """Accept an explicit provider that says what this run does anyway; anything else would be ignored."""
    inputs = Inputs(values)
    inputs.fixed("region", calls.region)
    for about_real_accounts in ("version", "skipCredentialsValidation", "skipRegionValidation"):
        inputs.take(about_real_accounts)
    inputs.fixed("allowedAccountIds", [calls.account], f'["{calls.account}"]')
    inputs.close()
    return name, {}
