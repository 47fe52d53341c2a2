"""What a run is asked to do and what it answers. Plain data: it crosses processes and needs no pulumi."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

EventKind = Literal["stack-start", "resource", "error", "stack-done"]

SECRET = "[secret]"  # noqa: S105 what stands for a secret value wherever a resource is shown


@dataclass(frozen=True)
class Credentials:
    """Keys that sign the calls to the endpoint."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


@dataclass(frozen=True)
class Job:
    """One run: which program, against which endpoint."""

    environment: str
    project_root: Path
    stacks: tuple[str, ...]
    endpoint: str
    credentials: Credentials
    region: str
    account: str


@dataclass(frozen=True)
class Event:
    """Something that just happened. `seconds` is what it took: a resource's creation, a stack's whole run.

    For a `stack-done`, `message` is empty when all went well; for an `error` it says what is wrong and where.
    """

    kind: EventKind
    stack: str
    urn: str = ""
    type: str = ""
    name: str = ""
    parent: str = ""
    seconds: float = 0.0
    message: str = ""


@dataclass
class Resource:
    """One registered resource. Values of secret inputs and outputs are replaced by `SECRET`.

    `line` is `file:line` in the project, the innermost line that made it; `dependencies` are URNs, explicit
    and through properties. A component has an empty `id`.
    """

    urn: str
    type: str
    name: str
    parent: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    dependencies: list[str]
    line: str
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)
    protect: bool = False
    retain_on_delete: bool = False


@dataclass(frozen=True)
class Failure:
    """A resource that could not be made, or a fault of the program itself (then without type and URN)."""

    name: str
    type: str
    urn: str
    line: str
    message: str

    def __str__(self) -> str:
        """Render as one line: where, what, why."""
        where = f"{self.line}: " if self.line else ""
        what = f"{self.type} {self.name}: " if self.type else ""
        return f"{where}{what}{self.message}"


@dataclass(frozen=True)
class Skipped:
    """A resource that was not tried, because something it depends on failed. `because` are those URNs."""

    name: str
    type: str
    urn: str
    line: str
    because: tuple[str, ...]


@dataclass
class StackResult:
    """One stack's outcome. `outputs` are plain values; those named in `secret_outputs` must not be shown."""

    stack: str
    outputs: dict[str, Any] = field(default_factory=dict)
    secret_outputs: frozenset[str] = frozenset()
    resources: list[Resource] = field(default_factory=list)
    errors: list[Failure] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    deprecated: list[str] = field(
        default_factory=list
    )  # retired agents whose records were marked so afterwards
    log: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every resource was made and every output is known."""
        return not self.errors and not self.skipped


class EngineError(Exception):
    """A resource cannot be made, for a reason a person can act on. The message is complete on its own."""
