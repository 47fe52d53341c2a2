"""Tells the engine that a resource exists but is not all that was asked for.

Pulumi's protocol has an error for it, with which the engine records the resource, and updates it in the next
run even if its inputs have not changed.
"""

from typing import Any, NoReturn, TypeAlias

import grpc  # type: ignore[import-untyped]
from google.protobuf import any_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, status_pb2

from corral.local.provider.values import merged

Context: TypeAlias = Any  # grpc's, which has no types

# The property that says what failed, until an update comes to its end: the engine tells an update's provider
# nothing of the failure before. Properties with such a name are not shown to people.
UNFINISHED = "__unfinished"
_DETAILS = "grpc-status-details-bin"  # where gRPC's libraries look for an error's details


def marked(properties: struct_pb2.Struct, reason: str) -> struct_pb2.Struct:
    """Return a resource's properties with the mark that it is unfinished."""
    result = merged(properties)
    result.fields[UNFINISHED].string_value = reason
    return result


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
