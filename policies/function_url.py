"""A function URL asks who is calling."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(url: Properties) -> Iterator[str]:
    """Require IAM authorization."""
    if url.get("authorizationType") != "AWS_IAM":
        yield f"authorizationType is {url.get('authorizationType')}; it must be AWS_IAM"


RULE = Rule(
    id="function-url",
    severity="critical",
    enforcement="mandatory",
    why="A front door without authorization is open to the internet.",
    link=f"{SECURITY_HUB}lambda-controls.html#lambda-1",
    types=frozenset({"aws:lambda/functionUrl:FunctionUrl"}),
    check=check,
)
