"""Whether the records are whole, and what keeps them so is as it was deployed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from corral.audit import library, matching
from corral.audit.athena import Lake
from corral.audit.deployed import NotDeployedError, Platform
from corral.audit.matching import Matching
from corral.audit.period import Period
from corral.audit.selectors import digest, pattern_digest

# What a call's own two records may be apart: they are looked for so far beyond the period.
_MARGIN = timedelta(seconds=matching.OPEN_SECONDS + 60)
# CloudTrail delivers within 15 minutes as a rule, Firehose within one.
SETTLED = timedelta(minutes=20)


@dataclass(frozen=True)
class Check:
    """One thing that must be as it was deployed. `problems` are empty when it is."""

    name: str
    now: str
    problems: list[str]


@dataclass(frozen=True)
class Verification:
    """All that was found."""

    period: Period
    matching: Matching
    checks: list[Check]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing and nothing has changed."""
        return not self.matching.gaps and not any(check.problems for check in self.checks)


def verify(platform: Platform, usual: Mapping[str, str], period: Period) -> Verification:
    """Compare records and settings. Raises AthenaError, NotDeployedError."""
    return Verification(period, match_records(platform.lake, usual, period), check_settings(platform))


def match_records(lake: Lake, usual: Mapping[str, str], period: Period) -> Matching:
    """Pair the period's decisions and gateway records, with those just outside it that belong to them."""
    values = {**usual, **period.widened(_MARGIN).parameters()}
    decided = matching.allowed(_asked_for(lake, "who-called-what", matching.OF_DECISIONS, values))
    reached = matching.called(_asked_for(lake, "gateway-calls", matching.OF_CALLS, values))
    found = matching.match(decided, reached)
    inside = period.parameters()
    gaps = [gap for gap in found.gaps if inside["since"] <= gap.at < inside["until"]]
    return Matching(found.matched, found.refused, gaps)


