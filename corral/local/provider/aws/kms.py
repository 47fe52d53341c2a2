"""KMS keys and aliases."""

import json

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.comparing import same
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag
from corral.local.provider.reading import as_given, tag_map

_LONGEST_WAIT_DAYS = 30  # what AWS and pulumi_aws take when nothing is said


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    key: Parameters = {"KeyId": change.id}
    if "isEnabled" in change.changed and change.new.get("isEnabled", True):
        calls("kms", "enable_key", **key)
    if "description" in change.changed:
        calls("kms", "update_key_description", **key, Description=sent["Description"] or "")
    if "policy" in change.changed:
        document = sent["Policy"] or _own_policy(calls)
        calls("kms", "put_key_policy", **key, PolicyName="default", Policy=document)
    if "enableKeyRotation" in change.changed and not change.new.get("enableKeyRotation"):
        calls("kms", "disable_key_rotation", **key)
    retag(
        *(calls, change, "kms", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        pairs=("TagKey", "TagValue"),
        **key,
    )
    return {"KeyMetadata": calls("kms", "describe_key", **key)["KeyMetadata"]}


def _own_policy(calls: Calls) -> str:
    """Return the policy that a key is born with: the account's own policies decide."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": calls.arn("iam", "root", region="")},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


def _delete(calls: Calls, old: Old) -> None:
    _metadata(calls, old.id)
    days = old.values.get("deletionWindowInDays", _LONGEST_WAIT_DAYS)
    calls("kms", "schedule_key_deletion", KeyId=old.id, PendingWindowInDays=days)


def _metadata(calls: Calls, key: str) -> Parameters:
    """Describe a key; one that waits for its deletion is as good as gone, and cannot be deleted again."""
    metadata: Parameters = calls("kms", "describe_key", KeyId=key)["KeyMetadata"]
    if metadata["KeyState"] == "PendingDeletion":
        raise EngineError(f"NotFoundException: key {key} waits for its deletion")
    return metadata


def _read(calls: Calls, old: Old) -> Live:
    key: Parameters = {"KeyId": old.id}
    metadata = _metadata(calls, old.id)
    rotation = calls("kms", "get_key_rotation_status", **key)
    policy = calls("kms", "get_key_policy", **key, PolicyName="default")["Policy"]
    inputs = {
        "description": metadata.get("Description"),
        "keyUsage": metadata["KeyUsage"],
        "customerMasterKeySpec": metadata["KeySpec"],
        "multiRegion": metadata.get("MultiRegion", False),
        "isEnabled": metadata["Enabled"],
        "policy": None if same("policy", policy, _own_policy(calls)) else policy,
        "enableKeyRotation": rotation["KeyRotationEnabled"],
        "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
        "tags": tag_map(calls("kms", "list_resource_tags", **key)["Tags"], "TagKey", "TagValue"),
    }
    return Live(inputs, {"arn": metadata["Arn"], "keyId": metadata["KeyId"]})


def _read_alias(calls: Calls, old: Old) -> Live:
    metadata = calls("kms", "describe_key", KeyId=old.id)["KeyMetadata"]
    target = as_given(old.values.get("targetKeyId"), metadata["KeyId"], metadata["Arn"])
    name = as_given(old.values.get("name"), old.id)
    outputs = {"arn": calls.arn("kms", old.id), "targetKeyArn": metadata["Arn"]}
    return Live({"name": name, "targetKeyId": target}, outputs)


def _move_alias(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    return calls("kms", "update_alias", **sent)


KINDS = {
    "aws:kms/key:Key": Kind(
        delete=_delete,
        read=_read,
        ids=("{key}",),
        in_place=of(
            *("description", "policy", "enableKeyRotation", "rotationPeriodInDays", "isEnabled"),
            *("deletionWindowInDays", "bypassPolicyLockoutSafetyCheck", "tags"),
        ),
        rewrites={("kms", "create_key"): _update},
        defaults={
            "keyUsage": "ENCRYPT_DECRYPT",
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "multiRegion": False,
            "isEnabled": True,
            "enableKeyRotation": False,
            "rotationPeriodInDays": 365,
            "bypassPolicyLockoutSafetyCheck": False,
            "deletionWindowInDays": _LONGEST_WAIT_DAYS,
        },
        named=None,
    ),
    "aws:kms/alias:Alias": Kind(
        delete=lambda calls, old: calls("kms", "delete_alias", AliasName=old.id),
        read=_read_alias,
        ids=("alias/{alias}",),
        in_place=of("targetKeyId"),
        outputs=of("targetKeyArn"),
        rewrites={("kms", "create_alias"): _move_alias},
    ),
}
