"""A client of the override function: suspends, resumes and lists, on the served local AWS or in an account."""

import getpass
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from corral.signed import RefusedError, ask
from corral.spec.names import ENDPOINT, operator_role_name, override_function_name, role_path
from corral.spec.platform import Platform


class NoDeskError(Exception):
    """Nobody can be asked: no such platform, or no credentials for it. The text says what to do."""


class OverrideError(RefusedError):
    """The override function said no."""


@dataclass(frozen=True)
class Override:
    """What is in force: `scope` as the table has it, `name` as people do. `at` is a UTC time, `by` an ARN."""

    scope: str
    mode: str
    reason: str
    by: str
    at: str
    id: str
    name: str = ""


@dataclass(frozen=True)
class Desk:
    """Where overrides are asked for, and as whom."""

    url: str
    credentials: Credentials
    region: str

    def listed(self) -> list[Override]:
        """What is in force now, of all that the caller may see. Raises OverrideError."""
        return _listed(ask("GET", self._address, self.credentials, self.region, None, OverrideError))

    def put(self, scope: str, mode: str, reason: str, lifts: str | None = None) -> list[Override]:
        """Put a mode above a scope, in place of the stricter one `lifts`; what is in force. Raises OverrideError."""
        body = {"scope": scope, "mode": mode, "reason": reason} | ({"lifts": lifts} if lifts else {})
        return _listed(ask("POST", self._address, self.credentials, self.region, body, OverrideError))

    @property
    def _address(self) -> str:
        return f"{self.url.rstrip('/')}/v1/overrides"


def local_desk(root: Path, environment: str, team: str | None) -> Desk:
    """The desk on this project's served local AWS, as an operator of a team or of the platform. Raises NoDeskError."""
    from corral.local import pulumi_project
    from corral.local.session import LocalAwsError, Session, find

    deployed = find(root, environment)
    if deployed is None:
        raise NoDeskError(
            f"no local AWS is served for {environment}: run corral up {environment} --local --serve first"
        )

    def outputs(of: str) -> dict[str, Any]:
        # Served empty, it has what came through Pulumi's own engine.
        stack = f"{environment}.{of}" if of else environment
        return deployed.outputs.get(of) or pulumi_project.outputs(root, stack)

    try:
        url = outputs("").get("override_url")
        role = outputs(team or "").get("operator_role_arn") if url else None
        if not url or not role:
            raise NoDeskError(
                f"{environment} on the local AWS has no operators of {f'team {team}' if team else 'the platform'}: "
                f"{'deploy the team' if team else 'name them as operators in platform.yaml, and deploy it'}"
            )
        keys = Session(deployed.at).credentials_for(str(role), _session_name(getpass.getuser()))
    except LocalAwsError as error:
        raise NoDeskError(str(error)) from error
    return Desk(str(url), keys, deployed.at.region)


def account_desk(platform: Platform, team: str | None) -> Desk:
    """The desk in the platform's account. Raises NoDeskError.

    The shell's credentials are those of an operators' role, or may take one: of the team, else of the platform.
    """
    try:
        session = boto3.Session(region_name=platform.region)
        caller = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise NoDeskError(
            f"no credentials for account {platform.account}: {error}. For the local AWS add --local."
        ) from error
    if caller["Account"] != platform.account:
        raise NoDeskError(
            f"these are credentials of account {caller['Account']}, and {platform.environment} is in account "
            f"{platform.account}"
        )
    session = _as_operator(session, str(caller["Arn"]), platform, team)
    try:
        url = session.client("lambda").get_function_url_config(
            FunctionName=override_function_name(platform.environment), Qualifier=ENDPOINT
        )["FunctionUrl"]
    except (BotoCoreError, ClientError) as error:
        raise NoDeskError(
            f"the override function of {platform.environment} cannot be found: {error}"
        ) from error
    return Desk(str(url), session.get_credentials(), platform.region)


def _as_operator(session: boto3.Session, caller: str, platform: Platform, team: str | None) -> boto3.Session:
    """The session itself if it is an operator's already; else one of the first role that may be taken."""
    owners = [team, None] if team else [None]
    names = [operator_role_name(platform.environment, owner) for owner in owners]
    if any(f":assumed-role/{name}/" in caller for name in names):
        return session
    partition, refusals = caller.split(":")[1], []
    for owner, name in zip(owners, names, strict=True):
        path = role_path(platform.environment, owner or "platform")
        role = f"arn:{partition}:iam::{platform.account}:role{path}{name}"
        try:
            keys = session.client("sts").assume_role(
                RoleArn=role, RoleSessionName=_session_name(caller.rpartition("/")[2])
            )["Credentials"]
        except (BotoCoreError, ClientError) as error:
            refusals.append(f"{role}: {error}")
            continue
        return boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=platform.region
        )
    raise NoDeskError("\n".join([f"{caller} may take no operators' role:", *refusals]))


def _session_name(name: str) -> str:
    """A name as STS takes it for a session: who it is of is on record with what they do."""
    return (re.sub(r"[^\w+=,.@-]+", "-", name, flags=re.ASCII) or "operator")[:64].ljust(2, "-")


def _listed(answer: dict[str, Any]) -> list[Override]:
    return [Override(**each) for each in answer["overrides"]]
