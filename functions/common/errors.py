"""Errors as callers see them: a status, a code for programs, a message for people, nothing of the inside."""


class ApiError(Exception):
    """A request that is refused, or that cannot be answered."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
