"""Which platform is asked about: the one on the served local AWS, or the one in an account."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from corral.audit.athena import Lake
from corral.spec.names import audit_database, audit_workgroup

if TYPE_CHECKING:
    from corral.local.session import Deployed, Session
    from corral.spec.load import Environment


class NotDeployedError(Exception):
    """The platform, or what is known of it, is not there. The text says what to do."""


@dataclass(frozen=True)
class Platform:
    """A deployed platform's records, and its stack's outputs where they are known."""

    lake: Lake
    outputs: Mapping[str, Any] = field(default_factory=dict)


def usual_values(environment: "Environment") -> dict[str, str]:
    """Return what queries are told of an environment: its name, the catalogue, who is granted what."""
    agents = [agent for team in environment.agents.values() for agent in team.values()]
    return {
        "environment": environment.platform.environment,
        "tools": ",".join(sorted(environment.tools)),
        "grants": ",".join(sorted(f"{a.team}/{a.name}:{tool}" for a in agents for tool in a.tools)),
    }


def local_platform(root: Path, name: str) -> Platform:
    """Return the platform on this project's served local AWS, as its auditor sees it. Raises NotDeployedError."""
    from corral.local import pulumi_project
    from corral.local.session import LocalAwsError, Session

    deployed = _served(root, name)
    session = Session(deployed.at)
    try:
        # Served empty, it has what came through Pulumi's own engine.
        outputs = deployed.outputs.get("") or pulumi_project.outputs(root, name)
        if "audit_workgroup" not in outputs:
            raise NotDeployedError(f"the platform {name} is not deployed on the local AWS that is served")
        role = outputs.get("auditor_role_arn")
        keys = session.credentials_for(role, "audit") if role else deployed.at.administrator
        session.flush()  # what AWS would deliver in minutes
    except LocalAwsError as error:
        raise NotDeployedError(str(error)) from error
    borrowed = boto3.Session(keys.access_key, keys.secret_key, keys.token, region_name=deployed.at.region)
    return Platform(_lake(name, borrowed, deployed.at.endpoint), outputs)


def _served(root: Path, name: str) -> "Deployed":
    from corral.local.session import find

    deployed = find(root, name)
    if deployed is None:
        raise NotDeployedError(
            f"no local AWS is served for {name}: run corral up {name} --local --serve first"
        )
    return deployed


def account_platform(environment: "Environment", outputs: Mapping[str, Any] | None = None) -> Platform:
    """Return the platform in its AWS account, with the credentials of this shell. Raises NotDeployedError."""
    advice = "The auditors' role is output auditor_role_arn; for the local AWS add --local."
    session = account_session(environment, advice)
    return Platform(_lake(environment.platform.environment, session, None), outputs or {})


def account_session(environment: "Environment", advice: str) -> boto3.Session:
    """Return a session with the credentials of this shell, which are of the environment's account.

    Raises NotDeployedError; without credentials it ends with the `advice`.
    """
    spec = environment.platform
    try:
        session = boto3.Session(region_name=spec.region)
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise NotDeployedError(f"no credentials for account {spec.account}: {error}. {advice}") from error
    if account != spec.account:
        raise NotDeployedError(
            f"these are credentials of account {account}, and {spec.environment} is in account {spec.account}"
        )
    return session


def session_of(root: Path, environment: "Environment", local: bool) -> "boto3.Session | Session":
    """Return what makes clients for where an environment is: the served local AWS, or its account.

    Raises NotDeployedError.
    """
    if not local:
        return account_session(environment, "For the local AWS add --local.")
    from corral.local.session import Session

    return Session(_served(root, environment.platform.environment).at)


def read_outputs(path: Path) -> dict[str, Any]:
    """Read what `pulumi stack output --json` wrote. Raises NotDeployedError."""
    try:
        outputs = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotDeployedError(f"{path} does not hold a stack's outputs as JSON: {error}") from error
    if not isinstance(outputs, dict) or "trail_arn" not in outputs:
        raise NotDeployedError(f"{path} does not hold the outputs of a platform's stack: it has no trail_arn")
    return outputs


def stack_outputs(root: Path, name: str) -> dict[str, Any]:
    """Return the platform's outputs as the Pulumi CLI has them. Raises NotDeployedError."""
    from corral.deployment import outputs
    from corral.deployment.pulumi_cli import PulumiCli, PulumiMissingError

    hint = f"Or give the outputs: --outputs FILE, as pulumi stack output --json -s {name} prints them."
    try:
        return outputs.stack_outputs(PulumiCli(), root, name)
    except (PulumiMissingError, outputs.OutputsError) as error:
        raise NotDeployedError(f"{error} {hint}") from error


def _lake(name: str, session: boto3.Session, endpoint: str | None) -> Lake:
    return Lake(session, endpoint, audit_workgroup(name), audit_database(name))
