"""What a handler works with: the calls it may make, and the resource it makes them for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.inputs import Inputs
from corral.local.engine.model import EngineError
from corral.local.engine.names import automatic_name

Created = tuple[str, dict[str, Any]]  # the physical id and the outputs the program may read


@dataclass(frozen=True)
class Context:
    """The one resource a handler creates. `name` and `urn` are the logical ones."""

    calls: Calls
    name: str
    urn: str
    inputs: Inputs

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make one AWS call; parameters that are None are left out. The inputs must be closed by then."""
        if not self.inputs.closed:
            raise AssertionError("a handler closes its inputs before its first call")
        return self.calls(service, operation, **parameters)

    def name_of(self, key: str = "name", limit: int | None = None) -> str:
        """Take the physical name, or make one from `namePrefix` or the logical name."""
        given = self.inputs.take(key)
        prefix = self.inputs.take(f"{key}Prefix")
        if given is not None and prefix is not None:
            raise EngineError(f"{key} and {key}Prefix exclude each other")
        return given if given is not None else automatic_name(self.name, self.urn, limit, prefix)


Handler = Callable[[Inputs, Context], Created]
