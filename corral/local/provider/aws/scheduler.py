"""Schedules of EventBridge Scheduler, and their groups."""

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag
from corral.local.provider.reading import lower_first, tag_map


def _update_group(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    arn = change.old["arn"]
    retag(
        *(calls, change, "scheduler", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        ResourceArn=arn,
    )
    return {"ScheduleGroupArn": arn}


def _read_group(calls: Calls, old: Old) -> Live:
    found = calls("scheduler", "get_schedule_group", Name=old.id)
    shown = calls("scheduler", "list_tags_for_resource", ResourceArn=found["Arn"]).get("Tags")
    inputs = {"name": found["Name"], "tags": tag_map(shown)}
    return Live(inputs, {"arn": found["Arn"], "state": found["State"]})


def _named(old: Old) -> dict[str, str]:
    group, _, name = old.id.partition("/")
    return {"GroupName": group, "Name": name}


def _read(calls: Calls, old: Old) -> Live:
    found = calls("scheduler", "get_schedule", **_named(old))
    inputs = {
        "name": found["Name"],
        "groupName": found["GroupName"],
        "description": found.get("Description"),
        "scheduleExpression": found["ScheduleExpression"],
        "scheduleExpressionTimezone": found.get("ScheduleExpressionTimezone"),
        "flexibleTimeWindow": lower_first(found["FlexibleTimeWindow"]),
        "state": found["State"],
        "kmsKeyArn": found.get("KmsKeyArn"),
        "actionAfterCompletion": found.get("ActionAfterCompletion"),
        "target": lower_first(found["Target"]),
    }
    return Live(inputs, {"arn": found["Arn"]})


_IN_PLACE = of(
    *("description", "scheduleExpression", "scheduleExpressionTimezone", "flexibleTimeWindow", "startDate"),
    *("endDate", "state", "kmsKeyArn", "actionAfterCompletion", "target"),
)

KINDS = {
    "aws:scheduler/schedule:Schedule": Kind(
        delete=lambda calls, old: calls("scheduler", "delete_schedule", **_named(old)),
        read=_read,
        ids=("{groupName}/{name}",),
        in_place=_IN_PLACE,
        rewrites={
            ("scheduler", "create_schedule"): lambda calls, sent, _: calls(
                "scheduler", "update_schedule", **sent
            )
        },
        defaults={
            "groupName": "default",
            "scheduleExpressionTimezone": "UTC",
            "state": "ENABLED",
            "actionAfterCompletion": "NONE",
            "target": {"retryPolicy": {"maximumEventAgeInSeconds": 86400, "maximumRetryAttempts": 185}},
        },
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Kind(
        delete=lambda calls, old: calls("scheduler", "delete_schedule_group", Name=old.id),
        read=_read_group,
        in_place=of("tags"),
        rewrites={("scheduler", "create_schedule_group"): _update_group},
    ),
}
