"""Runtimes, browsers and code interpreters of an agent stay in a VPC."""

from collections.abc import Iterator

from policies.rule import AGENTCORE, SECURITY_HUB, Properties, Rule


def check(resource: Properties) -> Iterator[str]:
    """Require the network mode VPC."""
    mode = (resource.get("networkConfiguration") or {}).get("networkMode")
    if mode != "VPC":
        yield f"networkConfiguration.networkMode is {mode}; it must be VPC"


RULE = Rule(
    id="runtime-network",
    severity="high",
    enforcement="mandatory",
    why="Code that a model wrote reaches only what the network lets it reach.",
    link=f"{SECURITY_HUB}bedrockagentcore-controls.html#bedrockagentcore-1",
    types=frozenset(
        {f"{AGENTCORE}Runtime", f"{AGENTCORE}BrowserCustom", f"{AGENTCORE}CodeInterpreterCustom"}
    ),
    check=check,
)
