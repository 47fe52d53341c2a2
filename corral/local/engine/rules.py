"""Runs the policy pack's rules on one resource, without the Pulumi CLI."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from policies import RULES
from policies.rule import Rule


def _by_type() -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in RULES:
        for token in rule.types:
            found[token].append(rule)
    return dict(found)


_RULES = _by_type()


def violations(token: str, inputs: dict[str, Any]) -> Iterator[tuple[Rule, str]]:
    """Yield each violated rule with what it says of a resource of this type with these inputs."""
    for rule in _RULES.get(token, ()):
        for message in rule.check(inputs):
            yield rule, message
