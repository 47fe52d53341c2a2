"""Functions run on a runtime that AWS still mends."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule

SUPPORTED = frozenset(
    {
        *("python3.11", "python3.12", "python3.13", "python3.14", "nodejs22.x", "nodejs24.x"),
        *("java17", "java21", "java25", "dotnet8", "dotnet10", "ruby3.3", "ruby3.4", "provided.al2023"),
    }
)


def check(function: Properties) -> Iterator[str]:
    """Require a supported runtime; an image brings its own."""
    runtime = function.get("runtime")
    if function.get("packageType", "Zip") == "Zip" and runtime not in SUPPORTED:
        yield f"runtime is {runtime}; supported: {', '.join(sorted(SUPPORTED))}"


RULE = Rule(
    id="function-runtime",
    severity="medium",
    enforcement="mandatory",
    why="A runtime past its end gets no security updates.",
    link=f"{SECURITY_HUB}lambda-controls.html#lambda-2",
    types=frozenset({"aws:lambda/function:Function"}),
    check=check,
)
