"""A gateway asks who is calling."""

from collections.abc import Iterator

from policies.rule import AGENTCORE, SECURITY_HUB, Properties, Rule


def check(gateway: Properties) -> Iterator[str]:
    """Refuse authorizer NONE, which AWS allows, and a gateway that names no authorizer."""
    authorizer = gateway.get("authorizerType")
    if authorizer in (None, "NONE"):
        yield f"authorizerType is {authorizer}; use AWS_IAM (or CUSTOM_JWT), so that every caller is known"


RULE = Rule(
    id="gateway-authorizer",
    severity="critical",
    enforcement="mandatory",
    why="A gateway without an authorizer lets anyone on the internet call every tool behind it.",
    link=f"{SECURITY_HUB}bedrockagentcore-controls.html#bedrockagentcore-2",
    types=frozenset({f"{AGENTCORE}Gateway"}),
    check=check,
)
