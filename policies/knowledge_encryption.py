"""A knowledge base's data source is read with the customer's key."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(source: Properties) -> Iterator[str]:
    """Require a customer key."""
    if not (source.get("serverSideEncryptionConfiguration") or {}).get("kmsKeyArn"):
        yield "has no serverSideEncryptionConfiguration.kmsKeyArn; encrypt what is ingested"


RULE = Rule(
    id="knowledge-encryption",
    severity="medium",
    enforcement="mandatory",
    why="While a document is ingested Bedrock keeps a copy of it.",
    link=f"{SECURITY_HUB}bedrock-controls.html#bedrock-1",
    types=frozenset({"aws-native:bedrock:DataSource"}),
    check=check,
)
