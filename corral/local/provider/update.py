"""Changes a resource in place, by running its create handler with some calls replaced."""

from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.create import create
from corral.local.provider.kind import Change, Kind, Values


class _Changing(Calls):
    """Calls of which those that would make the resource anew change it instead."""

    def __init__(self, calls: Calls, kind: Kind, change: Change) -> None:
        self.__dict__.update(calls.__dict__)
        self._calls, self._kind, self._change = calls, kind, change

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        rewrite = self._kind.rewrites.get((service, operation))
        if rewrite is None:
            return self._calls(service, operation, **parameters)
        return rewrite(self._calls, parameters, self._change)


def update(calls: Calls, kind: Kind, token: str, name: str, urn: str, change: Change) -> dict[str, Any]:
    """Change one resource and return its outputs. EngineError for what AWS refuses."""
    values = {**_defaults(kind, change), **change.new}
    return create(_Changing(calls, kind, change), token, name, urn, values)[1]


def _defaults(kind: Kind, change: Change) -> Values:
    """Return AWS's defaults for the inputs that are no longer given: not to say them would change nothing."""
    return {
        key: default
        for key, default in kind.defaults.items()
        if change.gone(key) and not (isinstance(default, list) and isinstance(default[0], dict))
    }
