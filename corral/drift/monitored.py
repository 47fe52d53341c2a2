"""Where the drift monitor of an environment keeps what it found: in its account, or on the served local AWS."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from corral.audit.deployed import NotDeployedError, account_session

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
    session = account_session(environment, "For the local AWS add --local.")
    return session.client("dynamodb"), table
