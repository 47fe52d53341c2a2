"""Pulumi's provider protocol: what the engine asks of a provider, answered for the `aws` package."""

from importlib.metadata import version
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from corral.local.engine import wire
from corral.local.engine.calls import Calls
from corral.local.engine.create import create
from corral.local.engine.invokes import invoke
from corral.local.engine.model import EngineError
from corral.local.engine.names import automatic_name
from corral.local.provider.attempt import Attempt
from corral.local.provider.aws import KINDS
from corral.local.provider.comparing import changed
from corral.local.provider.importing import located
from corral.local.provider.kind import Change, Kind, Old, Values
from corral.local.provider.missing import is_missing
from corral.local.provider.refresh import imported, refreshed
from corral.local.provider.unfinished import UNFINISHED, Context, fail_unfinished, gone, marked, resumed
from corral.local.provider.update import update
from corral.local.provider.values import DEFAULTS, comparable, merged, unknown

_PropertyDiff = provider_pb2.PropertyDiff


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider. Its methods are called one at a time: `Calls` is for one thread."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    # -- about the provider

    def GetPluginInfo(self, request: Any, context: Context) -> Any:  # noqa: N802 pulumi's names, here and below
        """Say which version of the package the program's types are from."""
        return plugin_pb2.PluginInfo(version=version("pulumi_aws"))

    def GetSchema(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Say why there is no schema, from which the engine would write the code of an imported resource."""
        message = "the provider for the local AWS has no schema of the aws package: use --generate-code=false"
        context.abort(grpc.StatusCode.UNIMPLEMENTED, message)

    def Attach(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Take note of the engine: nothing is sent to it."""
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Let what is under way end: each call takes milliseconds."""
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Accept the provider's configuration; `Configure` looks at it."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Say that a change of configuration replaces no resource."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refuse a configuration for another region or account than the local AWS has."""
        calls = self._calls
        given = wire.read(request.args).values
        region, accounts = given.get("region"), given.get("allowedAccountIds")
        if region not in (None, calls.region):
            _refuse(context, f"aws:region is {region}, the local AWS is in {calls.region}")
        if accounts is not None and calls.account not in accounts:
            _refuse(context, f"aws:allowedAccountIds is {accounts}, the local AWS is {calls.account}")
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Invoke(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Answer a function call."""
        try:
            answer = invoke(self._calls, request.tok, wire.read(request.args).values)
        except EngineError as error:
            failure = provider_pb2.CheckFailure(property="", reason=str(error))
            return provider_pb2.InvokeResponse(failures=[failure])
        return provider_pb2.InvokeResponse(**{"return": wire.write(answer, set())})

    # -- about a resource

    def Check(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Name a resource the program gives no name: as before, or for a new one at random."""
        kind = _kind(request, context)
        inputs = merged(request.news)
        name = kind.named
        if name is not None and name not in inputs.fields:
            before = comparable(request.olds)
            if name in before.get(DEFAULTS, ()):
                given = before[name]
            else:
                prefix = (
                    inputs.fields[f"{name}Prefix"].string_value if f"{name}Prefix" in inputs.fields else None
                )
                seed = f"{request.urn}{request.randomSeed.hex()}"
                given = automatic_name(request.name, seed, _LONGEST_NAME, prefix)
            inputs.fields[name].string_value = given
            inputs.fields[DEFAULTS].list_value.values.add().string_value = name
        return provider_pb2.CheckResponse(inputs=inputs)

    def Diff(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Say which inputs differ and whether the resource must be replaced for it."""
        kind = _kind(request, context)
        differences = _differences(kind, request)
        if not differences:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        replaces = [key for key in differences if key not in kind.in_place]
        detailed = {
            key: _PropertyDiff(kind=_diff_kind(how, key in replaces), inputDiff=True)
            for key, how in differences.items()
        }
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            diffs=list(differences),
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and _name_taken(kind, request),
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Create a resource. In a preview, only its inputs are known."""
        kind = _kind(request, context)
        inputs = _without_defaults(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=inputs)
        attempt = Attempt(self._calls, to_the_end=True)
        try:
            identifier, outputs = create(attempt, request.type, request.name, request.urn, _values(inputs))
        except EngineError as error:
            _refuse(context, str(error))
        properties = merged(inputs, wire.write(outputs, set()))
        if attempt.failure is not None:
            nothing = struct_pb2.Struct()
            reason = str(attempt.failure)
            self._leave_unfinished(context, kind, identifier, inputs, properties, reason, nothing)
        return provider_pb2.CreateResponse(id=identifier, properties=properties)

    def Update(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Change a resource in place. In a preview, say what is not known before."""
        kind = _kind(request, context)
        inputs = _without_defaults(request.news)
        going = gone(request.old_inputs, request.olds, request.news)
        kept = merged(request.olds)
        for key in [UNFINISHED, *going.fields]:
            kept.fields.pop(key, None)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=merged(kept, inputs, unknown(kind.outputs)))
        values, old = _values(inputs), _old(request, request.olds)
        attempt = Attempt(self._calls)
        try:
            if UNFINISHED in old.values:
                change = resumed(kind, request, values, kind.read(self._calls, old))
            else:
                differences = frozenset(_differences(kind, request))
                change = Change(request.id, old.values, values, differences)
            outputs = update(attempt, kind, request.type, request.name, request.urn, change)
        except EngineError as error:
            if not attempt.begun:
                _refuse(context, str(error))
            self._leave_unfinished(context, kind, request.id, inputs, merged(kept, inputs), str(error), going)
        properties = merged(kept, inputs, wire.write(outputs, set()))
        return provider_pb2.UpdateResponse(properties=properties)

    def _leave_unfinished(
        self,
        context: Context,
        kind: Kind,
        identifier: str,
        inputs: Any,
        properties: Any,
        reason: str,
        going: Any,
    ) -> NoReturn:
        """End a create or an update that failed half way: the state is to have what AWS has, not what was asked."""
        try:
            live = kind.read(self._calls, Old(identifier, comparable(properties)))
        except EngineError:
            pass  # the next update looks again
        else:
            _, properties = refreshed(kind, inputs, properties, live)
        fail_unfinished(context, identifier, inputs, marked(properties, reason, going), reason)

    def Read(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Bring a resource's state up to date, or, without a state, import the resource that has the id."""
        kind = _kind(request, context)
        token = _token(request)
        known = comparable(request.properties)
        try:
            told = located(kind, token, request.id)
        except ValueError as error:
            if not known:
                _refuse(context, str(error))
            told = {}
        try:
            live = kind.read(self._calls, Old(request.id, {**told, **known}))
        except EngineError as error:
            if is_missing(error):
                return provider_pb2.ReadResponse()
            _refuse(context, str(error))
        identifier = live.id or request.id
        if known:
            inputs, properties = refreshed(kind, request.inputs, request.properties, live)
        else:
            inputs, properties = imported(kind, live)
        if UNFINISHED in known:
            fail_unfinished(context, identifier, inputs, properties, known[UNFINISHED]["reason"])
        return provider_pb2.ReadResponse(id=identifier, properties=properties, inputs=inputs)

    def Delete(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Delete a resource; one that is gone already is as good."""
        kind = _kind(request, context)
        try:
            kind.delete(self._calls, _old(request, request.properties))
        except EngineError as error:
            if not is_missing(error):
                _refuse(context, str(error))
        return empty_pb2.Empty()


_LONGEST_NAME = 60  # fits what every type allows


def _refuse(context: Context, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, message)
    raise AssertionError("abort raises")


def _token(request: Any) -> str:
    return str(request.urn.split("::")[2].rpartition("$")[2])


def _kind(request: Any, context: Context) -> Kind:
    token = _token(request)
    kind = KINDS.get(token)
    if kind is None:
        _refuse(context, f"the provider for the local AWS has no type {token}")
    return kind


def _diff_kind(how: str, replaces: bool) -> Any:
    return _PropertyDiff.Kind.Value(f"{how.upper()}_REPLACE" if replaces else how.upper())


def _name_taken(kind: Kind, request: Any) -> bool:
    """Whether a replacement would have the name of what it replaces, as a name that the program gives does."""
    if kind.named is None:
        return False
    old, new = comparable(request.old_inputs), comparable(request.news)
    return kind.named not in new.get(DEFAULTS, ()) and old.get(kind.named) == new.get(kind.named)


def _without_defaults(struct: struct_pb2.Struct) -> struct_pb2.Struct:
    result = merged(struct)
    result.fields.pop(DEFAULTS, None)
    return result


def _values(inputs: struct_pb2.Struct) -> Values:
    return wire.read(inputs).values


def _differences(kind: Kind, request: Any) -> dict[str, str]:
    old, new = comparable(request.old_inputs), comparable(request.news)
    return changed(old, comparable(request.olds), new, kind.defaults)


def _old(request: Any, properties: struct_pb2.Struct) -> Old:
    return Old(request.id, comparable(properties))
