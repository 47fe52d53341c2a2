"""DynamoDB tables and items."""

import json
from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, Values, of, retag
from corral.local.provider.reading import lower_first, tag_map

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
    had, given = (values.get("ttl") or {"enabled": False} for values in (change.old, change.new))
    if had.get("enabled", True) and not given.get("enabled", True):
        off = {"AttributeName": had["attributeName"], "Enabled": False}
        calls("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=off)
    arn = change.old["arn"]
    retag(calls, change, "dynamodb", ("tag_resource", "Tags"), ("untag_resource", "TagKeys"), ResourceArn=arn)
    return {"TableDescription": calls("dynamodb", "describe_table", TableName=name)["Table"]}


def _read_table(calls: Calls, old: Old) -> Live:
    name = {"TableName": old.id}
    table = calls("dynamodb", "describe_table", **name)["Table"]
    stream = table.get("StreamSpecification") or {}
    encryption = table.get("SSEDescription") or {}
    inputs = {
        "name": table["TableName"],
        **_key_names(table["KeySchema"]),
        "attributes": [
            {"name": each["AttributeName"], "type": each["AttributeType"]}
            for each in table["AttributeDefinitions"]
        ],
        **_billing(table),
        "globalSecondaryIndexes": [_index(each) for each in table.get("GlobalSecondaryIndexes") or []],
        "localSecondaryIndexes": [
            {key: value for key, value in _index(each).items() if key not in ("hashKey", *_CAPACITIES)}
            for each in table.get("LocalSecondaryIndexes") or []
        ],
        "serverSideEncryption": {
            "enabled": encryption.get("Status") in ("ENABLED", "ENABLING"),
            "kmsKeyArn": encryption.get("KMSMasterKeyArn"),
        },
        "streamEnabled": stream.get("StreamEnabled", False),
        "streamViewType": stream.get("StreamViewType"),
        "tableClass": table.get("TableClassSummary", {}).get("TableClass"),
        "deletionProtectionEnabled": table["DeletionProtectionEnabled"],
        "ttl": _ttl(
            calls("dynamodb", "describe_time_to_live", **name)["TimeToLiveDescription"],
            old.values.get("ttl") or {},
        ),
        "pointInTimeRecovery": _recovery(calls, name),
        "tags": tag_map(calls("dynamodb", "list_tags_of_resource", ResourceArn=table["TableArn"])["Tags"]),
    }
    streams = {
        output: table[name]
        for output, name in (("streamArn", "LatestStreamArn"), ("streamLabel", "LatestStreamLabel"))
        if name in table
    }
    return Live(inputs, {"arn": table["TableArn"], **streams})


def _key_names(schema: list[dict[str, str]]) -> dict[str, str]:
    return {f"{key['KeyType'].lower()}Key": key["AttributeName"] for key in schema}


_CAPACITIES = ("readCapacity", "writeCapacity")


def _capacity(shown: Parameters) -> Values:
    throughput = shown.get("ProvisionedThroughput") or {}
    units = (throughput.get("ReadCapacityUnits"), throughput.get("WriteCapacityUnits"))
    return {key: count or None for key, count in zip(_CAPACITIES, units, strict=True)}


def _billing(table: Parameters) -> Values:
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return {"billingMode": mode, **(_capacity(table) if mode == "PROVISIONED" else {})}


def _index(shown: Parameters) -> Values:
    projection = lower_first(shown["Projection"])
    return {"name": shown["IndexName"], **_key_names(shown["KeySchema"]), **projection, **_capacity(shown)}


def _ttl(shown: Parameters, given: Values) -> Values | None:
    if shown.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        return given if given.get("enabled") is False else None
    return {"attributeName": shown["AttributeName"], "enabled": True}


def _recovery(calls: Calls, name: Parameters) -> Values:
    backups = calls("dynamodb", "describe_continuous_backups", **name)["ContinuousBackupsDescription"]
    shown = backups.get("PointInTimeRecoveryDescription") or {}
    return {
        "enabled": shown.get("PointInTimeRecoveryStatus") == "ENABLED",
        "recoveryPeriodInDays": shown.get("RecoveryPeriodInDays"),
    }


def _expiry(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    # DynamoDB refuses to enable what is enabled already.
    wanted = "ttl" in change.changed and change.new.get("ttl") is not None
    return calls("dynamodb", "update_time_to_live", **sent) if wanted else {}


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


def _read_item(calls: Calls, old: Old) -> Live:
    values, identifier = old.values, ""
    table = values["tableName"]
    if "item" in values:
        key = _keys(values)
    else:  # an import's id has what the keys are, the table their names and types
        described = calls("dynamodb", "describe_table", TableName=table)["Table"]
        types = {each["AttributeName"]: each["AttributeType"] for each in described["AttributeDefinitions"]}
        values = {**values, **_key_names(described["KeySchema"])}
        told = {values["hashKey"]: values["hash"], values.get("rangeKey"): values.get("range")}
        key = {name: {types[name]: told[name]} for name in types if told.get(name) is not None}
        names = [name for name in (values["hashKey"], values.get("rangeKey")) if name]
        identifier = "|".join([table, *names, *(told[name] or "" for name in names)])
    item = calls("dynamodb", "get_item", TableName=table, Key=key, ConsistentRead=True).get("Item")
    if item is None:
        raise EngineError(f"ResourceNotFoundException: table {table} has no item {json.dumps(key)}")
    inputs = {
        "tableName": table,
        "hashKey": values["hashKey"],
        "rangeKey": values.get("rangeKey"),
        "item": json.dumps(item),
    }
    return Live(inputs, id=identifier)


KINDS = {
    "aws:dynamodb/table:Table": Kind(
        delete=lambda calls, old: calls("dynamodb", "delete_table", TableName=old.id),
        read=_read_table,
        in_place=of(*_SETTINGS, "ttl", "pointInTimeRecovery", "tags"),
        rewrites={
            ("dynamodb", "create_table"): _update_table,
            ("dynamodb", "update_time_to_live"): _expiry,
        },
        defaults={
            "billingMode": "PROVISIONED",
            "serverSideEncryption": {"enabled": False},
            "streamEnabled": False,
            "tableClass": "STANDARD",
            "deletionProtectionEnabled": False,
            "ttl": {"enabled": True},
            "pointInTimeRecovery": {"enabled": False, "recoveryPeriodInDays": 35},
        },
    ),
    "aws:dynamodb/tableItem:TableItem": Kind(
        delete=lambda calls, old: calls(
            "dynamodb", "delete_item", TableName=old.values["tableName"], Key=_keys(old.values)
        ),
        read=_read_item,
        ids=(
            *("{tableName},{hash},{range}", "{tableName},{hash}"),
            *("{tableName}|{hashKey}|{rangeKey}|{hash}|{range}", "{tableName}|{hashKey}|{hash}"),
        ),
        in_place=of("item"),
        rewrites={("dynamodb", "put_item"): _put_again},
        named=None,
    ),
}
