"""Tells an error that means "there is no such thing" from every other."""

from botocore.exceptions import ClientError

from corral.local.engine.model import EngineError

_CODES = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "EntityNotFound")


def is_missing(error: EngineError) -> bool:
    """Whether AWS answered, or a lookup found, that the resource does not exist."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return any(code in str(error) for code in _CODES)
    code = cause.response.get("Error", {}).get("Code", "")
    status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == 404 or any(each in code for each in _CODES)
