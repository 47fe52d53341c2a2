"""DynamoDB tables and items."""

import json
from typing import Any

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, without_none
from corral.local.engine.model import EngineError


def table(inputs: Inputs, context: Context) -> Created:
    """Create a table, then set expiry and point-in-time recovery."""
    name = context.name_of()
    table_tags = tags.take_tags(inputs)
    hash_key, range_key = inputs.need("hashKey"), inputs.take("rangeKey")
    billing = inputs.take("billingMode", "PROVISIONED")
    stream = inputs.take("streamEnabled", False)
    stream_view = inputs.take("streamViewType")
    parameters = {
        "KeySchema": _keys(hash_key, range_key),
        "AttributeDefinitions": [
            {"AttributeName": block.need("name"), "AttributeType": block.need("type")}
            for block in inputs.blocks("attributes")
        ],
        "BillingMode": billing,
        "ProvisionedThroughput": _throughput(inputs) if billing == "PROVISIONED" else None,
        "GlobalSecondaryIndexes": [
            _index(block, hash_key=block.need("hashKey"), provisioned=billing == "PROVISIONED")
            for block in inputs.blocks("globalSecondaryIndexes")
        ]
        or None,
        "LocalSecondaryIndexes": [
            _index(block, hash_key=hash_key, provisioned=False)
            for block in inputs.blocks("localSecondaryIndexes")
        ]
        or None,
        "SSESpecification": _encryption(inputs.block("serverSideEncryption")),
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": stream_view} if stream else None,
        "TableClass": inputs.take("tableClass"),
        "DeletionProtectionEnabled": inputs.take("deletionProtectionEnabled"),
        "Tags": tags.as_list(table_tags),
    }
    expiry = _expiry(inputs.block("ttl"))
    recovery = _recovery(inputs.block("pointInTimeRecovery"))
    inputs.close()
    description = context.call("dynamodb", "create_table", TableName=name, **parameters)["TableDescription"]
    if expiry:
        context.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=expiry)
    if recovery:
        context.call(
            "dynamodb", "update_continuous_backups", TableName=name, PointInTimeRecoverySpecification=recovery
        )
    streams = {
        "streamArn": description.get("LatestStreamArn"),
        "streamLabel": description.get("LatestStreamLabel"),
    }
    return name, {
        "name": name,
        "arn": description["TableArn"],
        "billingMode": billing,
        **without_none(streams),
        **tags.outputs(table_tags),
    }


def _keys(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key is not None:
        keys.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return keys


def _throughput(inputs: Inputs) -> dict[str, Any]:
    return {
        "ReadCapacityUnits": inputs.need("readCapacity"),
        "WriteCapacityUnits": inputs.need("writeCapacity"),
    }


def _index(block: Inputs, *, hash_key: str, provisioned: bool) -> dict[str, Any]:
    index = {
        "IndexName": block.need("name"),
        "KeySchema": _keys(hash_key, block.take("rangeKey")),
        "Projection": without_none(
            {
                "ProjectionType": block.need("projectionType"),
                "NonKeyAttributes": block.take("nonKeyAttributes"),
            }
        ),
    }
    if provisioned:
        index["ProvisionedThroughput"] = _throughput(block)
    return index


def _encryption(block: Inputs | None) -> dict[str, Any] | None:
    if block is None:
        return None
    key = block.take("kmsKeyArn")
    enabled = block.need("enabled")
    return without_none({"Enabled": enabled, "SSEType": "KMS" if enabled else None, "KMSMasterKeyId": key})


def _expiry(block: Inputs | None) -> dict[str, Any] | None:
    if block is None:
        return None
    attribute, enabled = block.take("attributeName"), block.take("enabled", True)
    return {"AttributeName": attribute, "Enabled": True} if enabled else None


def _recovery(block: Inputs | None) -> dict[str, Any] | None:
    if block is None:
        return None
    enabled, period = block.need("enabled"), block.take("recoveryPeriodInDays")
    return without_none(
        {"PointInTimeRecoveryEnabled": enabled, "RecoveryPeriodInDays": period if enabled else None}
    )


def item(inputs: Inputs, context: Context) -> Created:
    """Put one item, given as DynamoDB's own JSON; it must not exist yet."""
    table_name = inputs.need("tableName")
    hash_key, range_key = inputs.need("hashKey"), inputs.take("rangeKey")
    attributes = json.loads(inputs.need("item"))
    inputs.close()
    for key in filter(None, (hash_key, range_key)):
        if key not in attributes:
            raise EngineError(f"item has no attribute {key!r}, which is a key of the table")
    context.call(
        "dynamodb",
        "put_item",
        TableName=table_name,
        Item=attributes,
        ConditionExpression="attribute_not_exists(#key)",
        ExpressionAttributeNames={"#key": hash_key},
    )
    values = [next(iter(attributes[key].values())) for key in filter(None, (hash_key, range_key))]
    return "|".join([table_name, hash_key, *([range_key] if range_key else []), *values]), {}


HANDLERS: dict[str, Handler] = {
    "aws:dynamodb/table:Table": table,
    "aws:dynamodb/tableItem:TableItem": item,
}
