"""Errors as callers see them: a status, a code for programs, a message for people, nothing of the inside."""

from typing import Any


class ApiError(Exception):
    """A request that is refused, or that cannot be answered.

    `retry_after` is in seconds: the same request may do better then. `acted` says that an agent may have done
    something before it came to this: sending it again may do that twice.
    """

    def __init__(
        self, status: int, code: str, message: str, *, retry_after: int | None = None, acted: bool = False
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.acted = acted

    @property
    def body(self) -> dict[str, Any]:
        """The error as it is sent."""
        return {"error": {"code": self.code, "message": self.message}}
