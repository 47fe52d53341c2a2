"""Tables are encrypted with the customer's key."""

from collections.abc import Iterator

from policies.rule import Properties, Rule


def check(table: Properties) -> Iterator[str]:
    """Require a customer key."""
    encryption = table.get("serverSideEncryption") or {}
    if encryption.get("enabled") is not True or not encryption.get("kmsKeyArn"):
        yield "serverSideEncryption must be enabled with a kmsKeyArn"


RULE = Rule(
    id="table-encryption",
    severity="medium",
    enforcement="mandatory",
    why="Which agent is suspended and what a person approved is the platform's own to read.",
    link="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html",
    types=frozenset({"aws:dynamodb/table:Table"}),
    check=check,
)
