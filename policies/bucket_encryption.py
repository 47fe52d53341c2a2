"""A bucket is encrypted with the customer's key."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(encryption: Properties) -> Iterator[str]:
    """Require KMS with a customer key in each rule."""
    rules: list[Properties] = encryption.get("rules") or [{}]
    for rule in rules:
        default = rule.get("applyServerSideEncryptionByDefault") or {}
        if default.get("sseAlgorithm") not in ("aws:kms", "aws:kms:dsse") or not default.get(
            "kmsMasterKeyId"
        ):
            yield "is not encrypted with a customer key; set sseAlgorithm aws:kms and kmsMasterKeyId"


RULE = Rule(
    id="bucket-encryption",
    severity="medium",
    enforcement="mandatory",
    why="Who reads what a bucket holds is decided by a key as well, whose use is on record.",
    link=f"{SECURITY_HUB}s3-controls.html#s3-17",
    types=frozenset(
        {"aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"}
    ),
    check=check,
)
