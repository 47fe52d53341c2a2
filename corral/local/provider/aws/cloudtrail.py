"""CloudTrail trails."""

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Parameters, of, retag

_MANAGEMENT_ONLY = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    parameters = {key: value for key, value in sent.items() if key != "TagsList"}
    name = sent["Name"]
    answer = calls("cloudtrail", "update_trail", **parameters)
    selectors = ("eventSelectors", "advancedEventSelectors")
    if any(map(change.gone, selectors)) and not any(map(change.new.get, selectors)):
        calls("cloudtrail", "put_event_selectors", TrailName=name, EventSelectors=_MANAGEMENT_ONLY)
    if change.new.get("enableLogging") is False:
        calls("cloudtrail", "stop_logging", Name=name)
    retag(
        *(calls, change, "cloudtrail", ("add_tags", "TagsList")),
        ("remove_tags", "TagsList"),
        untag_pairs=True,
        ResourceId=change.id,
    )
    return answer


KINDS = {
    "aws:cloudtrail/trail:Trail": Kind(
        delete=lambda calls, old: calls("cloudtrail", "delete_trail", Name=old.values["name"]),
        exists=lambda calls, old: calls("cloudtrail", "get_trail", Name=old.values["name"]),
        in_place=of(
            *("s3BucketName", "s3KeyPrefix", "snsTopicName", "includeGlobalServiceEvents"),
            *("isMultiRegionTrail", "enableLogFileValidation", "cloudWatchLogsGroupArn"),
            *("cloudWatchLogsRoleArn", "kmsKeyId", "isOrganizationTrail", "eventSelectors"),
            *("advancedEventSelectors", "insightSelectors", "enableLogging", "tags"),
        ),
        rewrites={("cloudtrail", "create_trail"): _update},
    )
}
