"""Decisions are encrypted on their way to the audit bucket."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(stream: Properties) -> Iterator[str]:
    """Require encryption with a customer key."""
    encryption = stream.get("serverSideEncryption") or {}
    if encryption.get("enabled") is not True or encryption.get("keyType") != "CUSTOMER_MANAGED_CMK":
        yield "serverSideEncryption must be enabled with keyType CUSTOMER_MANAGED_CMK"


RULE = Rule(
    id="stream-encryption",
    severity="medium",
    enforcement="mandatory",
    why="A decision record holds the arguments of a call in full.",
    link=f"{SECURITY_HUB}datafirehose-controls.html#datafirehose-1",
    types=frozenset({"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"}),
    check=check,
)
