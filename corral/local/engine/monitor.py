"""The engine's side of Pulumi's resource monitor: every registration is checked and really made.

pulumi's own mock monitor sees less of a request than the real engine, builds URNs with one parent only and
takes a repeated URN in silence; a failing one buries its cause under thousands of lines. Here a failure is
recorded with the resource's name and the program's line, and the rest of the program goes on.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.errors import RunError
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import provider_pb2, resource_pb2

from corral.local.engine import wire
from corral.local.engine.archives import shown
from corral.local.engine.calls import Calls
from corral.local.engine.create import check, create
from corral.local.engine.invokes import NotThereError, invoke
from corral.local.engine.lines import program_line
from corral.local.engine.model import SECRET, EngineError, Event, Failure, Resource, Skipped, StackResult
from corral.local.engine.rules import violations

STACK_TYPE = "pulumi:pulumi:Stack"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
_READ_STACK = "pulumi:pulumi:readStackOutputs"
_INVOKE_FAILED = "the local engine refused this call"


@dataclass(frozen=True)
class KnownStack:
    """A stack that other stacks may refer to."""

    outputs: dict[str, Any]
    secret_outputs: frozenset[str] = field(default_factory=frozenset)


class _NoMocks(Mocks):
    """Satisfies pulumi's interface; the monitor below answers everything itself."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise NotImplementedError

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError


