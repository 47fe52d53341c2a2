"""A client of the override function for canaries: what an agent tries, and deciding on it before the monitor does."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from corral.override import Desk
from corral.signed import RefusedError, ask

KEEP, BACK = "keep", "back"


class CanaryError(RefusedError):
    """The override function said no."""


@dataclass(frozen=True)
class Trial:
    """How it stands with an agent's canary.

    `candidate` is the version that is tried, None if none is, `since` a UTC time. `wanted` is what the team's file asks
    for: share, hours, at_least; None without a canary. `last` is what came of the last one: `version`, which all
    sessions got, and `refused`, "" if the one that was tried was kept.
    """

    target: str
    serving: str
    candidate: str | None
    since: str | None
    wanted: dict[str, int] | None
    held: bool
    last: dict[str, str] | None

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "Trial":
        """Read what the function answers."""
        return cls(**{name: answer[name] for name in cls.__dataclass_fields__})


def trial(desk: Desk, target: str) -> Trial:
    """Ask how it stands with <team>/<agent>. Raises CanaryError."""
    address = f"{_address(desk)}?{urlencode({'target': target})}"
    return Trial.read(ask("GET", address, desk.credentials, desk.region, None, CanaryError))


def decide(desk: Desk, seen: Trial, decision: str, reason: str) -> Trial:
    """Keep what is tried, or have it go back, if it is still what was seen. Raises CanaryError."""
    body = {
        "target": seen.target,
        "candidate": seen.candidate or "",
        "decision": decision,
        "reason": reason,
    }
    return Trial.read(ask("POST", _address(desk), desk.credentials, desk.region, body, CanaryError))


def _address(desk: Desk) -> str:
    return f"{desk.url.rstrip('/')}/v1/canaries"
