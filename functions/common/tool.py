"""What all tools share: arguments are checked at the door, and a refusal is an answer the model can act on.

A tool that will not do what it was asked (no such domain, not configured, already refunded) returns
`{"error": {"code", "message"}}`: the message tells the model what to do instead. A fault (a table is down, a
bug) is raised, so that Lambda counts it, alarms see it and the gateway reports a failed tool call.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()

Result = dict[str, Any]


class RefusalError(Exception):
    """A tool says no. `code` is for programs, `message` for the model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Arguments:
    """A call's arguments. The gateway checked their types; lengths and ranges are ours to check."""

    def __init__(self, values: Any, accepts: tuple[str, ...]) -> None:
        if not isinstance(values, dict):
            raise RefusalError("bad_arguments", "The arguments must be an object.")
        unknown = sorted(set(values) - set(accepts))
        if unknown:
            allowed = ", ".join(accepts)
            raise RefusalError("bad_arguments", f"Unknown argument {unknown[0]!r}. Allowed: {allowed}.")
        self._values = {name: value for name, value in values.items() if value is not None}

    def text(self, name: str, *, max_length: int, default: str | None = None) -> str:
        """Return a text argument without surrounding space. An empty one counts as missing."""
        value = self._values.get(name, default)
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise RefusalError("bad_arguments", f"{name} must be a text that is not empty.")
        if len(value) > max_length:
            raise RefusalError("bad_arguments", f"{name} is longer than {max_length} characters: shorten it.")
        return value.strip()

    def texts(self, name: str, *, at_most: int, max_length: int) -> list[str]:
        """Return a list of different texts, at least one."""
        values = self._values.get(name)
        if not isinstance(values, list) or not 1 <= len(values) <= at_most:
            raise RefusalError("bad_arguments", f"{name} must be a list of 1 to {at_most} texts.")
        for value in values:
            if not isinstance(value, str) or not value.strip() or len(value) > max_length:
                raise RefusalError(
                    "bad_arguments",
                    f"{name} must hold texts of 1 to {max_length} characters, not {value!r:.80}.",
                )
        texts = [value.strip() for value in values]
        if len(set(texts)) < len(texts):
            raise RefusalError("bad_arguments", f"{name} holds the same text twice: give each once.")
        return texts

    def integer(self, name: str, *, at_least: int, at_most: int, default: int | None = None) -> int:
        """Return a whole number. 5.0 counts as 5, as JSON Schema has it; true does not count as 1."""
        value = self._values.get(name, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise RefusalError("bad_arguments", f"{name} must be a whole number.")
        if not at_least <= value <= at_most:
            raise RefusalError("bad_arguments", f"{name} must be from {at_least} to {at_most}.")
        return value


Work = Callable[[Arguments, LambdaContext], Result]
Handler = Callable[[Any, LambdaContext], Result]


def tool(*accepts: str) -> Callable[[Work], Handler]:
    """Make a Lambda handler of a tool that takes these arguments and no others."""

    def decorate(work: Work) -> Handler:
        @wraps(work)
        def handler(event: Any, context: LambdaContext) -> Result:
            try:
                result = work(Arguments(event, accepts), context)
            except RefusalError as refusal:
                # The message may repeat an argument, and arguments may be private: only the code is logged.
                logger.info("refused", extra={"code": refusal.code})
                return {"error": {"code": refusal.code, "message": refusal.message}}
            logger.info("done")
            return result

        return handler

    return decorate
