"""Schedules of EventBridge Scheduler, and their groups."""

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, upper_first

_LONGEST_NAME = 64


def group(inputs: Inputs, context: Context) -> Created:
    """Create a group of schedules."""
    name = context.name_of(limit=_LONGEST_NAME)
    group_tags = tags.take_tags(inputs)
    inputs.close()
    answer = context.call("scheduler", "create_schedule_group", Name=name, Tags=tags.as_list(group_tags))
    return name, {
        "name": name,
        "arn": answer["ScheduleGroupArn"],
        "state": "ACTIVE",
        **tags.outputs(group_tags),
    }


def schedule(inputs: Inputs, context: Context) -> Created:
    """Create a schedule. What a change leaves out goes back to AWS's default, but for state and time zone."""
    name = context.name_of(limit=_LONGEST_NAME)
    group_name = inputs.take("groupName", "default")
    parameters = {
        "Description": inputs.take("description"),
        "ScheduleExpression": inputs.need("scheduleExpression"),
        "ScheduleExpressionTimezone": inputs.take("scheduleExpressionTimezone", "UTC"),
        "FlexibleTimeWindow": upper_first(inputs.need("flexibleTimeWindow")),
        "StartDate": inputs.take("startDate"),
        "EndDate": inputs.take("endDate"),
        "State": inputs.take("state", "ENABLED"),
        "KmsKeyArn": inputs.take("kmsKeyArn"),
        "ActionAfterCompletion": inputs.take("actionAfterCompletion"),
        "Target": upper_first(inputs.need("target")),
    }
    inputs.close()
    answer = context.call("scheduler", "create_schedule", GroupName=group_name, Name=name, **parameters)
    return f"{group_name}/{name}", {"name": name, "groupName": group_name, "arn": answer["ScheduleArn"]}


HANDLERS: dict[str, Handler] = {
    "aws:scheduler/schedule:Schedule": schedule,
    "aws:scheduler/scheduleGroup:ScheduleGroup": group,
}
