"""A handler's inputs, each of which must be taken, so that nothing a program asked for is silently lost."""

from typing import Any, TypeVar

from corral.local.engine.model import EngineError

T = TypeVar("T")


class Inputs:
    """The inputs of one resource, or of a block within it. Keys are Pulumi's (camelCase).

    A handler takes every input it knows, then calls `close`, which refuses what was not taken. No AWS call
    can be made before that.
    """

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self._values = dict(values)
        self._path = path
        self._blocks: list[Inputs] = []
        self.closed = False

    def take(self, key: str, default: Any = None) -> Any:
        """Return an input's value as it is, or `default` when it is absent."""
        return self._values.pop(key, default)

    def need(self, key: str) -> Any:
        """Return an input that must be there; EngineError when it is not."""
        if key not in self._values:
            raise EngineError(f"{self._path}{key} is required")
        return self._values.pop(key)

    def block(self, key: str) -> "Inputs | None":
        """Return a nested object, whose own inputs must all be taken as well, or None."""
        value = self._values.pop(key, None)
        return None if value is None else self._block(value, f"{self._path}{key}")

    def blocks(self, key: str) -> "list[Inputs]":
        """Return a list of nested objects, each of whose inputs must all be taken as well."""
        values = self._values.pop(key, None) or []
        return [self._block(value, f"{self._path}{key}[{index}]") for index, value in enumerate(values)]

    def fixed(self, key: str, *allowed: Any) -> None:
        """Accept an input only with one of these values: the ones that change nothing at this endpoint."""
        if key in self._values and (value := self._values.pop(key)) not in allowed:
            expected = " or ".join(map(repr, allowed))
            raise EngineError(f"{self._path}{key} = {value!r} is not supported here, only {expected}")

    def close(self) -> None:
        """Refuse inputs that no one has taken, by name."""
        if left := self._left():
            raise EngineError(f"inputs the local engine does not know: {', '.join(sorted(left))}")
        self.closed = True

    def _block(self, value: Any, path: str) -> "Inputs":
        if not isinstance(value, dict):
            raise EngineError(f"{path} must be an object, got {type(value).__name__}")
        block = Inputs(value, f"{path}.")
        self._blocks.append(block)
        return block

    def _left(self) -> list[str]:
        left = [f"{self._path}{key}" for key in self._values]
        for block in self._blocks:
            left.extend(block._left())
        return left


def upper_first(value: Any) -> Any:
    """Turn the keys of nested plain objects from camelCase to PascalCase.

    For blocks whose spelling differs from the API's in the first letter only; whatever is not a parameter
    of the API is refused when the call is checked.
    """
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: upper_first(element) for key, element in value.items()}
    if isinstance(value, list):
        return [upper_first(element) for element in value]
    return value


def without_none(values: dict[str, T | None]) -> dict[str, T]:
    """Leave out the entries that are None."""
    return {key: value for key, value in values.items() if value is not None}
