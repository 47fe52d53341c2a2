"""Who deploys, as AWS knows them."""

import ipaddress
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from corral.deployment.rights import RightsError


def caller_arn(region: str) -> str:
    """Return the ARN of whoever the shell's credentials belong to. Raises RightsError when AWS does not say."""
    try:
        return str(boto3.Session(region_name=region).client("sts").get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError) as error:
        raise RightsError(
            f"platform.yaml says who may deploy, and AWS does not say who you are ({error}): "
            "sign in, and run this again"
        ) from error


def is_local(endpoint: str | None) -> bool:
    """Whether an AWS_ENDPOINT_URL is this machine's: a served local AWS, where nobody is held to anything."""
    host = urlsplit(endpoint).hostname if endpoint else None
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
