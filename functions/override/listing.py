"""What is in force: every override that is not lifted, under the names that agents have now."""

import os
from dataclasses import asdict
from typing import Any

from functions.common.aws import table
from functions.common.overrides import ENVIRONMENT, Override
from functions.override.agents import deployed


def listing(team: str | None) -> list[dict[str, Any]]:
    """Return what holds for a team, or for all of them; the environment's own first."""
    found: list[Override] = []
    start: dict[str, object] = {}
    while True:
        page = table(os.environ["OVERRIDES_TABLE"]).scan(ConsistentRead=True, **start)
        found += map(Override.read, page["Items"])
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    wanted = [each for each in found if each.rank and _of(each.scope, team)]
    if not wanted:
        return []
    names = {f"{name.partition('/')[0]}/{key}": name for name, key in deployed().items()}
    return [
        asdict(each) | {"name": names.get(each.scope, each.scope)}
        for each in sorted(wanted, key=lambda each: each.scope)
    ]


def _of(scope: str, team: str | None) -> bool:
    return team is None or scope == ENVIRONMENT or scope.partition("/")[0] == team
