"""S3 buckets, what is set on them, and objects."""

from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Old, Parameters, Step, of

_BATCH = 1000


def _update_bucket(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    if change.gone("tags"):
        calls("s3", "delete_bucket_tagging", Bucket=change.id)
    return {}


def _delete_bucket(calls: Calls, old: Old) -> None:
    if old.values.get("forceDestroy"):
        _empty(calls, old.id, "", locked=bool(old.values.get("objectLockEnabled")))
    calls("s3", "delete_bucket", Bucket=old.id)


def _delete_object(calls: Calls, old: Old) -> None:
    _empty(calls, old.values["bucket"], old.values["key"], locked=bool(old.values.get("forceDestroy")))


def _empty(calls: Calls, bucket: str, key: str, *, locked: bool) -> None:
    """Delete every version of an object, or with no key of all; `locked`: past a lock in governance mode."""
    while True:
        page = calls("s3", "list_object_versions", Bucket=bucket, Prefix=key, MaxKeys=_BATCH)
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed = [
            {"Key": each["Key"], "VersionId": each["VersionId"]} for each in found if key in ("", each["Key"])
        ]
        if not doomed:
            return
        answer = calls(
            *("s3", "delete_objects"),
            Bucket=bucket,
            Delete={"Objects": doomed, "Quiet": True},
            BypassGovernanceRetention=locked or None,
        )
        if errors := answer.get("Errors"):
            first = errors[0]
            raise EngineError(f"{bucket}/{first['Key']}: {first['Code']}: {first['Message']}")


def _suspend(calls: Calls, old: Old) -> None:
    try:
        calls("s3", "put_bucket_versioning", Bucket=old.id, VersioningConfiguration={"Status": "Suspended"})
    except EngineError as error:
        if "InvalidBucketState" not in str(error):  # with Object Lock, versioning stays for good
            raise


def _unlock(calls: Calls, old: Old) -> None:
    calls(
        *("s3", "put_object_lock_configuration"),
        Bucket=old.id,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"},
    )


def _on(operation: str) -> Step:
    """Call an operation on the bucket that a resource is a setting of."""

    def step(calls: Calls, old: Old) -> Any:
        return calls("s3", operation, Bucket=old.id)

    return step


def _setting(delete: Step | str, get: str, *in_place: str) -> Kind:
    """What is set on a bucket: setting it again changes it."""
    return Kind(
        delete=_on(delete) if isinstance(delete, str) else delete,
        exists=_on(get),
        in_place=of(*in_place),
        named=None,
    )


KINDS = {
    "aws:s3/bucket:Bucket": Kind(
        delete=_delete_bucket,
        exists=_on("head_bucket"),
        in_place=of("forceDestroy", "tags"),
        rewrites={("s3", "create_bucket"): _update_bucket},
        named="bucket",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _setting(
        _suspend, "get_bucket_versioning", "versioningConfiguration"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _setting(
        "delete_bucket_encryption", "get_bucket_encryption", "rules"
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _setting(
        *("delete_public_access_block", "get_public_access_block"),
        *("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets", "skipDestroy"),
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _setting(
        _unlock, "get_object_lock_configuration", "rule"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _setting("delete_bucket_policy", "get_bucket_policy", "policy"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _setting(
        *("delete_bucket_lifecycle", "get_bucket_lifecycle_configuration"),
        *("rules", "transitionDefaultMinimumObjectSize", "timeouts"),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _setting(
        "delete_bucket_ownership_controls", "get_bucket_ownership_controls", "rule"
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": Kind(
        delete=_delete_object,
        exists=lambda calls, old: calls(
            "s3", "head_object", Bucket=old.values["bucket"], Key=old.values["key"]
        ),
        in_place=of(
            *("content", "contentBase64", "source", "sourceHash", "contentType", "contentEncoding"),
            *("contentDisposition", "contentLanguage", "cacheControl", "metadata", "storageClass"),
            *("serverSideEncryption", "kmsKeyId", "bucketKeyEnabled", "forceDestroy", "tags"),
        ),
        outputs=of("etag", "versionId"),
        named=None,
    ),
}
