"""KMS keys and aliases."""

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Old, Parameters, of, retag

_LONGEST_WAIT_DAYS = 30  # what AWS and pulumi_aws take when nothing is said


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    key: Parameters = {"KeyId": change.id}
    if "isEnabled" in change.changed and change.new.get("isEnabled", True):
        calls("kms", "enable_key", **key)
    if "description" in change.changed:
        calls("kms", "update_key_description", **key, Description=sent["Description"] or "")
    if "policy" in change.changed and sent["Policy"] is not None:
        calls("kms", "put_key_policy", **key, PolicyName="default", Policy=sent["Policy"])
    if "enableKeyRotation" in change.changed and not change.new.get("enableKeyRotation"):
        calls("kms", "disable_key_rotation", **key)
    retag(
        *(calls, change, "kms", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        pairs=("TagKey", "TagValue"),
        **key,
    )
    return {"KeyMetadata": calls("kms", "describe_key", **key)["KeyMetadata"]}


def _delete(calls: Calls, old: Old) -> None:
    days = old.values.get("deletionWindowInDays", _LONGEST_WAIT_DAYS)
    calls("kms", "schedule_key_deletion", KeyId=old.id, PendingWindowInDays=days)


def _exists(calls: Calls, old: Old) -> None:
    if calls("kms", "describe_key", KeyId=old.id)["KeyMetadata"]["KeyState"] == "PendingDeletion":
        raise EngineError("NotFoundException")


def _alias_exists(calls: Calls, old: Old) -> None:
    aliases = calls("kms", "list_aliases", KeyId=old.values["targetKeyId"])["Aliases"]
    if old.id not in [alias["AliasName"] for alias in aliases]:
        raise EngineError("NotFoundException")


def _move_alias(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    return calls("kms", "update_alias", **sent)


KINDS = {
    "aws:kms/key:Key": Kind(
        delete=_delete,
        exists=_exists,
        in_place=of(
            *("description", "policy", "enableKeyRotation", "rotationPeriodInDays", "isEnabled"),
            *("deletionWindowInDays", "bypassPolicyLockoutSafetyCheck", "tags"),
        ),
        rewrites={("kms", "create_key"): _update},
        named=None,
    ),
    "aws:kms/alias:Alias": Kind(
        delete=lambda calls, old: calls("kms", "delete_alias", AliasName=old.id),
        exists=_alias_exists,
        in_place=of("targetKeyId"),
        outputs=of("targetKeyArn"),
        rewrites={("kms", "create_alias"): _move_alias},
    ),
}
