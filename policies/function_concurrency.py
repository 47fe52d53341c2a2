"""Functions have a reserved concurrency."""

from collections.abc import Iterator

from policies.rule import Properties, Rule


def check(function: Properties) -> Iterator[str]:
    """Require a reserved concurrency; -1, the default, is none."""
    reserved = function.get("reservedConcurrentExecutions", -1)
    if reserved < 0:
        yield "has no reservedConcurrentExecutions; set how many may run at once"


RULE = Rule(
    id="function-concurrency",
    severity="medium",
    enforcement="mandatory",
    why="One runaway tool must not starve the others, nor the supervisor.",
    link="https://docs.aws.amazon.com/config/latest/developerguide/lambda-concurrency-check.html",
    types=frozenset({"aws:lambda/function:Function"}),
    check=check,
)
