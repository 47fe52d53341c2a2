"""The audit trail: a bucket that nobody can rewrite, and CloudTrail's record of every call."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import cloudtrail, cloudwatch

from components import permissions
from components.bucket import Bucket, BucketArgs, Lock
from components.policy_documents import deny, service_trust
from components.role import Role, RoleArgs
from components.site import Shared, Site
from components.trail_selectors import fingerprint, selectors

ARCHIVE_DAYS = 90  # older records are rarely asked for, and are still read at once
_SERVICE = "cloudtrail.amazonaws.com"


@dataclass(frozen=True)
class AuditArgs:
    """Arguments of an Audit. `key_arn` is the audit key: not the one of the data that is audited."""

    shared: Shared
    key_arn: Input[str]
    lock_mode: str
    data_buckets: Sequence[str]  # whose objects' calls are recorded too


class Audit(ComponentResource):
    """Bucket and trail. The trail covers all regions, validates its files and also feeds CloudWatch Logs."""

    def __init__(self, name: str, args: AuditArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Audit", name, None, opts)
        shared, site = args.shared, args.shared.site
        bucket_name = site.name("audit", site.account, site.region)
        self.bucket = Bucket(
            name,
            BucketArgs(
                site=site,
                tags=shared.tags,
                aws_name=bucket_name,
                key_arn=args.key_arn,
                statements=_statements(site, site.bucket_arn(bucket_name)),
                lock=Lock(args.lock_mode, site.retention_days),
                expire_days={"": site.retention_days + 1},
                archive_days=ARCHIVE_DAYS,
                keep=site.production,
            ),
            ResourceOptions(parent=self),
        )
        self.log_group = f"/corral/{site.environment}/trail"
        logs = cloudwatch.LogGroup(
            f"{name}-logs",
            name=self.log_group,
            retention_in_days=site.log_retention_days,
            kms_key_id=args.key_arn,
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self, protect=site.production, retain_on_delete=site.production),
        )
        role = Role(
            f"{name}-logs",
            RoleArgs(
                shared=shared,
                aws_name=site.name("trail-logs"),
                description="Lets CloudTrail write to the trail's log group.",
                trust=service_trust(site, _SERVICE, None),
                grants=[permissions.log_streams(logs.arn)],
            ),
            ResourceOptions(parent=self),
        )
        chosen = selectors(site, args.data_buckets, bucket_name)
        trail = cloudtrail.Trail(
            f"{name}-trail",
            name=site.trail_name,
            s3_bucket_name=self.bucket.bucket,
            is_multi_region_trail=True,
            is_organization_trail=site.organization is not None,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            kms_key_id=args.key_arn,
            cloud_watch_logs_group_arn=Output.concat(logs.arn, ":*"),
            cloud_watch_logs_role_arn=role.arn,
            advanced_event_selectors=list(chosen.values()),
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(
                parent=self, depends_on=[self.bucket.ready, role.policy], protect=site.production
            ),
        )
        self.trail_arn = trail.arn
        self.selectors = {selector: fingerprint(given) for selector, given in chosen.items()}
        self.register_outputs({"trail_arn": self.trail_arn, "bucket": self.bucket.bucket})


def _statements(site: Site, bucket_arn: str) -> list[dict[str, Any]]:
    """What CloudTrail may do to the audit bucket, and what nobody may."""
    trail = {"aws:SourceArn": site.trail_arn}
    delivery = {**trail, "s3:x-amz-acl": "bucket-owner-full-control"}
    logs = f"{bucket_arn}/AWSLogs"
    statements = [
        _service("TrailCheck", "s3:GetBucketAcl", bucket_arn, trail),
        # Of an organization's trail too: for the day on which it is one of its owner's account alone.
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
        _service("TrailWrite", "s3:PutObject", f"{logs}/{site.trail_account or site.account}/*", delivery),
        # A delete without a version leaves a marker that hides the record; Object Lock does not mind it.
        deny("NoHiding", ["s3:DeleteObject"], [f"{bucket_arn}/*"], {}),
    ]
    if site.organization is not None:
        records = f"{logs}/{site.organization}/*"
        statements.append(_service("OrganizationTrailWrite", "s3:PutObject", records, delivery))
    if site.production:
        rewriting = ["s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"]
        statements.append(deny("NoRewriting", rewriting, [f"{bucket_arn}/*"], {}))
    return statements


def _service(name: str, action: str, resource: str, equals: dict[str, str]) -> dict[str, Any]:
    return {
        "Sid": name,
        "Effect": "Allow",
        "Principal": {"Service": _SERVICE},
        "Action": action,
        "Resource": resource,
        "Condition": {"StringEquals": equals},
    }
