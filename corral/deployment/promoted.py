"""Whether the promotions in the files are the platform's own: one that was written by hand is deployed by nobody."""

from collections.abc import Callable, Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from corral.deployment.rights import RightsError
from corral.spec.load import Environment

_NO_SUCH_TABLE = "ResourceNotFoundException"

Known = dict[str, dict[str, Any]]  # by team and first name of the agent: stage, digest, at, by


def check_promotions(
    environment: Environment, teams: Sequence[str], known: Callable[[Environment], Known] | None = None
) -> None:
    """Compare what teams' agents rest on with what the platform keeps, which `known` reads.

    Raises RightsError with all that is not there.
    """
    wanted = [
        agent for team in teams for agent in environment.agents[team].values() if agent.stage != "experiment"
    ]
    if not wanted:
        return
    there = (known or read)(environment)
    problems = []
    for agent in wanted:
        name = f"{agent.team}/{agent.key}"
        file, kept = environment.promotions[name], there.get(name)
        if kept is None or kept["digest"] != file.digest:
            has = (
                "has no promotion of it"
                if kept is None
                else f"keeps another one, to {kept['stage']} by {kept['by']}"
            )
            problems.append(
                f"{agent.team}/{agent.name} is at {agent.stage} by {file.file_name}, and the platform {has}. "
                f"Write stage: experiment, and remove that file; then corral promote {agent.environment} "
                f"{agent.team}/{agent.name}."
            )
    if problems:
        raise RightsError("\n".join(problems))


def read(environment: Environment) -> Known:
    """Read what the platform keeps, with the shell's credentials. Raises RightsError."""
    spec = environment.platform
    try:
        item = (
            boto3.Session(region_name=spec.region)
            .client("dynamodb")
            .get_item(
                TableName=f"corral-{spec.environment}-versions",
                Key={"of": {"S": "promoted"}},
                ConsistentRead=True,
            )
            .get("Item", {})
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == _NO_SUCH_TABLE:
            return {}  # the platform is yet to be deployed
        raise _unread(error) from error
    except BotoCoreError as error:
        raise _unread(error) from error
    entries = {name: each["M"] for name, each in item.items() if "M" in each}
    return {name: {key: value["S"] for key, value in each.items()} for name, each in entries.items()}


def _unread(error: Exception) -> RightsError:
    return RightsError(
        f"the promotions that the platform keeps cannot be read ({error}): sign in, and run this again"
    )
