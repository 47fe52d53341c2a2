"""What ran when, and what another version would change.

A version is served from when it is made until the next one is, except while people hold an older one.
"""

import os
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.common.aws import table
from functions.common.errors import ApiError
from functions.override.targets import CANARY, Beside, Target, Version, differences, unavailable

HELD = "held"  # the item of what is held, which deployments read
NEWEST = "newest"  # in place of a version: whatever is deployed last
KEPT_MOVES = 50


@dataclass(frozen=True)
class Move:
    """Somebody moved callers to a version at a UTC time; `lifted`: to go on with whatever is deployed.

    `tried`: the version of a canary that this decided on, which was kept if it is this version.
    """

    version: str
    at: str
    by: str
    reason: str
    lifted: bool
    tried: str = ""


@dataclass(frozen=True)
class Now:
    """How it stands with a target at this moment. `hold` is its entry in the table, as it is written there.

    `beside` is what its canary serves, `tried` the table's entry of the last one that was decided.
    """

    versions: list[Version]
    serving: str
    hold: dict[str, str] | None
    moves: list[Move]
    beside: Beside | None = None
    tried: dict[str, str] | None = None

    @property
    def candidate(self) -> Version | None:
        """The version that is being tried, with since when it is; None if none is."""
        if self.beside is None or self.beside.version == self.serving:
            return None
        made = {each.number: each.made_at for each in self.versions}.get(self.beside.version, "")
        return Version(self.beside.version, max(made, self.beside.since))

    @property
    def newest(self) -> str:
        """The version that was made last."""
        return self.versions[-1].number

    @property
    def periods(self) -> list[tuple[str, str, str | None]]:
        """What was served: version, since when, until when; None is now."""
        events: list[tuple[str, str, bool | None]] = [
            (each.made_at, each.number, None) for each in self.versions if self._was_served(each)
        ]
        events += [(move.at, move.version, move.lifted) for move in self.moves]
        found: list[tuple[str, str]] = []
        held = False
        for at, number, lifted in sorted(events, key=lambda event: event[0]):
            held = held if lifted is None else not lifted
            if (lifted is not None or not held) and (not found or found[-1][0] != number):
                found.append((number, at))
        if self.beside is not None and (not found or found[-1][0] != self.serving):
            # It went to all sessions as it was made: with another model than the one before, nothing is tried.
            made = [each.made_at for each in self.versions if each.number == self.serving]
            found += [(self.serving, at) for at in made if not found or at > found[-1][1]]
        ends = [at for _, at in found[1:]]
        return [(number, at, end) for (number, at), end in zip(found, [*ends, None], strict=True)]

    def _was_served(self, version: Version) -> bool:
        """Whether a version was all callers' as soon as it was made: with a canary it is tried first."""
        if self.beside is None:
            return version.number not in {move.tried for move in self.moves}
        return version.made_at < self.beside.made_at

    @property
    def previous(self) -> str | None:
        """What was served before what is served now, or else the version made before it. None if there is none."""
        served = [number for number, _, _ in self.periods if number != self.serving]
        made = [each.number for each in self.versions if int(each.number) < int(self.serving)]
        found = served or made
        return found[-1] if found else None


def now(target: Target) -> Now:
    """Read how it stands with a target. Raises ApiError 502."""
    try:
        versions = target.versions()
        kept = table(os.environ["VERSIONS_TABLE"])
        held = kept.get_item(Key={"of": HELD}, ConsistentRead=True).get("Item", {})
        hold, tried = held.get(target.key), held.get(canary_entry(target))
        item = kept.get_item(Key={"of": target.key}, ConsistentRead=True).get("Item", {})
        moves = [
            Move(**{k: v for k, v in m.items() if k != "arn"})
            for m in item.get("moves", ())
            if m["arn"] == target.arn
        ]
        serving, beside = target.serving(), target.beside()
    except (ClientError, BotoCoreError) as error:
        raise unavailable(target.name, error) from error
    if not versions:
        raise ApiError(409, "no_versions", f"{target.name} has no version yet.")
    if hold is not None and hold["arn"] != target.arn:
        hold = None  # of what was there before under this name
    if tried is not None and tried["arn"] != target.arn:
        tried = None
    if serving is None:
        serving = hold["version"] if hold else versions[-1].number
    return Now(versions, serving, hold, moves, beside, tried)


def canary_entry(target: Target) -> str:
    """Return under what name the item of what is held says what came of a target's canary."""
    return f"{CANARY}:{target.key}"


def shown(target: Target, to: str | None) -> dict[str, Any]:
    """Return what people see of a target: versions, when each was served, what is held, what `to` would change."""
    there = now(target)
    wanted = there.newest if to == NEWEST else to or there.previous
    changes: list[dict[str, str]] = []
    if wanted is not None:
        check_version(target, there, wanted)
        changes = changed(target, there.serving, wanted)
    served: dict[str, list[list[str | None]]] = {each.number: [] for each in there.versions}
    for number, since, until in there.periods:
        served.setdefault(number, []).append([since, until])
    return {
        "target": target.name,
        "canary": asdict(there.candidate) if there.candidate else None,
        "serving": there.serving,
        "newest": there.newest,
        "previous": there.previous,
        "held": there.hold and {name: there.hold[name] for name in ("version", "by", "at", "reason")},
        "versions": [asdict(each) | {"served": served[each.number]} for each in there.versions],
        "to": wanted,
        "changes": changes,
        "at_once": target.at_once,
    }


def check_version(target: Target, there: Now, version: str) -> None:
    """Refuse a version that there is not. Raises ApiError 404."""
    numbers = [each.number for each in there.versions]
    if version not in numbers:
        shown = ", ".join(numbers[-10:])
        raise ApiError(
            404, "unknown_version", f"{target.name} has no version {version[:20]}. It has {shown}."
        )


def changed(target: Target, serving: str, to: str) -> list[dict[str, str]]:
    """Return what differs between the version that is served and another one."""
    try:
        return differences(target.config(serving), target.config(to))
    except (ClientError, BotoCoreError) as error:
        raise unavailable(target.name, error) from error
