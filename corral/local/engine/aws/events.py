"""Rules of EventBridge and their targets, on the account's default bus."""

from typing import Any

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, upper_first, without_none
from corral.local.engine.model import EngineError

_LONGEST_NAME = 64


def rule(inputs: Inputs, context: Context) -> Created:
    """Create a rule."""
    inputs.fixed("eventBusName", "default")
    inputs.fixed("forceDestroy", False)
    name = context.name_of(limit=_LONGEST_NAME)
    rule_tags = tags.take_tags(inputs)
    parameters = {
        "EventPattern": inputs.take("eventPattern"),
        "ScheduleExpression": inputs.take("scheduleExpression"),
        "Description": inputs.take("description"),
        "RoleArn": inputs.take("roleArn"),
        "State": inputs.take("state", "ENABLED"),
    }
    inputs.close()
    answer = context.call("events", "put_rule", Name=name, Tags=tags.as_list(rule_tags), **parameters)
    return name, {
        "name": name,
        "arn": answer["RuleArn"],
        "eventBusName": "default",
        **tags.outputs(rule_tags),
    }


def target(inputs: Inputs, context: Context) -> Created:
    """Add a target to a rule. A change of it replaces it under the same id."""
    inputs.fixed("eventBusName", "default")
    inputs.fixed("forceDestroy", False)
    rule_name, target_id = inputs.need("rule"), context.name_of("targetId", limit=_LONGEST_NAME)
    transformer = inputs.take("inputTransformer")
    described: dict[str, Any] = {
        "Id": target_id,
        "Arn": inputs.need("arn"),
        "RoleArn": inputs.take("roleArn"),
        "Input": inputs.take("input"),
        "InputPath": inputs.take("inputPath"),
        "InputTransformer": transformer
        and without_none(
            {
                "InputPathsMap": transformer.get("inputPaths"),
                "InputTemplate": transformer.get("inputTemplate"),
            }
        ),
        "RetryPolicy": upper_first(inputs.take("retryPolicy")),
        "DeadLetterConfig": upper_first(inputs.take("deadLetterConfig")),
    }
    inputs.close()
    answer = context.call("events", "put_targets", Rule=rule_name, Targets=[without_none(described)])
    if failed := answer.get("FailedEntries"):
        raise EngineError(f"events PutTargets: {failed[0]['ErrorCode']}: {failed[0].get('ErrorMessage', '')}")
    return f"{rule_name}-{target_id}", {"targetId": target_id, "rule": rule_name, "eventBusName": "default"}


HANDLERS: dict[str, Handler] = {
    "aws:cloudwatch/eventRule:EventRule": rule,
    "aws:cloudwatch/eventTarget:EventTarget": target,
}
