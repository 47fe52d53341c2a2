"""Brings a resource's state up to date with what AWS has, and makes the state of one that is imported."""

from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]

from corral.local.engine import wire
from corral.local.provider.comparing import NOTHING, pruned, same
from corral.local.provider.kind import Kind, Live
from corral.local.provider.values import comparable, holds_secret, merged

_State = tuple[struct_pb2.Struct, struct_pb2.Struct]  # inputs, properties


def refreshed(kind: Kind, inputs: struct_pb2.Struct, properties: struct_pb2.Struct, live: Live) -> _State:
    """Return a state's inputs and properties with AWS's values where those differ in meaning.

    What means the same stays as it is, to the byte. An input that is not given is compared with what the
    outputs say, or AWS's default: it becomes one when it was changed behind Pulumi's back, so that the next
    update takes it away again.
    """
    inputs, properties = merged(inputs), merged(properties)
    given, known = comparable(inputs), comparable(properties)
    for key, value in live.inputs.items():
        default = kind.defaults.get(key)
        if key not in given and key in kind.elsewhere:
            continue
        if same(key, given.get(key, known.get(key, default)), value, default):
            continue
        if value in NOTHING:
            inputs.fields.pop(key, None)
            properties.fields.pop(key, None)
        else:
            _set(kind, inputs, key, pruned(value, default) or value)
            _set(kind, properties, key, value)
    for key, value in _outputs(live).items():
        if not same(key, known.get(key), value):
            _set(kind, properties, key, value)
    content = kind.content
    if content is not None and known.get(content.shown_as) != live.outputs[content.shown_as]:
        # What it was changed to is not to be had; without it, the next update puts back what the program has.
        for key in content.inputs:
            inputs.fields.pop(key, None)
            properties.fields.pop(key, None)
    return inputs, properties


def imported(kind: Kind, live: Live) -> _State:
    """Return the inputs that a program would give to have this resource, and its properties."""
    inputs, properties = struct_pb2.Struct(), struct_pb2.Struct()
    for key, value in live.inputs.items():
        said = pruned(value, kind.defaults.get(key))
        if said is not None and key not in kind.elsewhere:
            _set(kind, inputs, key, said)
        if value not in NOTHING:
            _set(kind, properties, key, value)
    for key, value in _outputs(live).items():
        _set(kind, properties, key, value)
    return inputs, properties


def _outputs(live: Live) -> dict[str, Any]:
    return {**live.outputs, **({"tagsAll": live.inputs["tags"]} if "tags" in live.inputs else {})}


def _set(kind: Kind, struct: struct_pb2.Struct, key: str, value: Any) -> None:
    secret = key in kind.secret or (key in struct.fields and holds_secret(struct.fields[key]))
    struct.fields[key].CopyFrom(wire.write({key: value}, {key} if secret else set()).fields[key])
