"""Properties as the SDK sends them (protobuf Structs) to plain Python values, and back.

The SDK's own conversion costs more than everything else the engine does for a resource, and hides unknown
values: this one says where each unknown is and which inputs are secret.
"""

from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.asset import (
    Archive,
    Asset,
    AssetArchive,
    FileArchive,
    FileAsset,
    RemoteArchive,
    RemoteAsset,
    StringAsset,
)
from pulumi.runtime import rpc

_SIGNATURE = rpc._special_sig_key


@dataclass
class Properties:
    """Decoded properties: secrets unwrapped (their top-level names kept), paths of unknown values."""

    values: dict[str, Any]
    secrets: set[str] = field(default_factory=set)
    unknowns: list[str] = field(default_factory=list)


def read(struct: struct_pb2.Struct) -> Properties:
    """Decode a resource's properties. Whole numbers become int, as they do in JSON that Go writes."""
    result = Properties({})
    for key, item in struct.fields.items():
        value = _value(item, key, key, result)
        if value is not None:
            result.values[key] = value
    return result


def _value(item: struct_pb2.Value, path: str, top: str, result: Properties) -> Any:
    kind = item.WhichOneof("kind")
    if kind == "string_value":
        text = item.string_value
        if text == rpc.UNKNOWN:
            result.unknowns.append(path)
            return None
        return text
    if kind == "struct_value":
        return _object(item.struct_value, path, top, result)
    if kind == "list_value":
        return [
            _value(element, f"{path}[{index}]", top, result)
            for index, element in enumerate(item.list_value.values)
        ]
    if kind == "number_value":
        number = item.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return item.bool_value
    return None


def _object(struct: struct_pb2.Struct, path: str, top: str, result: Properties) -> Any:
    fields = struct.fields
    if _SIGNATURE not in fields:
        decoded = {key: _value(item, f"{path}.{key}", top, result) for key, item in fields.items()}
        return {key: value for key, value in decoded.items() if value is not None}
    signature = fields[_SIGNATURE].string_value
    if signature == rpc._special_secret_sig:
        result.secrets.add(top)
        return _value(fields["value"], path, top, result)
    if signature == rpc._special_resource_sig:
        return _value(fields["id" if "id" in fields else "urn"], path, top, result)
    if signature == rpc._special_asset_sig:
        return _asset(fields, path, top, result)
    if signature == rpc._special_archive_sig:
        return _archive(fields, path, top, result)
    raise AssertionError(f"{path}: a value of an unknown kind ({signature})")


def _asset(fields: Any, path: str, top: str, result: Properties) -> Asset:
    if "path" in fields:
        return FileAsset(_value(fields["path"], path, top, result))
    if "text" in fields:
        return StringAsset(_value(fields["text"], path, top, result))
    return RemoteAsset(_value(fields["uri"], path, top, result))


def _archive(fields: Any, path: str, top: str, result: Properties) -> Archive:
    if "assets" in fields:
        return AssetArchive(_value(fields["assets"], path, top, result))
    if "path" in fields:
        return FileArchive(_value(fields["path"], path, top, result))
    return RemoteArchive(_value(fields["uri"], path, top, result))


def write(values: dict[str, Any], secrets: set[str]) -> struct_pb2.Struct:
    """Encode outputs; those named in `secrets` are marked secret. None means the output has no value."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        if key in secrets:
            value = {_SIGNATURE: rpc._special_secret_sig, "value": value}
        _fill(struct.fields[key], value)
    return struct


def _fill(target: struct_pb2.Value, value: Any) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        for key, element in value.items():
            _fill(target.struct_value.fields[key], element)
    elif isinstance(value, (list, tuple)):
        target.list_value.SetInParent()
        for element in value:
            _fill(target.list_value.values.add(), element)
    else:
        raise TypeError(f"an output of type {type(value).__name__} cannot be sent")