class Monitor(MockMonitor):
    """One stack's monitor. Called from one thread at a time; `result` holds what came of it."""

    def __init__(
        self,
        stack: str,
        project: str,
        project_root: str,
        calls: Calls,
        known_stacks: Mapping[str, KnownStack],
        on_event: Callable[[Event], None],
    ) -> None:
        super().__init__(_NoMocks())
        self.result = StackResult(stack)
        self._stack, self._project, self._root = stack, project, project_root
        self._calls = calls
        self._known = known_stacks
        self._on_event = on_event
        self._registered: dict[str, Resource] = {}
        self._unmade: set[str] = set()
        self._faults: list[BaseException] = []

    # -- registrations

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 pulumi's name
        """Make one resource. A failure is recorded and answered as such; it never raises."""
        urn = self._urn(request)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        started = time.perf_counter()
        try:
            return self._register(request, urn, started)
        except Exception as error:
            if urn not in self._registered:  # a repeated URN takes nothing from the resource that has it
                self._unmade.add(urn)
            self._fail(request, urn, error)
            return resource_pb2.RegisterResourceResponse(urn=urn, result=resource_pb2.Result.FAIL)

    def _register(self, request: Any, urn: str, started: float) -> Any:
        line = program_line(request.stackTrace, self._root)
        if (first := self._registered.get(urn)) is not None:
            raise EngineError(f"a resource with this URN exists already, made at {first.line}: {urn}")
        _refuse_options(request)
        properties = wire.read(request.object)
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            id="",
            inputs=_masked(properties.values, properties.secrets),
            outputs={},
            dependencies=sorted(request.dependencies),
            line=line,
            property_dependencies={k: sorted(v.urns) for k, v in request.propertyDependencies.items()},
            aliases=[alias.urn or alias.spec.name or alias.spec.type for alias in request.aliases],
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
        )
        if not request.custom:
            self._done(resource, started)
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if because := sorted(self._unmade.intersection([*request.dependencies, request.parent])):
            self._unmade.add(urn)
            self.result.skipped.append(Skipped(request.name, request.type, urn, line, tuple(because)))
            return resource_pb2.RegisterResourceResponse(urn=urn, result=resource_pb2.Result.FAIL)
        if properties.unknowns:
            raise EngineError(
                f"{', '.join(properties.unknowns)}: not known; the engine makes no such output of "
                f"{', '.join(resource.dependencies) or 'any resource'}"
            )
        check(self._calls, request.type, properties.values)
        self._check_rules(request, properties.values)
        resource.id, outputs = create(self._calls, request.type, request.name, urn, properties.values)
        secrets = properties.secrets.union(request.additionalSecretOutputs)
        resource.outputs = _masked(outputs, secrets)
        self._done(resource, started)
        # `unknown` makes the SDK treat outputs we do not produce as unknown. As None they would reach
        # dependents as an input that is silently missing.
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=resource.id, object=wire.write(outputs, secrets), unknown=True
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Keep a component's outputs, or the stack's own."""
        properties = wire.read(request.outputs)
        if request.urn == self._stack_urn():
            # After a failure, missing outputs follow from it; otherwise they are the failure.
            for path in () if self._unmade else properties.unknowns:
                self._fault(f"stack output {path} is not known: the engine makes no such output")
            self.result.outputs.update(shown(properties.values))
            self.result.secret_outputs |= properties.secrets
        elif (resource := self._registered.get(request.urn)) is not None:
            resource.outputs = _masked(properties.values, properties.secrets)
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Answer a stack reference; other reads of existing resources are refused."""
        urn = self._urn(request)
        try:
            if request.type != STACK_REFERENCE:
                raise EngineError("existing resources cannot be read offline")
            known = self._referenced(request.id)
        except EngineError as error:
            self._unmade.add(urn)
            self._fail(request, urn, error)
            return resource_pb2.ReadResourceResponse(urn=urn, result=resource_pb2.Result.FAIL)
        return resource_pb2.ReadResourceResponse(
            urn=urn, id=request.id, properties=_stack_outputs(request.id, known)
        )

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Answer a function call; one that is not known is recorded and fails."""
        if request.tok == _READ_STACK:
            return self._read_stack(wire.read(request.args).values["name"])
        try:
            answer = invoke(self._calls, request.tok, wire.read(request.args).values)
        except NotThereError as error:
            failure = provider_pb2.CheckFailure(property="", reason=str(error))
            return resource_pb2.ResourceInvokeResponse(failures=[failure])
        except EngineError as error:
            line = program_line(request.stackTrace, self._root)
            self._record(Failure(request.tok, "function", "", line, str(error)))
            failure = provider_pb2.CheckFailure(property="", reason=_INVOKE_FAILED)
            return resource_pb2.ResourceInvokeResponse(failures=[failure])
        return resource_pb2.ResourceInvokeResponse(**{"return": wire.write(answer, set())})

    def _read_stack(self, name: str) -> Any:
        """Answer the engine's own function. A program may ask for a stack that is not there, and be told so."""
        try:
            known = self._referenced(name)
        except EngineError as error:
            failure = provider_pb2.CheckFailure(property="name", reason=f'unknown stack "{name}": {error}')
            return resource_pb2.ResourceInvokeResponse(failures=[failure])
        return resource_pb2.ResourceInvokeResponse(**{"return": _stack_outputs(name, known)})

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802
        """Refuse what would not be run."""
        raise EngineError("stack transforms are not run offline")

    RegisterStackInvokeTransform = RegisterStackTransform

    def ExistsResource(self, request: Any) -> Any:  # noqa: N802
        """Refuse: there is nothing to look in but what this very run made."""
        raise EngineError("existing resources cannot be looked up offline")

    # -- faults of the program itself

    def program_fault(self, error: BaseException, line: str) -> None:
        """Record an exception the program raised, unless it only echoes one recorded already."""
        cause = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if cause in self._faults or _INVOKE_FAILED in str(error):
            return
        self._faults.append(cause)
        # A RunError is what a program says to people; pulumi shows it without its name too.
        prefix = "" if isinstance(error, RunError) else f"{type(error).__name__}: "
        self._fault(f"{prefix}{error}", line)

    def _fault(self, message: str, line: str = "") -> None:
        failure = Failure("", "", "", line, message)
        if failure not in self.result.errors:
            self._record(failure)

    # -- helpers

    def _urn(self, request: Any) -> str:
        if request.type == STACK_TYPE:
            return self._stack_urn()
        qualified = request.type
        if request.parent:
            parent_type = request.parent.split("::")[2]
            if parent_type != STACK_TYPE:
                qualified = f"{parent_type}${request.type}"
        return f"urn:pulumi:{self._stack}::{self._project}::{qualified}::{request.name}"

    def _stack_urn(self) -> str:
        return f"urn:pulumi:{self._stack}::{self._project}::{STACK_TYPE}::{self._project}-{self._stack}"

    def _referenced(self, reference: str) -> KnownStack:
        parts = reference.split("/")
        if len(parts) != 3 or parts[1] != self._project:
            raise EngineError(
                f"a stack reference reads <organization>/{self._project}/<stack>, got {reference!r}"
            )
        if parts[2] not in self._known:
            there = ", ".join(sorted(self._known)) or "none"
            raise EngineError(f"there is no stack {parts[2]!r} to refer to; stacks of this run: {there}")
        return self._known[parts[2]]

    def _check_rules(self, request: Any, values: dict[str, Any]) -> None:
        mandatory = []
        for rule, message in violations(request.type, values):
            text = f"policy {rule.id}: {message} ({rule.link})"
            if rule.enforcement == "mandatory":
                mandatory.append(text)
            else:
                self.result.warnings.append(f"{request.type} {request.name}: {text}")
        if mandatory:
            raise EngineError("; ".join(mandatory))

    def _done(self, resource: Resource, started: float) -> None:
        self._registered[resource.urn] = resource
        self.result.resources.append(resource)
        self._on_event(
            Event(
                "resource",
                self._stack,
                resource.urn,
                resource.type,
                resource.name,
                resource.parent,
                time.perf_counter() - started,
            )
        )

    def _fail(self, request: Any, urn: str, error: Exception) -> None:
        message = str(error) if isinstance(error, EngineError) else f"{type(error).__name__}: {error}"
        line = program_line(request.stackTrace, self._root)
        self._record(Failure(request.name, request.type, urn, line, message), request.parent)

    def _record(self, failure: Failure, parent: str = "") -> None:
        self.result.errors.append(failure)
        self._on_event(
            Event("error", self._stack, failure.urn, failure.type, failure.name, parent, message=str(failure))
        )


def _stack_outputs(name: str, known: KnownStack) -> Any:
    answer = {
        "name": name,
        "outputs": known.outputs,
        "secretOutputNames": sorted(known.secret_outputs),
    }
    return wire.write(answer, {"outputs"} if known.secret_outputs else set())


def _refuse_options(request: Any) -> None:
    """Refuse options that the offline run would ignore and that change what gets made."""
    if request.importId:
        raise EngineError("import is not possible offline")
    if request.remote:
        raise EngineError("components of other languages cannot be made offline")
    if request.transforms:
        raise EngineError("transforms are not run offline; use a `transformation`")
    if request.HasField("hooks") and request.hooks.ListFields():
        raise EngineError("resource hooks are not run offline")


def _masked(values: dict[str, Any], secrets: set[str]) -> dict[str, Any]:
    return {key: SECRET if key in secrets else shown(value) for key, value in values.items()}
