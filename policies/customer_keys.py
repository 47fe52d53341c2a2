"""AgentCore's stores are encrypted with the customer's key."""

from collections.abc import Iterator

from policies.rule import AGENTCORE, SECURITY_HUB, Properties, Rule


def check(resource: Properties) -> Iterator[str]:
    """Require a customer key: `kmsKeyArn` of gateway and evaluator, `encryptionKeyArn` of memory and engine."""
    if not (resource.get("kmsKeyArn") or resource.get("encryptionKeyArn")):
        yield "has no customer key; set kmsKeyArn (gateway, evaluator) or encryptionKeyArn (memory, policy engine)"


RULE = Rule(
    id="customer-keys",
    severity="medium",
    enforcement="mandatory",
    why="What an agent remembers and which tools it has can be shut off by one key.",
    link=f"{SECURITY_HUB}bedrockagentcore-controls.html#bedrockagentcore-3",
    types=frozenset(f"{AGENTCORE}{kind}" for kind in ("Gateway", "Memory", "Evaluator", "PolicyEngine")),
    check=check,
)
