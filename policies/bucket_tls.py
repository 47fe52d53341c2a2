"""A bucket refuses plain HTTP."""

from collections.abc import Iterator

from policies.documents import listed, statements
from policies.rule import SECURITY_HUB, Properties, Rule


def check(bucket: Properties) -> Iterator[str]:
    """Require a statement that denies everybody everything without TLS."""
    for statement in statements(bucket.get("policy")):
        secure = (statement.get("Condition") or {}).get("Bool", {}).get("aws:SecureTransport")
        denied = "s3:*" in listed(statement.get("Action", ()))
        if statement.get("Effect") == "Deny" and denied and str(secure).lower() == "false":
            return
    yield "has no statement that denies s3:* where aws:SecureTransport is false"


RULE = Rule(
    id="bucket-tls",
    severity="high",
    enforcement="mandatory",
    why="What people told an agent must not cross a network in the clear.",
    link=f"{SECURITY_HUB}s3-controls.html#s3-5",
    types=frozenset({"aws:s3/bucketPolicy:BucketPolicy"}),
    check=check,
)
