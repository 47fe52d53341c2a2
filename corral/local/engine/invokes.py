"""The functions (invokes) a program may call. Any other is an error: an invented answer would hide it."""

from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.inputs import Inputs
from corral.local.engine.model import EngineError


def invoke(calls: Calls, token: str, values: dict[str, Any]) -> dict[str, Any]:
    """Answer one invoke; EngineError for a token that is not known or an argument that is not supported."""
    function = _FUNCTIONS.get(token)
    if function is None:
        raise EngineError(
            f"the local engine does not have this function; it has {', '.join(sorted(_FUNCTIONS))}"
        )
    inputs = Inputs(values)
    inputs.fixed("region", calls.region)
    inputs.close()
    return function(calls)


def _caller_identity(calls: Calls) -> dict[str, Any]:
    answer = calls("sts", "get_caller_identity")
    return {
        "accountId": answer["Account"],
        "arn": answer["Arn"],
        "userId": answer["UserId"],
        "id": answer["Account"],
    }


def _region(calls: Calls) -> dict[str, Any]:
    return {
        "id": calls.region,
        "name": calls.region,
        "region": calls.region,
        "description": calls.region,
        "endpoint": calls.endpoint,
    }


def _partition(calls: Calls) -> dict[str, Any]:
    suffix = "amazonaws.com.cn" if calls.partition == "aws-cn" else "amazonaws.com"
    return {
        "id": calls.partition,
        "partition": calls.partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


_FUNCTIONS = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
}
