"""A secret is encrypted with the customer's key."""

from collections.abc import Iterator

from policies.rule import Properties, Rule


def check(secret: Properties) -> Iterator[str]:
    """Require a customer key."""
    if not secret.get("kmsKeyId"):
        yield "has no kmsKeyId; encrypt it with the platform's key"


RULE = Rule(
    id="secret-encryption",
    severity="medium",
    enforcement="mandatory",
    why="A tool's credentials can be shut off by one key.",
    link="https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",
    types=frozenset({"aws:secretsmanager/secret:Secret"}),
    check=check,
)
