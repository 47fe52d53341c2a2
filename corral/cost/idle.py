"""What an environment costs a month while nobody uses it, from the resources its program registers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from corral.cost.prices import FREE, LOOKED_UP, PRICED, REGION, Item


class Registered(Protocol):
    """A resource of a stack: Pulumi's type token, and its inputs in camelCase."""

    @property
    def type(self) -> str: ...  # noqa: D102

    @property
    def inputs(self) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True)
class Idle:
    """Units of each item, US dollars a month by stack, and how many resources of which type cost nothing."""

    units: Mapping[Item, int]
    stacks: Mapping[str, float]
    free: Mapping[str, int]
    unknown: Mapping[str, int]  # types that are in neither table: the sum is too small by what they cost

    @property
    def usd(self) -> float:
        """All of it, a month."""
        return sum(self.stacks.values())

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "region": REGION,
            "as_of": f"{LOOKED_UP}",
            "usd_a_month": round(self.usd, 4),
            "stacks": {name: round(usd, 4) for name, usd in self.stacks.items()},
            "items": [
                {
                    "what": item.what,
                    "units": count,
                    "usd_each": item.usd,
                    "usd": round(count * item.usd, 4),
                    "source": item.source,
                    "seen": item.seen,
                    "confirmed": item.confirmed,
                }
                for item, count in self.units.items()
            ],
            "free": {kind: {"resources": count, "because": FREE[kind]} for kind, count in self.free.items()},
            "unknown": dict(self.unknown),
        }


def idle(stacks: Mapping[str, Iterable[Registered]]) -> Idle:
    """Count the resources of stacks. Components, which are nothing on AWS, are left out.

    Stacks come by name, items by what they cost, the dearest first.
    """
    units: Counter[Item] = Counter()
    spent: dict[str, float] = {}
    free: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for name in sorted(stacks):
        spent[name] = 0.0
        for resource in stacks[name]:
            if not resource.type.startswith(("aws:", "aws-native:")):
                continue
            if resource.type in PRICED:
                for item, count in PRICED[resource.type](resource.inputs).items():
                    units[item] += count
                    spent[name] += count * item.usd
            elif resource.type in FREE:
                free[resource.type] += 1
            else:
                unknown[resource.type] += 1
    dearest = sorted(((item, n) for item, n in units.items() if n), key=lambda pair: -pair[0].usd * pair[1])
    return Idle(dict(dearest), spent, dict(sorted(free.items())), dict(sorted(unknown.items())))
