"""A harness stops by itself."""

from collections.abc import Iterator

from policies.rule import AGENTCORE, Properties, Rule


def check(harness: Properties) -> Iterator[str]:
    """Require turns, seconds and tokens: left out they are 75, an hour and no limit."""
    missing = [cap for cap in ("maxIterations", "maxTokens", "timeoutSeconds") if not harness.get(cap)]
    if missing:
        yield f"has no {', '.join(missing)}; set what one task may use"


RULE = Rule(
    id="harness-caps",
    severity="high",
    enforcement="mandatory",
    why="OWASP ASI08: an agent that goes round in circles must not go on for an hour.",
    link="https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/harness.html",
    types=frozenset({f"{AGENTCORE}Harness"}),
    check=check,
)
