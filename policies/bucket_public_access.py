"""A public access block blocks all four ways a bucket becomes public."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule

_SETTINGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def check(block: Properties) -> Iterator[str]:
    """Require all four settings to be true; the default is false."""
    missing = [setting for setting in _SETTINGS if block.get(setting) is not True]
    if missing:
        yield f"{', '.join(missing)} must be true"


RULE = Rule(
    id="bucket-public-access",
    severity="high",
    enforcement="mandatory",
    why="Audit trails and company documents are never public, not even by a later mistake.",
    link=f"{SECURITY_HUB}s3-controls.html#s3-8",
    types=frozenset(
        {
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        }
    ),
    check=check,
)
