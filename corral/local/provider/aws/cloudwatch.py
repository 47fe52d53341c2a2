"""CloudWatch log groups."""

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    name = change.id
    if "kmsKeyId" in change.changed:
        if sent["kmsKeyId"] is None:
            calls("logs", "disassociate_kms_key", logGroupName=name)
        else:
            calls("logs", "associate_kms_key", logGroupName=name, kmsKeyId=sent["kmsKeyId"])
    if "retentionInDays" in change.changed and not change.new.get("retentionInDays"):
        calls("logs", "delete_retention_policy", logGroupName=name)
    arn = change.old["arn"]
    retag(
        *(calls, change, "logs", ("tag_resource", "tags"), ("untag_resource", "tagKeys")),
        pairs=None,
        resourceArn=arn,
    )
    return {}


def _read(calls: Calls, old: Old) -> Live:
    found = calls("logs", "describe_log_groups", logGroupNamePrefix=old.id)["logGroups"]
    group = next((each for each in found if each["logGroupName"] == old.id), None)
    if group is None:
        raise EngineError(f"ResourceNotFoundException: there is no log group {old.id}")
    arn = calls.arn("logs", f"log-group:{old.id}")
    inputs = {
        "name": old.id,
        "retentionInDays": group.get("retentionInDays", 0),
        "kmsKeyId": group.get("kmsKeyId"),
        "tags": calls("logs", "list_tags_for_resource", resourceArn=arn)["tags"],
    }
    return Live(inputs, {"arn": arn})


def _delete(calls: Calls, old: Old) -> None:
    if not old.values.get("skipDestroy"):
        calls("logs", "delete_log_group", logGroupName=old.id)


KINDS = {
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        delete=_delete,
        read=_read,
        in_place=of("retentionInDays", "kmsKeyId", "skipDestroy", "tags"),
        rewrites={("logs", "create_log_group"): _update},
        defaults={
            "retentionInDays": 0,
            "logGroupClass": "STANDARD",
            "deletionProtectionEnabled": False,
            "skipDestroy": False,
        },
    )
}
