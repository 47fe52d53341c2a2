"""A client of the override function for promotions: what is measured of an agent, and passing a gate."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from corral.override import Desk
from corral.promotion.looked import Looked
from corral.signed import RefusedError, ask


class PromotionError(RefusedError):
    """The override function said no."""


def measured(desk: Desk, agent: str, stage: str) -> list[Looked]:
    """What the platform measured of an agent, against the gate of a stage. Raises PromotionError."""
    query = urlencode({"target": agent, "stage": stage})
    answer = ask("GET", f"{_address(desk)}?{query}", desk.credentials, desk.region, None, PromotionError)
    return [Looked(**each) for each in answer["figures"]]


def promote(desk: Desk, agent: str, stage: str, reason: str, checks: Sequence[Looked]) -> dict[str, Any]:
    """Pass the gate, which is measured once more; the promotion, as its file has it. Raises PromotionError."""
    body = {
        "target": agent,
        "stage": stage,
        "reason": reason,
        "checks": json.dumps([asdict(each) for each in checks]),
    }
    return dict(ask("POST", _address(desk), desk.credentials, desk.region, body, PromotionError)["promotion"])


def _address(desk: Desk) -> str:
    return f"{desk.url.rstrip('/')}/v1/promotions"
