"""An S3 bucket: private, encrypted, versioned, TLS only; locked where records must stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi import ComponentResource, Input, Resource, ResourceOptions
from pulumi_aws import s3

from components.policy_documents import document, tls_only
from components.site import Site
from components.tags import Tags

STALE_UPLOAD_DAYS = 7


@dataclass(frozen=True)
class Lock:
    """Object Lock: nobody changes or deletes an object version for so many days."""

    mode: str  # GOVERNANCE or COMPLIANCE
    days: int


@dataclass(frozen=True)
class BucketArgs:
    """Arguments of a Bucket. `statements` are added to its policy; `expire_days` maps prefixes to days.

    After `archive_days` objects move to Glacier Instant Retrieval, where they are read as before, for less.

    One to `keep` outlives its stack, with all that guards it.
    """

    site: Site
    tags: Tags
    aws_name: str
    key_arn: Input[str]
    statements: Sequence[Mapping[str, Any]] = ()
    lock: Lock | None = None
    expire_days: Mapping[str, int] = field(default_factory=dict)
    archive_days: int | None = None
    keep: bool = False


class Bucket(ComponentResource):
    """A bucket. What writes to it should depend on `ready`: then it encrypts, keeps versions, locks and refuses."""

    def __init__(self, name: str, args: BucketArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Bucket", name, None, opts)
        production = args.site.production
        child = ResourceOptions(parent=self, retain_on_delete=args.keep)
        bucket = s3.Bucket(
            f"{name}-bucket",
            bucket=args.aws_name,
            object_lock_enabled=args.lock is not None,  # only possible when a bucket is made
            force_destroy=not production,
            tags=args.tags.as_dict(),
            opts=ResourceOptions(parent=self, protect=production, retain_on_delete=args.keep),
        )
        versioning = s3.BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.bucket,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        encryption = s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[_encryption(args.key_arn)],
            opts=child,
        )
        ownership = s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.bucket,
            rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        block = s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        settings: list[Resource] = [versioning, encryption, ownership, block]
        after_versioning = ResourceOptions(parent=self, depends_on=[versioning], retain_on_delete=args.keep)
        if args.lock is not None:
            lock = s3.BucketObjectLockConfiguration(
                f"{name}-lock",
                bucket=bucket.bucket,
                rule=s3.BucketObjectLockConfigurationRuleArgs(
                    default_retention=s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                        mode=args.lock.mode, days=args.lock.days
                    )
                ),
                opts=after_versioning,
            )
            settings.append(lock)
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=_lifecycle(args.expire_days, args.archive_days),
            opts=after_versioning,
        )
        arn = args.site.bucket_arn(args.aws_name)
        # Last, so that it stands for them all; S3 refuses to change it together with the public access block.
        self.ready: Resource = s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.bucket,
            policy=document([tls_only("s3:*", [arn, f"{arn}/*"]), *args.statements]),
            opts=ResourceOptions(parent=self, depends_on=settings, retain_on_delete=args.keep),
        )
        self.bucket = bucket.bucket
        self.arn = bucket.arn
        self.register_outputs({"bucket": self.bucket, "arn": self.arn})


def _encryption(key_arn: Input[str]) -> s3.BucketServerSideEncryptionConfigurationRuleArgs:
    default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="aws:kms", kms_master_key_id=key_arn
    )
    return s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=default, bucket_key_enabled=True
    )


def _lifecycle(
    expire_days: Mapping[str, int], archive_days: int | None
) -> list[s3.BucketLifecycleConfigurationRuleArgs]:
    """Expire what is old under each prefix, its earlier versions a day later, and uploads nobody finished.

    S3 archives no object under 128 KB unless it is told to: that would cost more than it saves.
    """
    abort = s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
        days_after_initiation=STALE_UPLOAD_DAYS
    )
    rules = [
        s3.BucketLifecycleConfigurationRuleArgs(
            id="unfinished-uploads",
            status="Enabled",
            filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            abort_incomplete_multipart_upload=abort,
        )
    ]
    if archive_days is not None:
        cold = s3.BucketLifecycleConfigurationRuleTransitionArgs(
            days=archive_days, storage_class="GLACIER_IR"
        )
        rules.append(
            s3.BucketLifecycleConfigurationRuleArgs(
                id="archive",
                status="Enabled",
                filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                transitions=[cold],
            )
        )
    for prefix, days in expire_days.items():
        rules.append(
            s3.BucketLifecycleConfigurationRuleArgs(
                id=f"expire-{prefix.strip('/').replace('/', '-') or 'all'}",
                status="Enabled",
                filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
                expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
                noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=1
                ),
            )
        )
    return rules
