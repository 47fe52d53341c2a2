"""A client of the override function for versions: what ran when, what would change, and rolling back."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from corral.override import Desk
from corral.signed import RefusedError, ask

TOOL, GUARDRAIL = "tool:", "guardrail:"
NEWEST = "newest"


class RollbackError(RefusedError):
    """The override function said no."""


@dataclass(frozen=True)
class Version:
    """A version, when it was made, and from when until when it was served; UTC times, None is now."""

    number: str
    made_at: str
    served: list[list[str | None]]


@dataclass(frozen=True)
class Standing:
    """How it stands with a target. `to` is the version asked about, `changes` what it would change.

    `held` says at which version, by whom, when and why, None if callers get whatever is deployed. `at_once`: whether
    a change takes effect by itself, or with each team's next deployment. `canary`: the `number` of the version that a
    share of sessions tries, and since when, as `made_at`; None if none is tried.
    """

    target: str
    serving: str
    newest: str
    previous: str | None
    held: dict[str, str] | None
    versions: list[Version]
    to: str | None
    changes: list[dict[str, str]]
    at_once: bool
    canary: dict[str, str] | None = None

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "Standing":
        """Read what the function answers."""
        versions = [Version(**each) for each in answer["versions"]]
        known = {name: answer[name] for name in cls.__dataclass_fields__}
        return cls(**{**known, "versions": versions})


def standing(desk: Desk, target: str, to: str | None = None) -> Standing:
    """Ask how it stands with a target, and what a version would change; the one before, unless told. RollbackError."""
    query = urlencode({"target": target, **({"to": to} if to else {})})
    address = f"{desk.url.rstrip('/')}/v1/versions?{query}"
    return Standing.read(ask("GET", address, desk.credentials, desk.region, None, RollbackError))


def roll_back(desk: Desk, seen: Standing, version: str, reason: str) -> dict[str, Any]:
    """Move callers to a version, if what was seen is still served. What is on record. Raises RollbackError."""
    body = {"target": seen.target, "version": version, "serving": seen.serving, "reason": reason}
    address = f"{desk.url.rstrip('/')}/v1/rollbacks"
    return dict(ask("POST", address, desk.credentials, desk.region, body, RollbackError)["rollback"])
