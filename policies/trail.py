"""The audit trail sees every region, can be proven whole, and is encrypted."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(trail: Properties) -> Iterator[str]:
    """Require all regions, log file validation, a customer key and a log group, switched on."""
    if trail.get("isMultiRegionTrail") is not True:
        yield "isMultiRegionTrail must be true"
    if trail.get("enableLogFileValidation") is not True:
        yield "enableLogFileValidation must be true, so that a changed or missing file shows"
    if not trail.get("kmsKeyId"):
        yield "has no kmsKeyId; encrypt it with the audit key"
    if not trail.get("cloudWatchLogsGroupArn"):
        yield "has no cloudWatchLogsGroupArn, so that nothing can watch it as it happens"
    if trail.get("enableLogging", True) is not True:
        yield "enableLogging must not be false"


RULE = Rule(
    id="trail",
    severity="high",
    enforcement="mandatory",
    why="The trail is the evidence an auditor trusts when everything else is in doubt.",
    link=f"{SECURITY_HUB}cloudtrail-controls.html#cloudtrail-1",
    types=frozenset({"aws:cloudtrail/trail:Trail"}),
    check=check,
)
