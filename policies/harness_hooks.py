"""Before a harness calls a tool, the supervisor is asked, and its silence is a no."""

from collections.abc import Iterator

from policies.rule import AGENTCORE, Properties, Rule


def check(harness: Properties) -> Iterator[str]:
    """Require a beforeToolCall hook on a function, each such hook with failureMode deny."""
    hooks = [hook["beforeToolCall"] for hook in harness.get("hooks") or () if hook.get("beforeToolCall")]
    targets = [(hook.get("name"), (hook.get("target") or {}).get("lambda")) for hook in hooks]
    functions = [(name, function) for name, function in targets if function]
    if not functions:
        yield "has no beforeToolCall hook on a function; every tool call must pass the supervisor"
    for name, function in functions:
        if function.get("failureMode") != "deny":
            mode = function.get("failureMode")
            yield f"hook {name}: failureMode is {mode}; it must be deny, so that its failure denies"


RULE = Rule(
    id="harness-hooks",
    severity="critical",
    enforcement="mandatory",
    why="A tool call that no one could stop, and that left no decision record, must not happen.",
    link="https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/harness.html",
    types=frozenset({f"{AGENTCORE}Harness"}),
    check=check,
)
