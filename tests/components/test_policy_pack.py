"""The policy pack over the whole program: nothing of it breaks a rule, and no rule looks at nothing unnoticed."""

import pytest

from policies import RULES
from policies.rule import Rule
from tests.components.recorder import Recorded

pytestmark = pytest.mark.xdist_group("components")

# Rules about what no stack deploys yet. One that is deployed comes off this list.
NOTHING_YET = {"knowledge-encryption", "runtime-network"}


@pytest.mark.control(
    "agentcore-keys",
    "bucket-protection",
    "data-encryption",
    "dead-letters",
    "function-hardening",
    "guardrail",
    "role-limits",
)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_nothing_breaks_a_rule(everything: list[Recorded], rule: Rule) -> None:
    looked = [resource for resource in everything if resource.type in rule.types]
    assert [f"{r.urn}: {said}" for r in looked for said in rule.check(r.inputs)] == []
    assert bool(looked) == (rule.id not in NOTHING_YET)
