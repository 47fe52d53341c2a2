"""Tells the engine that a resource exists but is not all that was asked for.

Pulumi's protocol has an error for it, with which the engine records the resource, and updates it in the next
run even if its inputs have not changed.
"""

from typing import Any, NoReturn, TypeAlias

import grpc  # type: ignore[import-untyped]
from google.protobuf import any_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, status_pb2

from corral.local.provider.comparing import changed
from corral.local.provider.kind import Change, Kind, Live, Values
from corral.local.provider.refresh import refreshed
from corral.local.provider.values import DEFAULTS, comparable, merged

Context: TypeAlias = Any  # grpc's, which has no types

# The property of an unfinished resource that says what failed, as `reason`, and which inputs are to go, as
# `gone`: the engine tells an update's provider nothing of the failure before. Properties with such a name are
# not shown to people.
UNFINISHED = "__unfinished"
_DETAILS = "grpc-status-details-bin"  # where gRPC's libraries look for an error's details


def marked(properties: struct_pb2.Struct, reason: str, gone: struct_pb2.Struct) -> struct_pb2.Struct:
    """Return a resource's properties with the mark that it is unfinished."""
    result = merged(properties)
    mark = result.fields[UNFINISHED].struct_value.fields
    mark["reason"].string_value = reason
    mark["gone"].struct_value.CopyFrom(gone)
    return result


def gone(before: struct_pb2.Struct, olds: struct_pb2.Struct, after: struct_pb2.Struct) -> struct_pb2.Struct:
    """Return the inputs that an update takes away, as they were, with those an unfinished one still has to."""
    mark = olds.fields[UNFINISHED].struct_value.fields if UNFINISHED in olds.fields else {}
    earlier = mark["gone"].struct_value if "gone" in mark else struct_pb2.Struct()
    result = merged(earlier, before)
    for key in [DEFAULTS, *comparable(after)]:
        result.fields.pop(key, None)
    return result


def resumed(kind: Kind, request: Any, values: Values, live: Live) -> Change:
    """Return what is left to change of an unfinished resource, as seen from what AWS has.

    What its outputs say of inputs that are not given does not count, as it may be what is to go.
    """
    known = merged(request.olds)
    given = comparable(request.old_inputs)
    for key in [UNFINISHED, *(live.inputs.keys() - given.keys())]:
        known.fields.pop(key, None)
    inputs, properties = refreshed(kind, request.old_inputs, known, live)
    going = comparable(gone(request.old_inputs, request.olds, request.news))
    before, old, after = comparable(inputs), comparable(properties), comparable(request.news)
    differences = changed(before, old, after, kind.defaults).keys()
    unseen = (values.keys() | going.keys()) - (live.inputs.keys() - (kind.elsewhere & going.keys()))
    if kind.content is not None:
        unseen -= {*kind.content.inputs}  # which the refresh has looked at, by their digest
    return Change(request.id, {**going, **old}, values, frozenset(differences | unseen))


def fail_unfinished(
    context: Context, identifier: str, inputs: struct_pb2.Struct, properties: struct_pb2.Struct, reason: str
) -> NoReturn:
    """End a request with the error that has the engine record the resource as it is."""
    failed = provider_pb2.ErrorResourceInitFailed(
        id=identifier, properties=properties, reasons=[reason], inputs=inputs
    )
    detail = any_pb2.Any()
    detail.Pack(failed)
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=reason, details=[detail])
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))
    context.abort(code, reason)
    raise AssertionError("abort raises")
