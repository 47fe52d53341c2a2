"""A customer's key is renewed each year."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(key: Properties) -> Iterator[str]:
    """Require rotation of symmetric keys."""
    symmetric = key.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    if symmetric and key.get("enableKeyRotation") is not True:
        yield "enableKeyRotation must be true"


RULE = Rule(
    id="key-rotation",
    severity="medium",
    enforcement="mandatory",
    why="What one version of a key could open is bounded in time.",
    link=f"{SECURITY_HUB}kms-controls.html#kms-4",
    types=frozenset({"aws:kms/key:Key"}),
    check=check,
)
