"""Properties in a form that can be compared: what differs between a resource's inputs then and now."""

from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import rpc

_SIGNATURE = rpc._special_sig_key
_HASHED = (rpc._special_asset_sig, rpc._special_archive_sig)
DEFAULTS = "__defaults"  # the inputs that were filled in; pulumi-aws keeps them under this name too


def comparable(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Decode properties. An asset becomes its hash, a secret its value; an unknown value equals no known one.

    It is also the way to read a state: of an asset in there the engine sends nothing but the hash.
    """
    decoded = {key: _value(item) for key, item in struct.fields.items()}
    return {key: value for key, value in decoded.items() if value is not None}


def _value(item: struct_pb2.Value) -> Any:
    kind = item.WhichOneof("kind")
    if kind == "struct_value":
        return _object(item.struct_value)
    if kind == "list_value":
        return [_value(element) for element in item.list_value.values]
    if kind == "number_value":
        number = item.number_value
        return int(number) if number.is_integer() else number
    return None if kind == "null_value" else getattr(item, kind)


def _object(struct: struct_pb2.Struct) -> Any:
    fields = struct.fields
    signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
    if signature == rpc._special_secret_sig:
        return _value(fields["value"])
    # The engine hashes an asset's content before it asks; where the content lies does not matter.
    if signature in _HASHED and "hash" in fields:
        return (signature, fields["hash"].string_value)
    return comparable(struct)


def holds_secret(item: struct_pb2.Value) -> bool:
    """Whether a value is a secret or has one somewhere within."""
    kind = item.WhichOneof("kind")
    if kind == "list_value":
        return any(map(holds_secret, item.list_value.values))
    if kind != "struct_value":
        return False
    fields = item.struct_value.fields
    if _SIGNATURE in fields and fields[_SIGNATURE].string_value == rpc._special_secret_sig:
        return True
    return any(map(holds_secret, fields.values()))


def merged(*structs: struct_pb2.Struct) -> struct_pb2.Struct:
    """Return all properties together; a later one takes the place of an earlier one."""
    result = struct_pb2.Struct()
    for struct in structs:
        for key, item in struct.fields.items():
            result.fields[key].CopyFrom(item)
    return result


def unknown(names: frozenset[str]) -> struct_pb2.Struct:
    """Return properties whose values are not known yet."""
    result = struct_pb2.Struct()
    for name in names:
        result.fields[name].string_value = rpc.UNKNOWN
    return result
