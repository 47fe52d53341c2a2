"""Functions are traced."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(function: Properties) -> Iterator[str]:
    """Require active tracing."""
    mode = (function.get("tracingConfig") or {}).get("mode")
    if mode != "Active":
        yield f"tracingConfig.mode is {mode}; it must be Active"


RULE = Rule(
    id="function-tracing",
    severity="low",
    enforcement="mandatory",
    why="A tool call is followed through the platform by its trace.",
    link=f"{SECURITY_HUB}lambda-controls.html#lambda-7",
    types=frozenset({"aws:lambda/function:Function"}),
    check=check,
)
