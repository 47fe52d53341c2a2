"""The organization that the account is in, when one is asked for, in moto's Organizations.

CloudTrail asks it for an organization's trail: the management account owns the trail, whoever makes it, and files
lie under the organization's id. Of its members there is this account alone, so the trail has no other's records.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from moto.cloudtrail.models import Trail
from moto.core.exceptions import JsonRESTError

if TYPE_CHECKING:
    from moto.organizations.models import FakeOrganization

_PARTITION = "aws"


def found(account: str, region: str, organization_id: str, management_account: str) -> None:
    """Put an account into a new organization, as the management account or as a member."""
    backends = _backends()
    backend = backends[management_account][_PARTITION]
    backend.create_organization(region)
    assert backend.org is not None
    backend.org.id = organization_id
    if account != management_account:
        backends.master_accounts[account] = (management_account, _PARTITION)


def of(account: str) -> FakeOrganization | None:
    """Return the organization of an account."""
    backends = _backends()
    management, partition = backends.master_accounts.get(account, (account, _PARTITION))
    organization: FakeOrganization | None = backends[management][partition].org
    return organization


def _backends() -> Any:
    """moto's Organizations, imported on first use: few ask for it, and it takes a while."""
    from moto.organizations.models import organizations_backends

    return organizations_backends


def trail_folder(trail: Trail) -> str:
    """Return where in its bucket a trail's files of this account lie, up to the folder of their kind."""
    start = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    organization = f"{_needed(trail).id}/" if trail.is_org_trail else ""
    return f"{start}AWSLogs/{organization}{trail.account_id}/"


def owned(stock: property) -> property:
    """Let the ARN of an organization's trail name its management account; moto knows no owner but the maker."""
    getter: Callable[[Trail], str] = stock.fget  # type: ignore[assignment]

    def arn(self: Trail) -> str:
        own = getter(self)
        organization = of(self.account_id) if self.is_org_trail else None
        return own if organization is None else own.replace(self.account_id, organization.master_account_id)

    return property(arn)


def _needed(trail: Trail) -> FakeOrganization:
    organization = of(trail.account_id)
    if organization is None:
        message = (
            f"The request could not be completed because account {trail.account_id} is in no organization."
        )
        raise JsonRESTError("OrganizationsNotInUseException", message)
    return organization
