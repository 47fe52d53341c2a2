"""Tells a call that failed before anything was done from one that left the work half done."""

from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError

_QUESTIONS = ("describe_", "get_", "head_", "list_")


class Attempt(Calls):
    """Calls that remember whether one of them has changed something (`begun`).

    With `to_the_end`, a failure after that is kept (`failure`) and later calls are not made, but answered with
    nothing: the create handler comes to its end, where it says the id of the resource that now exists.
    """

    def __init__(self, calls: Calls, *, to_the_end: bool = False) -> None:
        self.__dict__.update(calls.__dict__)
        self._calls, self._to_the_end = calls, to_the_end
        self.begun = False
        self.failure: EngineError | None = None

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make one call, unless an earlier one has failed."""
        if self.failure is not None:
            return {}
        try:
            answer = self._calls(service, operation, **parameters)
        except EngineError as error:
            if not (self.begun and self._to_the_end):
                raise
            self.failure = error
            return {}
        self.begun = self.begun or not operation.startswith(_QUESTIONS)
        return answer
