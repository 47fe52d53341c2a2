"""DynamoDB tables and items."""

import json
from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Old, Parameters, of, retag

_SETTINGS = {
    "billingMode": ("BillingMode", "ProvisionedThroughput"),
    "readCapacity": ("ProvisionedThroughput",),
    "writeCapacity": ("ProvisionedThroughput",),
    "serverSideEncryption": ("SSESpecification",),
    "tableClass": ("TableClass",),
    "deletionProtectionEnabled": ("DeletionProtectionEnabled",),
}


def _update_table(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    name = change.id
    wanted = {setting for key in change.changed for setting in _SETTINGS.get(key, ())}
    parameters = {setting: sent[setting] for setting in wanted if sent[setting] is not None}
    if parameters:
        calls("dynamodb", "update_table", TableName=name, **parameters)
    if change.gone("ttl") and (before := change.old["ttl"]).get("enabled", True):
        off = {"AttributeName": before["attributeName"], "Enabled": False}
        calls("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=off)
    if change.gone("pointInTimeRecovery"):
        calls(
            *("dynamodb", "update_continuous_backups"),
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
        )
    arn = change.old["arn"]
    retag(calls, change, "dynamodb", ("tag_resource", "Tags"), ("untag_resource", "TagKeys"), ResourceArn=arn)
    return {"TableDescription": calls("dynamodb", "describe_table", TableName=name)["Table"]}


def _expiry(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    # DynamoDB refuses to enable what is enabled already.
    return calls("dynamodb", "update_time_to_live", **sent) if "ttl" in change.changed else {}


def _keys(values: dict[str, Any]) -> dict[str, Any]:
    attributes = json.loads(values["item"])
    names = filter(None, (values["hashKey"], values.get("rangeKey")))
    return {name: attributes[name] for name in names}


def _put_again(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    calls("dynamodb", "put_item", TableName=sent["TableName"], Item=sent["Item"])
    before = _keys(change.old)
    if before != _keys(change.new):
        calls("dynamodb", "delete_item", TableName=sent["TableName"], Key=before)
    return {}


def _item_exists(calls: Calls, old: Old) -> None:
    found = calls("dynamodb", "get_item", TableName=old.values["tableName"], Key=_keys(old.values))
    if "Item" not in found:
        raise EngineError("ResourceNotFoundException")


KINDS = {
    "aws:dynamodb/table:Table": Kind(
        delete=lambda calls, old: calls("dynamodb", "delete_table", TableName=old.id),
        exists=lambda calls, old: calls("dynamodb", "describe_table", TableName=old.id),
        in_place=of(*_SETTINGS, "ttl", "pointInTimeRecovery", "tags"),
        rewrites={
            ("dynamodb", "create_table"): _update_table,
            ("dynamodb", "update_time_to_live"): _expiry,
        },
    ),
    "aws:dynamodb/tableItem:TableItem": Kind(
        delete=lambda calls, old: calls(
            "dynamodb", "delete_item", TableName=old.values["tableName"], Key=_keys(old.values)
        ),
        exists=_item_exists,
        in_place=of("item"),
        rewrites={("dynamodb", "put_item"): _put_again},
        named=None,
    ),
}
