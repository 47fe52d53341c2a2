"""The calls that Cloud Control's handlers make of the services themselves, for the trail.

On AWS the handler of a resource type calls its service with the caller's own rights, and CloudTrail has that call
beside Cloud Control's. Which resource it was about is in its parameters; a call that failed is not recorded here.
"""

from __future__ import annotations

from typing import Any

from moto.core.utils import get_service_model

from corral.local.server.cloudcontrol.kinds import KINDS
from corral.local.server.core import Call, Properties
from corral.local.server.trail_record import identity

_INVOKED_BY = "cloudformation.amazonaws.com"
_CONTROL_PLANES = {
    "bedrock-agentcore": "bedrock-agentcore-control",
    "agent-registry": "agent-registry-control",
    "bedrock": "bedrock",
}
# Where operation or parameter have another name than resource type or property.
_TYPES = {"ApplicationInferenceProfile": "InferenceProfile"}
_PROPERTIES = {
    "guardrailIdentifier": "GuardrailId",
    "inferenceProfileIdentifier": "InferenceProfileId",
}


def record(call: Call, verb: str, properties: Properties) -> None:
    """Record a handler's call: `verb` is CREATE, UPDATE or DELETE, `properties` those of the resource."""
    type_name = call.params["TypeName"]
    kind = KINDS.get(type_name)
    if kind is None:
        return
    service, name = _CONTROL_PLANES[kind.service], type_name.rpartition("::")[2]
    operation = f"{verb.capitalize()}{_TYPES.get(name, name)}"
    model = get_service_model(service)
    if operation not in model.operation_names:
        return
    with call.aws.moto_lock:
        who = identity(call.caller) | {"invokedBy": _INVOKED_BY}
    made = Call(
        service,
        operation,
        _parameters(model.operation_model(operation).input_shape, properties),
        call.caller,
        call.aws,
        call.request_id,
        call.http,
        {"userIdentity": who, "sourceIPAddress": _INVOKED_BY, "userAgent": _INVOKED_BY},
    )
    call.aws.trail.record(made)


def _parameters(shape: Any, properties: Properties) -> dict[str, Any]:
    """What names the resource: the parts of the call's path, or of a new one its name."""
    named = [name for name, member in shape.members.items() if member.serialization.get("location") == "uri"]
    wanted = {
        name: _PROPERTIES.get(name, name[:1].upper() + name[1:]) for name in (*named, "name", "harnessName")
    }
    return {
        name: properties[property_name]
        for name, property_name in wanted.items()
        if name in shape.members and property_name in properties
    }
