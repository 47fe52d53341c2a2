"""IAM roles and policies."""

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Old, Parameters, of, retag

_MOST_VERSIONS = 5


def _update_role(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    name: Parameters = {"RoleName": sent["RoleName"]}
    if "assumeRolePolicy" in change.changed:
        calls("iam", "update_assume_role_policy", **name, PolicyDocument=sent["AssumeRolePolicyDocument"])
    if change.changed & {"description", "maxSessionDuration"}:
        calls(
            *("iam", "update_role"),
            **name,
            Description=sent["Description"] or "",
            MaxSessionDuration=sent["MaxSessionDuration"],
        )
    if change.gone("permissionsBoundary"):
        calls("iam", "delete_role_permissions_boundary", **name)
    elif "permissionsBoundary" in change.changed:
        calls(
            *("iam", "put_role_permissions_boundary"),
            **name,
            PermissionsBoundary=sent["PermissionsBoundary"],
        )
    retag(calls, change, "iam", ("tag_role", "Tags"), ("untag_role", "TagKeys"), **name)
    return calls("iam", "get_role", **name)


def _delete_role(calls: Calls, old: Old) -> None:
    name = {"RoleName": old.id}
    for inline in old.values.get("inlinePolicies") or []:
        calls("iam", "delete_role_policy", **name, PolicyName=inline["name"])
    for arn in old.values.get("managedPolicyArns") or []:
        calls("iam", "detach_role_policy", **name, PolicyArn=arn)
    calls("iam", "delete_role", **name)


def _update_policy(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    arn: Parameters = {"PolicyArn": change.id}
    if "policy" in change.changed:
        versions = calls("iam", "list_policy_versions", **arn)["Versions"]
        others = sorted((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: v["CreateDate"])
        if len(versions) >= _MOST_VERSIONS:
            calls("iam", "delete_policy_version", **arn, VersionId=others[0]["VersionId"])
        calls(
            *("iam", "create_policy_version"),
            **arn,
            PolicyDocument=sent["PolicyDocument"],
            SetAsDefault=True,
        )
    retag(calls, change, "iam", ("tag_policy", "Tags"), ("untag_policy", "TagKeys"), **arn)
    return calls("iam", "get_policy", **arn)


def _delete_policy(calls: Calls, old: Old) -> None:
    arn = {"PolicyArn": old.id}
    for version in calls("iam", "list_policy_versions", **arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            calls("iam", "delete_policy_version", **arn, VersionId=version["VersionId"])
    calls("iam", "delete_policy", **arn)


def _inline(old: Old) -> dict[str, str]:
    return {"RoleName": old.values["role"], "PolicyName": old.values["name"]}


def _attached(old: Old) -> dict[str, str]:
    return {"RoleName": old.values["role"], "PolicyArn": old.values["policyArn"]}


def _attachment_exists(calls: Calls, old: Old) -> None:
    wanted = _attached(old)
    answer = calls("iam", "list_attached_role_policies", RoleName=wanted["RoleName"])
    if wanted["PolicyArn"] not in [policy["PolicyArn"] for policy in answer["AttachedPolicies"]]:
        raise EngineError("NoSuchEntity")


KINDS = {
    "aws:iam/role:Role": Kind(
        delete=_delete_role,
        exists=lambda calls, old: calls("iam", "get_role", RoleName=old.id),
        in_place=of(
            *("assumeRolePolicy", "description", "maxSessionDuration", "permissionsBoundary"),
            *("forceDetachPolicies", "tags"),
        ),
        rewrites={("iam", "create_role"): _update_role},
    ),
    "aws:iam/rolePolicy:RolePolicy": Kind(
        delete=lambda calls, old: calls("iam", "delete_role_policy", **_inline(old)),
        exists=lambda calls, old: calls("iam", "get_role_policy", **_inline(old)),
        in_place=of("policy"),
    ),
    "aws:iam/policy:Policy": Kind(
        delete=_delete_policy,
        exists=lambda calls, old: calls("iam", "get_policy", PolicyArn=old.id),
        in_place=of("policy", "delayAfterPolicyCreationInMs", "tags"),
        rewrites={("iam", "create_policy"): _update_policy},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Kind(
        delete=lambda calls, old: calls("iam", "detach_role_policy", **_attached(old)),
        exists=_attachment_exists,
        named=None,
    ),
}
