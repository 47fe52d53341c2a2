"""Athena workgroups and named queries."""

from typing import Any

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, upper_first, without_none


def workgroup(inputs: Inputs, context: Context) -> Created:
    """Create a workgroup; `forceDestroy` matters at destruction only."""
    name = context.name_of(limit=128)
    group_tags = tags.take_tags(inputs)
    parameters = {
        "Configuration": _configuration(inputs.block("configuration") or Inputs({})),
        "Description": inputs.take("description"),
        "Tags": tags.as_list(group_tags),
    }
    state = inputs.take("state", "ENABLED")
    inputs.take("forceDestroy")
    inputs.close()
    context.call("athena", "create_work_group", Name=name, **parameters)
    if state != "ENABLED":
        context.call("athena", "update_work_group", WorkGroup=name, State=state)
    arn = context.calls.arn("athena", f"workgroup/{name}")
    return name, {"name": name, "arn": arn, "state": state, **tags.outputs(group_tags)}


def _configuration(block: Inputs) -> dict[str, Any]:
    engine = block.block("engineVersion")
    return without_none(
        {
            "EnforceWorkGroupConfiguration": block.take("enforceWorkgroupConfiguration", True),
            "PublishCloudWatchMetricsEnabled": block.take("publishCloudwatchMetricsEnabled", True),
            "BytesScannedCutoffPerQuery": block.take("bytesScannedCutoffPerQuery"),
            "ExecutionRole": block.take("executionRole"),
            "RequesterPaysEnabled": block.take("requesterPaysEnabled"),
            "EngineVersion": {"SelectedEngineVersion": engine.take("selectedEngineVersion", "AUTO")}
            if engine
            else None,
            "ResultConfiguration": _results(block.block("resultConfiguration")),
        }
    )


def _results(block: Inputs | None) -> dict[str, Any] | None:
    if block is None:
        return None
    encryption = block.block("encryptionConfiguration")
    return without_none(
        {
            "OutputLocation": block.take("outputLocation"),
            "ExpectedBucketOwner": block.take("expectedBucketOwner"),
            "AclConfiguration": upper_first(block.take("aclConfiguration")),
            "EncryptionConfiguration": without_none(
                {
                    "EncryptionOption": encryption.need("encryptionOption"),
                    "KmsKey": encryption.take("kmsKeyArn"),
                }
            )
            if encryption
            else None,
        }
    )


def named_query(inputs: Inputs, context: Context) -> Created:
    """Create a named query, in the workgroup `primary` when none is given."""
    name = context.name_of(limit=128)
    parameters = {
        "Database": inputs.need("database"),
        "QueryString": inputs.need("query"),
        "Description": inputs.take("description"),
        "WorkGroup": inputs.take("workgroup"),
    }
    inputs.close()
    made = context.call("athena", "create_named_query", Name=name, **parameters)
    return str(made["NamedQueryId"]), {"name": name}


HANDLERS: dict[str, Handler] = {
    "aws:athena/namedQuery:NamedQuery": named_query,
    "aws:athena/workgroup:Workgroup": workgroup,
}
