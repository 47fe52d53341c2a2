"""The IAM actions of S3's operations, whose names differ more often than not, and the buckets' policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.s3.models import s3_backends

# (action, bucket, key or None for the bucket itself, condition keys)
Action = tuple[str, str, str | None, dict[str, Any]]

# Operations on an object, by the action without its prefix.
_OBJECT = {
    "HeadObject": "GetObject",
    "GetObjectAttributes": "GetObject",
    "SelectObjectContent": "GetObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
}
# Operations on a bucket whose action has another name.
_BUCKET = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "ListBuckets": "ListAllMyBuckets",
}
_VERSIONED = {
    "GetObject",
    "DeleteObject",
    "GetObjectAcl",
    "PutObjectAcl",
    "GetObjectTagging",
    "PutObjectTagging",
}


def actions(operation: str, params: Mapping[str, Any], copy_source: str, query: set[str]) -> Iterable[Action]:
    """Yield what an operation needs. `copy_source` is CopySource, decoded; `query` the names in the query."""
    bucket, key = params.get("Bucket", ""), params.get("Key")
    if operation == "DeleteObjects":
        for item in params.get("Delete", {}).get("Objects", []):
            action = "s3:DeleteObjectVersion" if item.get("VersionId") else "s3:DeleteObject"
            yield action, bucket, item.get("Key", ""), {}
    elif key is None:
        context = {"s3:prefix": params["Prefix"]} if params.get("Prefix") is not None else {}
        yield f"s3:{_BUCKET.get(operation, operation)}", bucket, None, context
    else:
        name = _OBJECT.get(operation, operation)
        versioned = name in _VERSIONED and (params.get("VersionId") or "versionId" in query)
        yield f"s3:{name}" + ("Version" if versioned else ""), bucket, key, _object_context(params)
        if name == "PutObject" and params.get("ObjectLockMode"):
            yield "s3:PutObjectRetention", bucket, key, {}
        if name == "PutObject" and params.get("Tagging"):
            yield "s3:PutObjectTagging", bucket, key, {}
        if copy_source:
            source_bucket, _, source_key = copy_source.lstrip("/").partition("/")
            yield "s3:GetObject", source_bucket, source_key.partition("?")[0], {}
    if params.get("BypassGovernanceRetention") and key is not None:
        yield "s3:BypassGovernanceRetention", bucket, key, {}


def _object_context(params: Mapping[str, Any]) -> dict[str, Any]:
    keys = {
        "s3:x-amz-acl": params.get("ACL"),
        "s3:x-amz-server-side-encryption": params.get("ServerSideEncryption"),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": params.get("SSEKMSKeyId"),
        "s3:x-amz-storage-class": params.get("StorageClass"),
        "s3:object-lock-mode": params.get("ObjectLockMode"),
        "s3:VersionId": params.get("VersionId"),
    }
    return {name: value for name, value in keys.items() if value is not None}


def bucket_policy(account: str, bucket: str) -> str | None:
    """Return a bucket's policy, or None."""
    found = s3_backends[account]["aws"].buckets.get(bucket)
    if found is None or found.policy is None:
        return None
    return bytes(found.policy).decode() if isinstance(found.policy, bytes | bytearray) else str(found.policy)
