"""What the provider knows of a resource type beyond how to create it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from corral.local.engine.calls import Calls

Values = dict[str, Any]
Parameters = dict[str, Any]


@dataclass(frozen=True)
class Old:
    """A resource as it is: its id, and its inputs and outputs together."""

    id: str
    values: Values


@dataclass(frozen=True)
class Change:
    """A resource about to be changed in place. `changed` are the inputs that differ."""

    id: str
    old: Values
    new: Values
    changed: frozenset[str]

    def gone(self, key: str) -> bool:
        """Whether an input was given before and is no longer."""
        return key in self.changed and self.new.get(key) is None


@dataclass(frozen=True)
class Live:
    """A resource as AWS has it now.

    `inputs` are all its reader can tell, AWS's defaults too, by the names of the program's; None or something
    empty where there is nothing. `outputs` are the others that its creation records, but for `tagsAll`. `id`
    is the resource's own, where an import may be given another.
    """

    inputs: Values
    outputs: Values = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True)
class Content:
    """Inputs whose content AWS does not show, only a digest of it, which is the output `shown_as`."""

    inputs: tuple[str, ...]
    shown_as: str


Step = Callable[[Calls, Old], Any]
Reader = Callable[[Calls, Old], Live]
# Takes the place of a call that the create handler makes; answers what the handler reads of its answer.
Rewrite = Callable[[Calls, Parameters, Change], Parameters]


@dataclass(frozen=True)
class Kind:
    """One resource type.

    A change of an input that is not `in_place` replaces the resource. An update in place runs the create
    handler again; the calls named in `rewrites`, which would create a second resource, are replaced by
    calls that change the first. `outputs` are those an update may change. `named` is the input that is
    filled in when the program gives none, and that must be free before a replacement can be made.

    `read` answers what AWS has, by the resource's values: of its state, or, for an import, those that its id
    tells. `ids` are the forms of an id that can be imported, with the values' names in braces, as
    `importing` reads them. `defaults` are what AWS sets when nothing is said, in the shape of the inputs; in a
    list, the one of each element. `elsewhere` are inputs that resources of other types may set as well: AWS's
    values are compared only with those the program gives. `secret` are inputs that are secret from whatever
    source.
    """

    delete: Step
    read: Reader
    ids: tuple[str, ...] = ("{name}",)
    in_place: frozenset[str] = frozenset()
    rewrites: Mapping[tuple[str, str], Rewrite] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()
    named: str | None = "name"
    defaults: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    content: Content | None = None
    secret: frozenset[str] = frozenset()


def of(*names: str) -> frozenset[str]:
    """Return a set of property names."""
    return frozenset(names)


def nothing(calls: Calls, old: Old) -> None:
    """Delete nothing: the thing goes with what it is set on."""


def retag(
    calls: Calls,
    change: Change,
    service: str,
    tag: tuple[str, str],
    untag: tuple[str, str],
    pairs: tuple[str, str] | None = ("Key", "Value"),
    untag_pairs: bool = False,
    **target: Any,
) -> None:
    """Bring tags up to date. `tag` and `untag` are an operation and its parameter.

    `pairs` is None where tags are a map; with `untag_pairs` the tags to remove are pairs without a value.
    """
    if "tags" not in change.changed:
        return
    new, old = change.new.get("tags") or {}, change.old.get("tags") or {}
    if gone := sorted(old.keys() - new.keys()):
        calls(service, untag[0], **target, **{untag[1]: [{"Key": k} for k in gone] if untag_pairs else gone})
    if new:
        listed = new if pairs is None else [{pairs[0]: k, pairs[1]: v} for k, v in sorted(new.items())]
        calls(service, tag[0], **target, **{tag[1]: listed})
