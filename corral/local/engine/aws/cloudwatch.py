"""CloudWatch log groups, alarms and dashboards."""

from typing import Any

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, without_none
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


# Inputs that PutMetricAlarm takes as they are, under the same name.
_ALARM = (
    *("alarmDescription", "actionsEnabled", "alarmActions", "comparisonOperator", "datapointsToAlarm"),
    *("evaluationPeriods", "insufficientDataActions", "metricName", "namespace", "period", "threshold"),
    *("treatMissingData", "unit"),
)


def metric_alarm(inputs: Inputs, context: Context) -> Created:
    """Create an alarm on a metric, on several, or on a query. Anomaly detection is not made here."""
    name = context.name_of(limit=255)
    alarm_tags = tags.take_tags(inputs)
    parameters = {key[:1].upper() + key[1:]: inputs.take(key) for key in _ALARM}
    parameters |= {
        "OKActions": inputs.take("okActions"),
        "Statistic": inputs.take("statistic"),
        "ExtendedStatistic": inputs.take("extendedStatistic"),
        "EvaluateLowSampleCountPercentile": inputs.take("evaluateLowSampleCountPercentiles"),
        "Dimensions": _dimensions(inputs.take("dimensions")),
        "Metrics": [_query(block) for block in inputs.blocks("metricQueries")] or None,
    }
    inputs.close()
    context.call(
        "cloudwatch", "put_metric_alarm", AlarmName=name, Tags=tags.as_list(alarm_tags), **parameters
    )
    arn = context.calls.arn("cloudwatch", f"alarm:{name}")
    return name, {"name": name, "arn": arn, **tags.outputs(alarm_tags)}


def _dimensions(given: dict[str, str] | None) -> list[dict[str, str]] | None:
    return [{"Name": key, "Value": given[key]} for key in sorted(given)] if given else None


def _query(block: Inputs) -> dict[str, Any]:
    query = {
        "Id": block.need("id"),
        "Expression": block.take("expression"),
        "Label": block.take("label"),
        "ReturnData": block.take("returnData", False),
        "Period": block.take("period"),
        "AccountId": block.take("accountId"),
    }
    metric = block.block("metric")
    if metric is not None:
        of = {
            "Namespace": metric.take("namespace"),
            "MetricName": metric.need("metricName"),
            "Dimensions": _dimensions(metric.take("dimensions")),
        }
        query["MetricStat"] = without_none(
            {
                "Metric": without_none(of),
                "Period": metric.need("period"),
                "Stat": metric.need("stat"),
                "Unit": metric.take("unit"),
            }
        )
    return without_none(query)


def dashboard(inputs: Inputs, context: Context) -> Created:
    """Create a dashboard. It has no region and no tags."""
    name = inputs.need("dashboardName")
    body = inputs.need("dashboardBody")
    inputs.close()
    context.call("cloudwatch", "put_dashboard", DashboardName=name, DashboardBody=body)
    arn = context.calls.arn("cloudwatch", f"dashboard/{name}", region="")
    return name, {"dashboardName": name, "dashboardArn": arn}


HANDLERS: dict[str, Handler] = {
    "aws:cloudwatch/dashboard:Dashboard": dashboard,
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": metric_alarm,
}
