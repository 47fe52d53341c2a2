"""CloudTrail trails."""

from typing import Any

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, upper_first, without_none
from corral.local.engine.model import EngineError


def trail(inputs: Inputs, context: Context) -> Created:
    """Create a trail, set its selectors and start it. Advanced selectors replace basic ones, never both."""
    name = context.name_of()
    trail_tags = tags.take_tags(inputs)
    parameters = {
        "S3BucketName": inputs.need("s3BucketName"),
        "S3KeyPrefix": inputs.take("s3KeyPrefix"),
        "SnsTopicName": inputs.take("snsTopicName"),
        "IncludeGlobalServiceEvents": inputs.take("includeGlobalServiceEvents", True),
        "IsMultiRegionTrail": inputs.take("isMultiRegionTrail", False),
        "EnableLogFileValidation": inputs.take("enableLogFileValidation", False),
        "CloudWatchLogsLogGroupArn": inputs.take("cloudWatchLogsGroupArn"),
        "CloudWatchLogsRoleArn": inputs.take("cloudWatchLogsRoleArn"),
        "KmsKeyId": inputs.take("kmsKeyId"),
        "IsOrganizationTrail": inputs.take("isOrganizationTrail"),
        "TagsList": tags.as_list(trail_tags),
    }
    basic = inputs.take("eventSelectors")
    selectors = [_selector(block) for block in inputs.blocks("advancedEventSelectors")]
    insights = inputs.take("insightSelectors")
    logging = inputs.take("enableLogging", True)
    inputs.close()
    if basic and selectors:
        raise EngineError("eventSelectors and advancedEventSelectors exclude each other")
    answer = context.call("cloudtrail", "create_trail", Name=name, **parameters)
    if basic or selectors:
        context.call(
            "cloudtrail",
            "put_event_selectors",
            TrailName=name,
            EventSelectors=upper_first(basic),
            AdvancedEventSelectors=selectors or None,
        )
    if insights:
        context.call(
            "cloudtrail", "put_insight_selectors", TrailName=name, InsightSelectors=upper_first(insights)
        )
    if logging:
        context.call("cloudtrail", "start_logging", Name=name)
    arn = answer["TrailARN"]
    return arn, {
        "name": name,
        "arn": arn,
        "homeRegion": context.calls.region,
        "enableLogging": logging,
        **tags.outputs(trail_tags),
    }


def _selector(block: Inputs) -> dict[str, Any]:
    return without_none(
        {
            "Name": block.take("name"),
            "FieldSelectors": [
                without_none(
                    {
                        "Field": field.need("field"),
                        "Equals": field.take("equals"),
                        "StartsWith": field.take("startsWiths"),
                        "EndsWith": field.take("endsWiths"),
                        "NotEquals": field.take("notEquals"),
                        "NotStartsWith": field.take("notStartsWiths"),
                        "NotEndsWith": field.take("notEndsWiths"),
                    }
                )
                for field in block.blocks("fieldSelectors")
            ],
        }
    )


HANDLERS: dict[str, Handler] = {"aws:cloudtrail/trail:Trail": trail}
