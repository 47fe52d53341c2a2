"""Where the drift monitor of an environment keeps what it found: in its account, or on the served local AWS."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from corral.audit.deployed import NotDeployedError

if TYPE_CHECKING:
    from corral.spec.load import Environment


def monitor_table(root: Path, environment: "Environment", local: bool) -> tuple[Any, str]:
    """Return a DynamoDB client and the table's name. Raises NotDeployedError, whose text says what to do."""
    spec = environment.platform
    table = f"corral-{spec.environment}-drift"
    if local:
        from corral.local.session import Session, find

        deployed = find(root, spec.environment)
        if deployed is None:
            raise NotDeployedError(
                f"no local AWS is served for {spec.environment}: run corral up {spec.environment} --local --serve first"
            )
        return Session(deployed.at).client("dynamodb"), table
    try:
        session = boto3.Session(region_name=spec.region)
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise NotDeployedError(
            f"no credentials for account {spec.account}: {error}. For the local AWS add --local."
        ) from error
    if account != spec.account:
        raise NotDeployedError(
            f"these are credentials of account {account}, and {spec.environment} is in account {spec.account}"
        )
    return session.client("dynamodb"), table
