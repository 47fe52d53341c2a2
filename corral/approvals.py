"""A client of the approvals function: how people decide on the calls that wait for them (docs/approvals.md)."""

from dataclasses import dataclass
from typing import Any

from botocore.credentials import Credentials

from corral.signed import RefusedError, ask
from corral.spec.names import ENDPOINT, role_path
from corral.spec.rights import session_name

Approval = dict[str, Any]  # as the function shows it


class ApprovalsError(RefusedError):
    """The function said no, or could not be reached. `code` is its own word for why."""


@dataclass(frozen=True)
class Desk:
    """One person's place at one team's approvals: the function's URL, and credentials of the team's approver role."""

    team: str
    url: str
    region: str
    credentials: Credentials

    def waiting(self, *, every: bool = False) -> list[Approval]:
        """Return what waits for a decision, the one that ends soonest first; or all of the last week."""
        found: list[Approval] = self._send("GET", "?all=true" if every else "")["approvals"]
        return found

    def show(self, key: str) -> Approval:
        """Return one approval."""
        return self._send("GET", f"/{key}")

    def decide(self, key: str, *, approve: bool, reason: str) -> Approval:
        """Approve or deny, and return the approval as it is then."""
        body = {"reason": reason} if reason else {}
        return self._send("POST", f"/{key}/{'approve' if approve else 'deny'}", body)

    def _send(self, method: str, path: str, body: Any = None) -> Approval:
        """Send a signed request. Raises ApprovalsError."""
        url = f"{self.url.rstrip('/')}/v1/approvals{path}"
        return ask(method, url, self.credentials, self.region, body, ApprovalsError)


def person(caller_arn: str) -> str:
    """Return the name under which whoever calls AWS decides, from what sts:GetCallerIdentity says of them."""
    kind, _, rest = caller_arn.partition(":assumed-role/")
    return rest.split("/")[0] if kind != caller_arn else session_name(caller_arn)


def account_desk(session: Any, account: str, environment: str, team: str) -> Desk:
    """Take a team's approver role with what boto3 finds, and look up the function's URL with it.

    Credentials that are the role's already are used as they are. Raises ApprovalsError.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    role = f"corral-{environment}-team-{team}-approver"
    try:
        sts = session.client("sts")
        caller = str(sts.get_caller_identity()["Arn"])
        credentials = session.get_credentials()
        if f":assumed-role/{role}/" not in caller:
            partition = caller.split(":")[1]
            taken = sts.assume_role(
                RoleArn=f"arn:{partition}:iam::{account}:role{role_path(environment, team)}{role}",
                RoleSessionName=person(caller),
            )["Credentials"]
            credentials = Credentials(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"])
        as_approver = boto3.Session(
            credentials.access_key, credentials.secret_key, credentials.token, region_name=session.region_name
        )
        url = as_approver.client("lambda").get_function_url_config(
            FunctionName=f"corral-{environment}-approvals", Qualifier=ENDPOINT
        )["FunctionUrl"]
    except (BotoCoreError, ClientError) as error:
        raise ApprovalsError(
            0, "no_access", f"the approver role of team {team} cannot be used: {error}"
        ) from None
    return Desk(team, url, str(session.region_name), credentials)
