"""A gateway's policy engine decides, it does not only watch."""

from collections.abc import Iterator

from policies.rule import AGENTCORE, Properties, Rule


def check(gateway: Properties) -> Iterator[str]:
    """Require a policy engine in mode ENFORCE."""
    engine = gateway.get("policyEngineConfiguration")
    if not engine:
        yield "has no policyEngineConfiguration; without one every caller may use every tool"
    elif engine.get("mode") != "ENFORCE":
        yield f"policyEngineConfiguration.mode is {engine.get('mode')}; it must be ENFORCE"


RULE = Rule(
    id="gateway-enforcement",
    severity="critical",
    enforcement="mandatory",
    why="In LOG_ONLY a Cedar denial is written down and the tool is called all the same.",
    link="https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy.html",
    types=frozenset({f"{AGENTCORE}Gateway"}),
    check=check,
)
