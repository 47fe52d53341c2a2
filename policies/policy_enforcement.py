"""A Cedar policy is in force, and validated."""

from collections.abc import Iterator

from policies.rule import AGENTCORE, Properties, Rule


def check(policy: Properties) -> Iterator[str]:
    """Refuse a policy that is only logged, and one whose findings are ignored."""
    if policy.get("enforcementMode", "ACTIVE") != "ACTIVE":
        yield f"enforcementMode is {policy['enforcementMode']}; it must be ACTIVE"
    if policy.get("validationMode") == "IGNORE_ALL_FINDINGS":
        yield "validationMode is IGNORE_ALL_FINDINGS; a policy AWS finds fault with must not be deployed"


RULE = Rule(
    id="policy-enforcement",
    severity="critical",
    enforcement="mandatory",
    why="A policy in LOG_ONLY neither grants nor forbids anything, though it looks as if it did.",
    link="https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy.html",
    types=frozenset({f"{AGENTCORE}Policy"}),
    check=check,
)
