"""A bucket keeps what is written over."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(versioning: Properties) -> Iterator[str]:
    """Require versioning."""
    status = (versioning.get("versioningConfiguration") or {}).get("status")
    if status != "Enabled":
        yield f"versioningConfiguration.status is {status}; it must be Enabled"


RULE = Rule(
    id="bucket-versioning",
    severity="medium",
    enforcement="mandatory",
    why="A record or document that is overwritten is still there, and Object Lock needs it.",
    link=f"{SECURITY_HUB}s3-controls.html#s3-14",
    types=frozenset({"aws:s3/bucketVersioning:BucketVersioning"}),
    check=check,
)
