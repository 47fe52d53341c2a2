"""Secrets and their values."""

import base64

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, nothing, of, retag
from corral.local.provider.reading import as_given, tag_map

_LONGEST_WAIT_DAYS = 30


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    secret: Parameters = {"SecretId": change.id}
    if change.changed & {"description", "kmsKeyId"}:
        calls(
            *("secretsmanager", "update_secret"),
            **secret,
            Description=sent["Description"] or "",
            KmsKeyId=sent["KmsKeyId"] or "",  # AWS's own key
        )
    if change.gone("policy"):
        calls("secretsmanager", "delete_resource_policy", **secret)
    retag(
        *(calls, change, "secretsmanager", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        **secret,
    )
    return {"ARN": change.id}


def _delete(calls: Calls, old: Old) -> None:
    _described(calls, old.id)
    days = old.values.get("recoveryWindowInDays", _LONGEST_WAIT_DAYS)
    calls(
        *("secretsmanager", "delete_secret"),
        SecretId=old.id,
        RecoveryWindowInDays=days or None,
        ForceDeleteWithoutRecovery=None if days else True,
    )


def _described(calls: Calls, secret: str) -> Parameters:
    """Describe a secret; one that waits for its deletion is as good as gone, and cannot be deleted again."""
    found = calls("secretsmanager", "describe_secret", SecretId=secret)
    if found.get("DeletedDate"):
        raise EngineError(f"ResourceNotFoundException: secret {secret} waits for its deletion")
    return found


def _read(calls: Calls, old: Old) -> Live:
    found = _described(calls, old.id)
    inputs = {
        "name": found["Name"],
        "description": found.get("Description"),
        "kmsKeyId": found.get("KmsKeyId"),
        "policy": calls("secretsmanager", "get_resource_policy", SecretId=old.id).get("ResourcePolicy"),
        "tags": tag_map(found.get("Tags")),
    }
    return Live(inputs, {"arn": found["ARN"]})


def _read_version(calls: Calls, old: Old) -> Live:
    secret, _, version = old.id.rpartition("|")
    found = _described(calls, secret)
    value = calls("secretsmanager", "get_secret_value", SecretId=secret, VersionId=version)
    binary = value.get("SecretBinary")
    inputs = {
        "secretId": as_given(old.values.get("secretId"), found["ARN"], found["Name"]),
        "secretString": value.get("SecretString"),
        "secretBinary": None if binary is None else base64.b64encode(binary).decode(),
        "versionStages": value.get("VersionStages"),
    }
    return Live(inputs, {"arn": found["ARN"], "versionId": version})


_ARN = "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"

KINDS = {
    "aws:secretsmanager/secret:Secret": Kind(
        delete=_delete,
        read=_read,
        ids=(_ARN,),
        in_place=of("description", "kmsKeyId", "policy", "recoveryWindowInDays", "tags"),
        rewrites={("secretsmanager", "create_secret"): _update},
        defaults={"recoveryWindowInDays": _LONGEST_WAIT_DAYS},
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": Kind(
        delete=nothing,  # a version without labels is AWS's to remove
        read=_read_version,
        ids=(f"{_ARN}|{{version}}",),
        defaults={"versionStages": ["AWSCURRENT"]},
        secret=of("secretString", "secretBinary"),
        named=None,
    ),
}
