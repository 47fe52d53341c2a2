"""CloudWatch log groups."""

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Old, Parameters, of, retag


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    name = change.id
    if "kmsKeyId" in change.changed:
        if sent["kmsKeyId"] is None:
            calls("logs", "disassociate_kms_key", logGroupName=name)
        else:
            calls("logs", "associate_kms_key", logGroupName=name, kmsKeyId=sent["kmsKeyId"])
    if change.gone("retentionInDays"):
        calls("logs", "delete_retention_policy", logGroupName=name)
    arn = change.old["arn"]
    retag(
        *(calls, change, "logs", ("tag_resource", "tags"), ("untag_resource", "tagKeys")),
        pairs=None,
        resourceArn=arn,
    )
    return {}


def _exists(calls: Calls, old: Old) -> None:
    found = calls("logs", "describe_log_groups", logGroupNamePrefix=old.id)["logGroups"]
    if old.id not in [group["logGroupName"] for group in found]:
        raise EngineError("ResourceNotFoundException")


def _delete(calls: Calls, old: Old) -> None:
    if not old.values.get("skipDestroy"):
        calls("logs", "delete_log_group", logGroupName=old.id)


KINDS = {
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        delete=_delete,
        exists=_exists,
        in_place=of("retentionInDays", "kmsKeyId", "skipDestroy", "tags"),
        rewrites={("logs", "create_log_group"): _update},
    )
}
