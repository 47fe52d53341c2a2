"""CloudWatch log groups, alarms and dashboards."""

from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.inputs import without_none
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag
from corral.local.provider.reading import tag_map


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


def _update_alarm(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    """Put it again, which changes all but tags."""
    calls("cloudwatch", "put_metric_alarm", **{key: value for key, value in sent.items() if key != "Tags"})
    retag(
        *(calls, change, "cloudwatch", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        ResourceARN=change.old["arn"],
    )
    return {}


def _read_alarm(calls: Calls, old: Old) -> Live:
    found = calls("cloudwatch", "describe_alarms", AlarmNames=[old.id])["MetricAlarms"]
    if not found:
        raise EngineError(f"ResourceNotFoundException: there is no alarm {old.id}")
    alarm = found[0]
    tags = calls("cloudwatch", "list_tags_for_resource", ResourceARN=alarm["AlarmArn"]).get("Tags")
    inputs = {key[:1].lower() + key[1:]: alarm.get(key) for key in _SHOWN}
    inputs |= {
        "name": alarm["AlarmName"],
        "okActions": alarm.get("OKActions"),
        "evaluateLowSampleCountPercentiles": alarm.get("EvaluateLowSampleCountPercentile"),
        "dimensions": _map(alarm.get("Dimensions")),
        "metricQueries": [_query(each) for each in alarm.get("Metrics") or ()],
        "tags": tag_map(tags),
    }
    return Live(inputs, {"arn": alarm["AlarmArn"]})


def _map(dimensions: list[dict[str, str]] | None) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in dimensions or ()}


def _query(shown: dict[str, Any]) -> dict[str, Any]:
    query = {
        "id": shown["Id"],
        "expression": shown.get("Expression"),
        "label": shown.get("Label"),
        "returnData": shown.get("ReturnData", True),
        "period": shown.get("Period"),
        "accountId": shown.get("AccountId"),
    }
    if of := shown.get("MetricStat"):
        measured = of["Metric"]
        query["metric"] = without_none(
            {
                "namespace": measured.get("Namespace"),
                "metricName": measured["MetricName"],
                "dimensions": _map(measured.get("Dimensions")) or None,
                "period": of["Period"],
                "stat": of["Stat"],
                "unit": of.get("Unit"),
            }
        )
    return without_none(query)


def _read_dashboard(calls: Calls, old: Old) -> Live:
    found = calls("cloudwatch", "get_dashboard", DashboardName=old.id)
    inputs = {"dashboardName": found["DashboardName"], "dashboardBody": found["DashboardBody"]}
    return Live(inputs, {"dashboardArn": found["DashboardArn"]})


_SHOWN = (
    *("AlarmDescription", "ActionsEnabled", "AlarmActions", "ComparisonOperator", "DatapointsToAlarm"),
    *("EvaluationPeriods", "InsufficientDataActions", "MetricName", "Namespace", "Period", "Threshold"),
    *("TreatMissingData", "Unit", "Statistic", "ExtendedStatistic"),
)


KINDS = {
    "aws:cloudwatch/dashboard:Dashboard": Kind(
        delete=lambda calls, old: calls("cloudwatch", "delete_dashboards", DashboardNames=[old.id]),
        read=_read_dashboard,
        in_place=of("dashboardBody"),
        named="dashboardName",
    ),
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
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Kind(
        delete=lambda calls, old: calls("cloudwatch", "delete_alarms", AlarmNames=[old.id]),
        read=_read_alarm,
        in_place=of(
            *(key[:1].lower() + key[1:] for key in _SHOWN),
            *("okActions", "evaluateLowSampleCountPercentiles", "dimensions", "metricQueries", "tags"),
        ),
        rewrites={("cloudwatch", "put_metric_alarm"): _update_alarm},
        defaults={
            "actionsEnabled": True,
            "treatMissingData": "missing",
            "metricQueries": [{"returnData": False}],
        },
    ),
}
