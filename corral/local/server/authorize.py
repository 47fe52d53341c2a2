"""May this caller do this? Applied to every call of a role, as IAM would on AWS.

The account's administrator passes, except where a resource's own policy denies him too. Users made later are
judged by their policies as roles are. `needs.py` says which actions and resources a request is about.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from corral.local.server import iam
from corral.local.server.core import AwsError, Call, Caller, LocalAws
from corral.local.server.identity import ADMINISTRATOR
from corral.local.server.needs import needs_of
from corral.local.server.needs_deploy import deployment_needs


def check(call: Call) -> None:
    """Raise AwsError AccessDeniedException when the caller may not make this call."""
    with call.aws.moto_lock:
        needs = None if _is_administrator(call.caller) else deployment_needs(call)
        for need in needs_of(call) if needs is None else needs:
            call.aws.authorize(call.caller, need.action, need.resource, need.resource_policy, need.context)


def assumable(aws: LocalAws, role_arn: str, service: str, source_arn: str) -> bool:
    """Whether a role exists and its trust policy lets a service of AWS take it for one of its resources."""
    with aws.moto_lock:
        roles = iam_backends[aws.account]["aws"].roles.values()
        role = next((each for each in roles if each.arn == role_arn), None)
        trust = iam.parse(role.assume_role_policy_document) if role is not None else {}
    context = {"aws:SourceAccount": aws.account, "aws:SourceArn": source_arn}
    request = iam.Request("sts:AssumeRole", role_arn, context)
    return iam.evaluate([trust], request, iam.Principal(service=service)) == "Allow"


def authorizer(aws: LocalAws) -> Callable[..., None]:
    """Return the account's `authorize` (core.Authorize)."""

    def authorize(
        caller: Caller,
        action: str,
        resource_arn: str,
        resource_policy: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        with aws.moto_lock:
            reason = _denial(aws, caller, action, resource_arn, resource_policy, context or {})
        if reason is not None:
            asked = f"{action} on resource: {resource_arn}"
            message = f"User: {caller.arn} is not authorized to perform: {asked} {reason}"
            raise AwsError("AccessDeniedException", message, 403)

    return authorize


def _denial(
    aws: LocalAws,
    caller: Caller,
    action: str,
    resource: str,
    resource_policy: str | None,
    context: Mapping[str, Any],
) -> str | None:
    principal = _principal(caller)
    request = iam.Request(action, resource, _context(aws, caller, principal) | dict(context))
    document = iam.parse(resource_policy) if resource_policy else None
    if _is_administrator(caller):
        if document is not None and iam.evaluate([document], request, principal) == "Deny":
            return "with an explicit deny in a resource-based policy"
        return None
    policies = _policies(caller)
    if policies is None:
        return f"because {caller.role_arn or caller.arn} does not exist"
    # An account named in a resource policy leaves the decision to its identities' own policies.
    named = iam.Principal(principal.arns)
    if document is not None and iam.evaluate([document], request, principal) == "Deny":
        return "with an explicit deny in a resource-based policy"
    return iam.denial(request, policies, document, named)


def _is_administrator(caller: Caller) -> bool:
    return caller.role_arn is None and caller.arn.endswith(f":user/{ADMINISTRATOR}")


def _principal(caller: Caller) -> iam.Principal:
    arns = (caller.arn,) if caller.role_arn is None else (caller.arn, caller.role_arn)
    return iam.Principal(arns, caller.account)


def _context(aws: LocalAws, caller: Caller, principal: iam.Principal) -> dict[str, Any]:
    """The global condition keys every request has. Loopback counts as TLS: nothing leaves the machine."""
    context: dict[str, Any] = {
        "aws:CurrentTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(time.time())),
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalArn": principal.arns[-1],
        "aws:PrincipalType": "User" if caller.role_arn is None else "AssumedRole",
        "aws:PrincipalIsAWSService": "false",
        "aws:RequestedRegion": aws.region,
        "aws:ResourceAccount": aws.account,
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
        "aws:ViaAWSService": "false",
    }
    if caller.role_arn is None:
        context["aws:username"] = caller.arn.rpartition("/")[2]
    role = _role(caller)
    if role is not None:
        context["aws:userid"] = f"{role.id}:{caller.arn.rpartition('/')[2]}"
        context |= {f"aws:PrincipalTag/{tag['Key']}": tag["Value"] for tag in role.tags or ()}
    return context


def _role(caller: Caller) -> Any:
    if caller.role_arn is None:
        return None
    name = caller.role_arn.rpartition("/")[2]
    roles = iam_backends[caller.account]["aws"].roles.values()
    return next((role for role in roles if role.name == name and role.arn == caller.role_arn), None)


def _policies(caller: Caller) -> iam.Policies | None:
    """All policies on a caller, or None when it does not exist."""
    backend = iam_backends[caller.account]["aws"]
    if caller.role_arn is None:
        user = backend.users.get(caller.arn.rpartition("/")[2])
        if user is None:
            return None
        groups = [group for group in backend.groups.values() if user in group.users]
        documents = [document for holder in (user, *groups) for document in _documents(holder)]
        return iam.Policies(tuple(documents))
    role = _role(caller)
    if role is None:
        return None
    boundary = role.permissions_boundary_arn
    session = sts_backends[caller.account]["aws"].get_assumed_role_from_access_key(caller.access_key_id)
    return iam.Policies(
        tuple(_documents(role)),
        # A boundary that is not there allows nothing, as on AWS.
        _managed(backend, boundary) if boundary else None,
        iam.parse(session.policy) if session is not None and session.policy else None,
    )


def _documents(holder: Any) -> Iterable[iam.Document]:
    """Inline and attached policies of a role, user or group of moto's."""
    for text in holder.policies.values():
        yield iam.parse(text)
    for policy in holder.managed_policies.values():
        yield iam.parse(_default_version(policy))


def _managed(backend: Any, arn: str) -> iam.Document:
    policy = backend.managed_policies.get(arn)
    return iam.parse(_default_version(policy)) if policy is not None else {}


def _default_version(policy: Any) -> str:
    return next(
        str(each.document) for each in policy.versions if each.version_id == policy.default_version_id
    )
