"""Puts one local AWS together: moto with our changes, store, functions, trail, and the application on top."""

from __future__ import annotations

from functools import partial
from typing import Any

from moto.moto_server.werkzeug_app import create_backend_app

from corral.local.server import authorize, identity, moto_changes, organization
from corral.local.server.app import App
from corral.local.server.cloudcontrol.store import ResourceStore
from corral.local.server.core import Credentials, LocalAws
from corral.local.server.functions import Functions
from corral.local.server.trail import CloudTrail

# Filled in below: what needs the LocalAws itself to be made.
_LATER: Any = None


def assemble(
    account: str, region: str, endpoint: str, member_of: tuple[str, str] | None = None
) -> tuple[LocalAws, App, tuple[str, str]]:
    """Return a local AWS, its application, and the administrator's key id and secret.

    `member_of` is the id and the management account of the organization that the account is in.
    """
    moto_changes.apply(endpoint)
    if member_of is not None:
        organization.found(account, region, *member_of)
    administrator = identity.create_administrator(account, region)
    aws = LocalAws(
        account=account,
        region=region,
        endpoint=endpoint,
        store=_LATER,
        functions=_LATER,
        trail=_LATER,
        authorize=_LATER,
        assume_role=_LATER,
        perform=_LATER,
    )
    aws.store = ResourceStore(aws)
    aws.functions = Functions(aws)
    aws.trail = CloudTrail(aws)
    aws.authorize = authorize.authorizer(aws)
    aws.assume_role = partial(_assume_role, aws)
    app = App(aws, moto_changes.MotoApplication(create_backend_app))
    return aws, app, administrator


def _assume_role(aws: LocalAws, role_arn: str, session_name: str) -> Credentials:
    with aws.moto_lock:
        return identity.assume_role(aws.account, aws.region, role_arn, session_name)