def _asked_for(lake: Lake, query: str, columns: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Ask a saved query for some of its columns: of many records the others would be most of what is read."""
    return lake.run(f"SELECT {columns} FROM ({library.find(query).sql(values, {})}) AS saved").as_dicts()


def check_settings(platform: Platform) -> list[Check]:
    """Compare trail, bucket, tables and alerts with the stack's outputs. Raises NotDeployedError."""
    outputs = platform.outputs
    needed = (
        "trail_arn",
        "trail_selectors_sha256",
        "audit_bucket",
        "audit_key_arn",
        "lock_mode",
        "retention_days",
        "alert_rules",
        "alerts_topic_arn",
    )
    if missing := [name for name in needed if name not in outputs]:
        raise NotDeployedError(
            f"the platform's outputs lack {', '.join(missing)}: deploy it with this version first"
        )
    checks: list[tuple[str, Callable[[Platform], Check]]] = [
        ("trail", _trail),
        ("selectors", _selectors),
        ("object lock", _lock),
        ("tables", _tables),
        ("alerts", _alerts),
    ]
    return [_asked(name, check, platform) for name, check in checks]


def _asked(name: str, check: Callable[[Platform], Check], platform: Platform) -> Check:
    try:
        return check(platform)
    except (BotoCoreError, ClientError) as error:
        return Check(name, "not known", [f"AWS did not tell: {error}"])


def _trail(platform: Platform) -> Check:
    outputs, cloudtrail = platform.outputs, platform.lake.client("cloudtrail")
    trail = cloudtrail.get_trail(Name=outputs["trail_arn"])["Trail"]
    status = cloudtrail.get_trail_status(Name=outputs["trail_arn"])
    wanted = {
        "S3BucketName": outputs["audit_bucket"],
        "KmsKeyId": outputs["audit_key_arn"],
        "IsMultiRegionTrail": True,
        "IsOrganizationTrail": outputs.get("organization_id") is not None,
        "LogFileValidationEnabled": True,
        "IncludeGlobalServiceEvents": True,
    }
    problems = [
        f"{name} is {trail.get(name)!r} and was deployed as {value!r}"
        for name, value in wanted.items()
        if trail.get(name) != value
    ]
    if not status["IsLogging"]:
        problems.append("the trail does not record: its logging is off")
    if said := status.get("LatestDeliveryError"):
        problems.append(f"the last delivery failed: {said}")
    if said := status.get("LatestDigestDeliveryError"):
        problems.append(f"the last digest's delivery failed: {said}")
    return Check("trail", "records all regions, with digests" if not problems else "changed", problems)


def _selectors(platform: Platform) -> Check:
    outputs = platform.outputs
    answer = platform.lake.client("cloudtrail").get_event_selectors(TrailName=outputs["trail_arn"])
    now = {
        selector.get("Name", ""): digest(selector["FieldSelectors"])
        for selector in answer.get("AdvancedEventSelectors") or []
    }
    deployed: dict[str, str] = dict(outputs["trail_selectors_sha256"])
    problems = [f"selector {name!r} is gone" for name in sorted(deployed.keys() - now.keys())]
    problems += [f"selector {name!r} was not deployed" for name in sorted(now.keys() - deployed.keys())]
    problems += [
        f"selector {name!r} selects something else than what was deployed"
        for name in sorted(deployed.keys() & now.keys())
        if deployed[name] != now[name]
    ]
    return Check("selectors", f"{len(now)} selectors", problems)


def _lock(platform: Platform) -> Check:
    outputs, s3 = platform.outputs, platform.lake.client("s3")
    bucket = outputs["audit_bucket"]
    problems = []
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        problems.append("versioning is off")
    try:
        locked = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
            raise
        return Check("object lock", "none", [*problems, f"{bucket} has no Object Lock"])
    retention = locked.get("Rule", {}).get("DefaultRetention", {})
    days = retention.get("Days") or 365 * (retention.get("Years") or 0)
    if retention.get("Mode") != outputs["lock_mode"]:
        problems.append(f"the mode is {retention.get('Mode')} and was deployed as {outputs['lock_mode']}")
    if days != int(outputs["retention_days"]):
        problems.append(
            f"records are locked for {days} days and were to be for {int(outputs['retention_days'])}"
        )
    return Check("object lock", f"{retention.get('Mode')}, {days} days", problems)


def _tables(platform: Platform) -> Check:
    """Every region that the trail has delivered from must be one whose records the table has."""
    lake, bucket = platform.lake, platform.outputs["audit_bucket"]
    table = lake.client("glue").get_table(DatabaseName=lake.database, Name="trail")["Table"]
    location = table["StorageDescriptor"]["Location"]
    prefix = location.removeprefix(f"s3://{bucket}/")
    if prefix == location:
        return Check("tables", location, [f"the table trail reads {location}, which is not in {bucket}"])
    pages = (
        lake.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    )
    delivered = {
        each["Prefix"].removeprefix(prefix).rstrip("/")
        for page in pages
        for each in page.get("CommonPrefixes") or []
    }
    known = set(table["Parameters"].get("projection.region.values", "").split(","))
    problems = [
        f"the table trail does not have the records of {region}" for region in sorted(delivered - known)
    ]
    return Check("tables", f"records of {', '.join(sorted(delivered)) or 'no region yet'}", problems)


def _alerts(platform: Platform) -> Check:
    """Every rule must be enabled, ask what it was deployed to ask, and send to the topic, which somebody reads."""
    topic, events = platform.outputs["alerts_topic_arn"], platform.lake.client("events")
    deployed: dict[str, str] = dict(platform.outputs["alert_rules"])
    problems: list[str] = []
    for rule in sorted(deployed):
        try:
            found = events.describe_rule(Name=rule)
        except events.exceptions.ResourceNotFoundException:
            problems.append(f"rule {rule} is gone")
            continue
        if not found["State"].startswith("ENABLED"):
            problems.append(f"rule {rule} is switched off: it tells nobody anything")
        if pattern_digest(found.get("EventPattern") or "{}") != deployed[rule]:
            problems.append(f"rule {rule} asks for something else than what was deployed")
        targets = events.list_targets_by_rule(Rule=rule)["Targets"]
        if topic not in [target["Arn"] for target in targets]:
            problems.append(f"rule {rule} does not send to {topic}")
    pages = platform.lake.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    readers = [each["SubscriptionArn"] for page in pages for each in page["Subscriptions"]]
    confirmed = [each for each in readers if each.startswith("arn:")]
    if not confirmed:
        problems.append(f"nobody has confirmed a subscription of {topic}: alerts reach nobody")
    said = "subscription" if len(confirmed) == 1 else "subscriptions"
    return Check("alerts", f"{len(deployed)} rules, {len(confirmed)} confirmed {said}", problems)


def validate_logs(outputs: Mapping[str, Any], period: Period) -> str:
    """Return the command that has AWS check that no delivered file was changed or taken away since."""
    region = str(outputs["trail_arn"]).split(":")[3]
    # Of an organization's trail, each account has digests of its own.
    account = f" --account-id {outputs['account']}" if outputs.get("organization_id") else ""
    return (
        f"aws cloudtrail validate-logs --trail-arn {outputs['trail_arn']} "
        f"--start-time {period.since:%Y-%m-%dT%H:%M:%SZ} --end-time {period.until:%Y-%m-%dT%H:%M:%SZ} "
        f"--s3-bucket {outputs['audit_bucket']} --region {region}{account} --verbose"
    )
