"""CloudTrail trails."""

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag
from corral.local.provider.reading import lower_first, tag_map

_MANAGEMENT_ONLY = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]

_REMOVABLE = {
    "s3KeyPrefix": "S3KeyPrefix",
    "snsTopicName": "SnsTopicName",
    "cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn",
    "cloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
    "kmsKeyId": "KmsKeyId",
}


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    parameters = {key: value for key, value in sent.items() if key != "TagsList"}
    # What is not said stays as it is: an empty value takes it away.
    parameters |= {name: "" for key, name in _REMOVABLE.items() if change.gone(key)}
    name = sent["Name"]
    answer = calls("cloudtrail", "update_trail", **parameters)
    selectors = ("eventSelectors", "advancedEventSelectors")
    if any(map(change.gone, selectors)) and not any(map(change.new.get, selectors)):
        calls("cloudtrail", "put_event_selectors", TrailName=name, EventSelectors=_MANAGEMENT_ONLY)
    if change.gone("insightSelectors"):
        calls("cloudtrail", "put_insight_selectors", TrailName=name, InsightSelectors=[])
    if change.new.get("enableLogging") is False:
        calls("cloudtrail", "stop_logging", Name=name)
    retag(
        *(calls, change, "cloudtrail", ("add_tags", "TagsList")),
        ("remove_tags", "TagsList"),
        untag_pairs=True,
        ResourceId=change.id,
    )
    return answer


def _read(calls: Calls, old: Old) -> Live:
    name = old.values["name"]
    trail = calls("cloudtrail", "get_trail", Name=name)["Trail"]
    arn = trail["TrailARN"]
    selectors = calls("cloudtrail", "get_event_selectors", TrailName=name)
    advanced = selectors.get("AdvancedEventSelectors") or []
    basic = [] if advanced else selectors.get("EventSelectors") or []
    insights = calls("cloudtrail", "get_insight_selectors", TrailName=name).get("InsightSelectors")
    (tags,) = calls("cloudtrail", "list_tags", ResourceIdList=[arn])["ResourceTagList"]
    inputs = {
        "name": trail["Name"],
        "s3BucketName": trail["S3BucketName"],
        "s3KeyPrefix": trail.get("S3KeyPrefix"),
        "snsTopicName": trail.get("SnsTopicName"),
        "includeGlobalServiceEvents": trail["IncludeGlobalServiceEvents"],
        "isMultiRegionTrail": trail["IsMultiRegionTrail"],
        "enableLogFileValidation": trail["LogFileValidationEnabled"],
        "cloudWatchLogsGroupArn": trail.get("CloudWatchLogsLogGroupArn"),
        "cloudWatchLogsRoleArn": trail.get("CloudWatchLogsRoleArn"),
        "kmsKeyId": trail.get("KmsKeyId"),
        "isOrganizationTrail": trail["IsOrganizationTrail"],
        "enableLogging": calls("cloudtrail", "get_trail_status", Name=name)["IsLogging"],
        "eventSelectors": [] if basic == _MANAGEMENT_ONLY else lower_first(basic),
        "advancedEventSelectors": lower_first(
            advanced,
            StartsWith="startsWiths",
            EndsWith="endsWiths",
            NotStartsWith="notStartsWiths",
            NotEndsWith="notEndsWiths",
        ),
        "insightSelectors": lower_first(insights),
        "tags": tag_map(tags.get("TagsList")),
    }
    return Live(inputs, {"arn": arn, "homeRegion": trail.get("HomeRegion", calls.region)})


KINDS = {
    "aws:cloudtrail/trail:Trail": Kind(
        delete=lambda calls, old: calls("cloudtrail", "delete_trail", Name=old.values["name"]),
        read=_read,
        ids=("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}",),
        in_place=of(
            *("s3BucketName", "s3KeyPrefix", "snsTopicName", "includeGlobalServiceEvents"),
            *("isMultiRegionTrail", "enableLogFileValidation", "cloudWatchLogsGroupArn"),
            *("cloudWatchLogsRoleArn", "kmsKeyId", "isOrganizationTrail", "eventSelectors"),
            *("advancedEventSelectors", "insightSelectors", "enableLogging", "tags"),
        ),
        rewrites={("cloudtrail", "create_trail"): _update},
        defaults={
            "includeGlobalServiceEvents": True,
            "isMultiRegionTrail": False,
            "enableLogFileValidation": False,
            "isOrganizationTrail": False,
            "enableLogging": True,
            "eventSelectors": [{"readWriteType": "All", "includeManagementEvents": True}],
        },
    )
}
