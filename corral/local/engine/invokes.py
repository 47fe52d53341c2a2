"""The functions (invokes) a program may call. Any other is an error: an invented answer would hide it."""

import json
from collections.abc import Callable
from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.inputs import Inputs
from corral.local.engine.model import EngineError


class NotThereError(EngineError):
    """What a function looks for is not there: its caller is told, and may go on without it."""


def invoke(calls: Calls, token: str, values: dict[str, Any]) -> dict[str, Any]:
    """Answer one invoke; EngineError for a token that is not known or an argument that is not supported."""
    function = _FUNCTIONS.get(token)
    if function is None:
        raise EngineError(
            f"the local engine does not have this function; it has {', '.join(sorted(_FUNCTIONS))}"
        )
    inputs = Inputs(values)
    inputs.fixed("region", calls.region)
    return function(calls, inputs)


def _caller_identity(calls: Calls, inputs: Inputs) -> dict[str, Any]:
    inputs.close()
    answer = calls("sts", "get_caller_identity")
    return {
        "accountId": answer["Account"],
        "arn": answer["Arn"],
        "userId": answer["UserId"],
        "id": answer["Account"],
    }


def _region(calls: Calls, inputs: Inputs) -> dict[str, Any]:
    inputs.close()
    return {
        "id": calls.region,
        "name": calls.region,
        "region": calls.region,
        "description": calls.region,
        "endpoint": calls.endpoint,
    }


def _partition(calls: Calls, inputs: Inputs) -> dict[str, Any]:
    inputs.close()
    suffix = "amazonaws.com.cn" if calls.partition == "aws-cn" else "amazonaws.com"
    return {
        "id": calls.partition,
        "partition": calls.partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def _table_item(calls: Calls, inputs: Inputs) -> dict[str, Any]:
    """Read an item, in DynamoDB's own JSON; there must be one, as the provider sees it."""
    table, key = inputs.need("tableName"), inputs.need("key")
    inputs.close()
    try:
        item = calls("dynamodb", "get_item", TableName=table, Key=json.loads(key), ConsistentRead=True).get(
            "Item"
        )
    except EngineError as error:
        if "ResourceNotFoundException" in str(error):
            raise NotThereError(str(error)) from None
        raise
    if item is None:
        raise NotThereError(f"reading DynamoDB Table Item ({table}|{key}): couldn't find resource")
    return {"id": f"{table}|{key}", "tableName": table, "key": key, "item": json.dumps(item)}


_FUNCTIONS: dict[str, Callable[[Calls, Inputs], dict[str, Any]]] = {
    "aws:dynamodb/getTableItem:getTableItem": _table_item,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
}
