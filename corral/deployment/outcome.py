"""What came of one stack: what changed, what went wrong and where in the spec that comes from."""

import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pulumi.automation import EngineEvent

from corral.deployment.origin import Origins

State = Literal["done", "failed", "skipped"]

# The engine's name of a step -> ours. Of a replacement's three steps this one says that the new resource is
# there; `replace` comes before it when the old one has to go first.
_DONE = {
    "create": "created",
    "update": "updated",
    "create-replacement": "replaced",
    "delete": "deleted",
    "same": "unchanged",
}
# What the engine says at the end, of the stack as a whole. It tells nothing where an error was told before.
_CLOSING = re.compile(
    r"(update|preview|destroy) (failed|canceled)"
    r"|an unhandled error occurred: program exited with non-zero exit code: \d+"
)
_NOT_ON_AWS = ("corral:", "pulumi:")  # components, and Pulumi's own records
_FILE = re.compile(r"/\w+:")
_COLOR = re.compile(r"<\{%.*?%\}>")


@dataclass(frozen=True)
class Change:
    """One resource that was changed, or in a preview would be. `properties` are those that differ."""

    what: str
    urn: str
    properties: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def type(self) -> str:
        """Its type token."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def kind(self) -> str:
        """Its type as Pulumi shows it: aws:sns:Topic for aws:sns/topic:Topic."""
        return _FILE.sub(":", self.type)


@dataclass(frozen=True)
class Problem:
    """Something that went wrong. `place` is a file and line of the spec; both it and `resource` may be empty."""

    message: str
    resource: str = ""
    place: str = ""

    def __str__(self) -> str:
        """Render as one text: where, what, why."""
        return ": ".join(part for part in (self.place, self.resource, self.message) if part)


@dataclass
class Outcome:
    """One stack's part of a deployment, filled in while it runs. `reason` says why it was skipped.

    `deprecated` are the retired agents whose registry records were marked so after it.
    """

    stack: str
    state: State = "done"
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    deprecated: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    reason: str = ""
    closing: str = ""  # the engine's last words on the stack, for one that failed without a problem

    def record(self) -> dict[str, Any]:
        """All of it as data, for a script."""
        return {key: value for key, value in asdict(self).items() if key != "closing"}

    def counts(self) -> Counter[str]:
        """How many resources were created, updated and so on."""
        return Counter(change.what for change in self.changes)

    @property
    def all_new(self) -> bool:
        """Whether nothing of it was there before."""
        return not self.unchanged and set(self.counts()) == {"created"}

    def note(self, event: EngineEvent, origins: Origins) -> bool:
        """Take in an engine event; says whether a resource was dealt with."""
        if event.diagnostic_event and event.diagnostic_event.severity == "error":
            said = event.diagnostic_event
            self._problem(said.message, said.urn or "", origins)
        elif event.policy_event and event.policy_event.enforcement_level == "mandatory":
            policy = event.policy_event
            self._problem(f"{policy.policy_name}: {policy.message}", policy.resource_urn or "", origins)
        elif event.res_outputs_event:
            step = event.res_outputs_event.metadata
            return self._step(step.op.value, step.urn, step.diffs or [])
        return False

    def _step(self, operation: str, urn: str, properties: list[str]) -> bool:
        what, change = _DONE.get(operation), Change(operation, urn)
        if what is None or change.type.startswith(_NOT_ON_AWS):
            return False
        if what == "unchanged":
            self.unchanged += 1
        else:
            self.changes.append(Change(what, urn, tuple(properties)))
        return True

    def _problem(self, message: str, urn: str, origins: Origins) -> None:
        text = _COLOR.sub("", message).strip()
        if not urn and _CLOSING.fullmatch(text):
            self.closing = text
            return
        about = Change("", urn) if urn else None
        if about is None or about.type.startswith("pulumi:"):
            if not any(text in known.message for known in self.problems):
                self.problems.append(Problem(text, "", origins.place(self.stack)))
            return
        problem = Problem(text, f"{about.kind} {about.name}", origins.place(self.stack, about.name))
        if problem not in self.problems:
            self.problems.append(problem)
