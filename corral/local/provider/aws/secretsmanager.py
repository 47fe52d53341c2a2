"""Secrets and their values."""

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Old, Parameters, nothing, of, retag

_LONGEST_WAIT_DAYS = 30


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    secret: Parameters = {"SecretId": change.id}
    if change.changed & {"description", "kmsKeyId"}:
        calls(
            *("secretsmanager", "update_secret"),
            **secret,
            Description=sent["Description"] or "",
            KmsKeyId=sent["KmsKeyId"],
        )
    if change.gone("policy"):
        calls("secretsmanager", "delete_resource_policy", **secret)
    retag(
        *(calls, change, "secretsmanager", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        **secret,
    )
    return {"ARN": change.id}


def _delete(calls: Calls, old: Old) -> None:
    days = old.values.get("recoveryWindowInDays", _LONGEST_WAIT_DAYS)
    calls(
        *("secretsmanager", "delete_secret"),
        SecretId=old.id,
        RecoveryWindowInDays=days or None,
        ForceDeleteWithoutRecovery=None if days else True,
    )


def _exists(calls: Calls, old: Old) -> None:
    if calls("secretsmanager", "describe_secret", SecretId=old.id).get("DeletedDate"):
        raise EngineError("ResourceNotFoundException")


KINDS = {
    "aws:secretsmanager/secret:Secret": Kind(
        delete=_delete,
        exists=_exists,
        in_place=of("description", "kmsKeyId", "policy", "recoveryWindowInDays", "tags"),
        rewrites={("secretsmanager", "create_secret"): _update},
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": Kind(
        delete=nothing,  # a version without labels is AWS's to remove
        exists=lambda calls, old: calls(
            *("secretsmanager", "get_secret_value"),
            SecretId=old.values["secretId"],
            VersionId=old.values["versionId"],
        ),
        named=None,
    ),
}
