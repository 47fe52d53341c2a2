"""Rules of EventBridge and their targets, on the account's default bus."""

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag
from corral.local.provider.reading import lower_first, tag_map


def _update_rule(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    """Put the rule again, without the tags, which AWS takes at its creation only."""
    answer = calls("events", "put_rule", **{key: value for key, value in sent.items() if key != "Tags"})
    retag(
        *(calls, change, "events", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        ResourceARN=answer["RuleArn"],
    )
    return answer


def _read_rule(calls: Calls, old: Old) -> Live:
    found = calls("events", "describe_rule", Name=old.id)
    shown = calls("events", "list_tags_for_resource", ResourceARN=found["Arn"]).get("Tags")
    inputs = {
        "name": found["Name"],
        "description": found.get("Description"),
        "eventPattern": found.get("EventPattern"),
        "scheduleExpression": found.get("ScheduleExpression"),
        "roleArn": found.get("RoleArn"),
        "state": found["State"],
        "eventBusName": "default",
        "tags": tag_map(shown),
    }
    return Live(inputs, {"arn": found["Arn"]})


def _read_target(calls: Calls, old: Old) -> Live:
    rule, wanted = old.values["rule"], old.values["targetId"]
    targets = calls("events", "list_targets_by_rule", Rule=rule)["Targets"]
    found = next((each for each in targets if each["Id"] == wanted), None)
    if found is None:
        raise EngineError(f"ResourceNotFoundException: rule {rule} has no target {wanted}")
    transformer = found.get("InputTransformer") or {}
    inputs = {
        "rule": rule,
        "targetId": found["Id"],
        "arn": found["Arn"],
        "roleArn": found.get("RoleArn"),
        "input": found.get("Input"),
        "inputPath": found.get("InputPath"),
        "inputTransformer": transformer
        and {
            "inputPaths": transformer.get("InputPathsMap"),
            "inputTemplate": transformer.get("InputTemplate"),
        },
        "retryPolicy": lower_first(found.get("RetryPolicy")),
        "deadLetterConfig": lower_first(found.get("DeadLetterConfig")),
        "eventBusName": "default",
    }
    return Live(inputs, id=f"{rule}-{wanted}")


KINDS = {
    "aws:cloudwatch/eventRule:EventRule": Kind(
        delete=lambda calls, old: calls("events", "delete_rule", Name=old.id),
        read=_read_rule,
        in_place=of("description", "eventPattern", "scheduleExpression", "roleArn", "state", "tags"),
        rewrites={("events", "put_rule"): _update_rule},
        defaults={"state": "ENABLED", "eventBusName": "default"},
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Kind(
        delete=lambda calls, old: calls(
            "events", "remove_targets", Rule=old.values["rule"], Ids=[old.values["targetId"]]
        ),
        read=_read_target,
        ids=("{rule}/{targetId}",),
        in_place=of(
            *("arn", "roleArn", "input", "inputPath", "inputTransformer", "retryPolicy", "deadLetterConfig")
        ),
        named="targetId",
        defaults={"eventBusName": "default"},
    ),
}
