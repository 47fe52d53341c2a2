"""What is in force: every override that is not lifted, under the names that agents have now."""

from dataclasses import asdict
from typing import Any

from functions.common.overrides import ENVIRONMENT, everything
from functions.override.agents import deployed


def listing(team: str | None) -> list[dict[str, Any]]:
    """Return what holds for a team, or for all of them; the environment's own first."""
    wanted = [each for each in everything() if each.rank and _of(each.scope, team)]
    if not wanted:
        return []
    names = {f"{name.partition('/')[0]}/{key}": name for name, key in deployed().items()}
    return [
        asdict(each) | {"name": names.get(each.scope, each.scope)}
        for each in sorted(wanted, key=lambda each: each.scope)
    ]


def _of(scope: str, team: str | None) -> bool:
    return team is None or scope == ENVIRONMENT or scope.partition("/")[0] == team
