"""IAM roles and policies."""

import json

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, Values, of, retag
from corral.local.provider.reading import tag_map

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
    _drop_policies(calls, change, name)
    retag(calls, change, "iam", ("tag_role", "Tags"), ("untag_role", "TagKeys"), **name)
    return calls("iam", "get_role", **name)


def _drop_policies(calls: Calls, change: Change, name: Parameters) -> None:
    """Take away the policies given with the role that no longer are; the handler sets those that are."""
    if "inlinePolicies" in change.changed:
        wanted, had = (_given_names(values) for values in (change.new, change.old))
        for inline in set(_inline_names(calls, name)) & (had - wanted):
            calls("iam", "delete_role_policy", **name, PolicyName=inline)
    if "managedPolicyArns" in change.changed:
        wanted, had = (set(values.get("managedPolicyArns") or []) for values in (change.new, change.old))
        for arn in set(_attached_arns(calls, name)) & (had - wanted):
            calls("iam", "detach_role_policy", **name, PolicyArn=arn)


def _given_names(values: Values) -> set[str]:
    return {inline["name"] for inline in values.get("inlinePolicies") or []}


def _read_role(calls: Calls, old: Old) -> Live:
    name = {"RoleName": old.values["name"]}
    role = calls("iam", "get_role", **name)["Role"]
    inline = [calls("iam", "get_role_policy", **name, PolicyName=each) for each in _inline_names(calls, name)]
    inputs = {
        "name": role["RoleName"],
        "path": role["Path"],
        "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
        "description": role.get("Description"),
        "maxSessionDuration": role["MaxSessionDuration"],
        "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "inlinePolicies": [
            {"name": each["PolicyName"], "policy": json.dumps(each["PolicyDocument"])} for each in inline
        ],
        "managedPolicyArns": _attached_arns(calls, name),
        "tags": tag_map(role.get("Tags")),
    }
    outputs = {
        "arn": role["Arn"],
        "uniqueId": role["RoleId"],
        "createDate": role["CreateDate"].isoformat(),
    }
    return Live(inputs, outputs)


def _inline_names(calls: Calls, name: Parameters) -> list[str]:
    return list(calls("iam", "list_role_policies", **name)["PolicyNames"])


def _attached_arns(calls: Calls, name: Parameters) -> list[str]:
    attached = calls("iam", "list_attached_role_policies", **name)["AttachedPolicies"]
    return [policy["PolicyArn"] for policy in attached]


def _delete_role(calls: Calls, old: Old) -> None:
    name = {"RoleName": old.id}
    every = old.values.get("forceDetachPolicies")
    for inline in _inline_names(calls, name):
        if every or inline in _given_names(old.values):
            calls("iam", "delete_role_policy", **name, PolicyName=inline)
    for arn in _attached_arns(calls, name):
        if every or arn in (old.values.get("managedPolicyArns") or []):
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


def _read_policy(calls: Calls, old: Old) -> Live:
    arn = {"PolicyArn": old.id}
    policy = calls("iam", "get_policy", **arn)["Policy"]
    version = calls("iam", "get_policy_version", **arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    inputs = {
        "name": policy["PolicyName"],
        "path": policy["Path"],
        "description": policy.get("Description"),
        "policy": json.dumps(version["Document"]),
        "tags": tag_map(policy.get("Tags")),
    }
    return Live(inputs, {"arn": policy["Arn"], "policyId": policy["PolicyId"]})


def _inline(old: Old) -> dict[str, str]:
    return {"RoleName": old.values["role"], "PolicyName": old.values["name"]}


def _read_inline(calls: Calls, old: Old) -> Live:
    found = calls("iam", "get_role_policy", **_inline(old))
    document = json.dumps(found["PolicyDocument"])
    return Live({"role": found["RoleName"], "name": found["PolicyName"], "policy": document})


def _attached(old: Old) -> dict[str, str]:
    return {"RoleName": old.values["role"], "PolicyArn": old.values["policyArn"]}


def _read_attachment(calls: Calls, old: Old) -> Live:
    role, arn = old.values["role"], old.values["policyArn"]
    if arn not in _attached_arns(calls, {"RoleName": role}):
        raise EngineError("NoSuchEntity")
    return Live({"role": role, "policyArn": arn})


KINDS = {
    "aws:iam/role:Role": Kind(
        delete=_delete_role,
        read=_read_role,
        in_place=of(
            *("assumeRolePolicy", "description", "maxSessionDuration", "permissionsBoundary"),
            *("forceDetachPolicies", "inlinePolicies", "managedPolicyArns", "tags"),
        ),
        rewrites={("iam", "create_role"): _update_role},
        defaults={"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False},
        elsewhere=of("inlinePolicies", "managedPolicyArns"),
    ),
    "aws:iam/rolePolicy:RolePolicy": Kind(
        delete=lambda calls, old: calls("iam", "delete_role_policy", **_inline(old)),
        read=_read_inline,
        ids=("{role}:{name}",),
        in_place=of("policy"),
    ),
    "aws:iam/policy:Policy": Kind(
        delete=_delete_policy,
        read=_read_policy,
        ids=("arn:{partition}:iam::{account}:policy/{name...}",),
        in_place=of("policy", "delayAfterPolicyCreationInMs", "tags"),
        rewrites={("iam", "create_policy"): _update_policy},
        defaults={"path": "/"},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Kind(
        delete=lambda calls, old: calls("iam", "detach_role_policy", **_attached(old)),
        read=_read_attachment,
        ids=("{role}/{policyArn...}",),
        named=None,
    ),
}
