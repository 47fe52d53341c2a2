"""A function's environment is encrypted with the customer's key."""

from collections.abc import Iterator

from policies.rule import Properties, Rule


def check(function: Properties) -> Iterator[str]:
    """Require a customer key."""
    if not function.get("kmsKeyArn"):
        yield "has no kmsKeyArn; encrypt its environment with the platform's or the team's key"


RULE = Rule(
    id="function-encryption",
    severity="medium",
    enforcement="mandatory",
    why="Who may read a function's settings is decided by the key's policy, and can be taken back.",
    link="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html",
    types=frozenset({"aws:lambda/function:Function"}),
    check=check,
)
