"""AgentCore's stores are encrypted with the customer's key."""

from collections.abc import Iterator

from policies.rule import AGENTCORE, SECURITY_HUB, Properties, Rule


def check(resource: Properties) -> Iterator[str]:
    """Require a customer key: `kmsKeyArn` of a gateway, `encryptionKeyArn` of a memory."""
    if not (resource.get("kmsKeyArn") or resource.get("encryptionKeyArn")):
        yield "has no customer key; set kmsKeyArn (gateway) or encryptionKeyArn (memory)"


RULE = Rule(
    id="customer-keys",
    severity="medium",
    enforcement="mandatory",
    why="What an agent remembers and which tools it has can be shut off by one key.",
    link=f"{SECURITY_HUB}bedrockagentcore-controls.html#bedrockagentcore-3",
    types=frozenset({f"{AGENTCORE}Gateway", f"{AGENTCORE}Memory"}),
    check=check,
)
