"""CloudWatch log groups."""

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs
from corral.local.engine.model import EngineError

# PutRetentionPolicy takes these only; botocore's model knows it as prose.
_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


def log_group(inputs: Inputs, context: Context) -> Created:
    """Create a log group and set how long it keeps events (0: for ever)."""
    name = context.name_of()
    group_tags = tags.take_tags(inputs)
    days = inputs.take("retentionInDays", 0)
    parameters = {
        "kmsKeyId": inputs.take("kmsKeyId"),
        "logGroupClass": inputs.take("logGroupClass"),
        "deletionProtectionEnabled": inputs.take("deletionProtectionEnabled"),
        "tags": group_tags or None,
    }
    inputs.take("skipDestroy")
    inputs.close()
    if days and days not in _RETENTION_DAYS:
        raise EngineError(f"retentionInDays is {days}; allowed are {', '.join(map(str, _RETENTION_DAYS))}")
    context.call("logs", "create_log_group", logGroupName=name, **parameters)
    if days:
        context.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=days)
    arn = context.calls.arn("logs", f"log-group:{name}")
    return name, {"name": name, "arn": arn, "retentionInDays": days, **tags.outputs(group_tags)}


HANDLERS: dict[str, Handler] = {"aws:cloudwatch/logGroup:LogGroup": log_group}
