"""boto3 clients, made on first use and kept while the function is warm."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# A caller waits for every one of these functions: give up in seconds, where boto3's defaults allow minutes.
_IMPATIENT = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"total_max_attempts": 3, "mode": "standard"},
    tcp_keepalive=True,
)


@cache
def client(service: str) -> Any:
    """Return the client of an AWS service."""
    return boto3.client(service, config=_IMPATIENT)


@cache
def _dynamodb() -> Any:
    return boto3.resource("dynamodb", config=_IMPATIENT)


@cache
def table(name: str) -> Any:
    """Return a DynamoDB table, which speaks plain Python values. All tables share one client."""
    return _dynamodb().Table(name)


def error_code(error: Exception) -> str:
    """Return AWS's code of a botocore ClientError, or the exception's name."""
    response = getattr(error, "response", None)
    return str(response["Error"]["Code"]) if response else type(error).__name__
