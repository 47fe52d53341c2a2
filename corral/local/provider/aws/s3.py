"""S3 buckets, what is set on them, and objects."""

from collections.abc import Callable, Mapping
from typing import Any

from corral.local.engine.aws.s3 import bucket_outputs
from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Content, Kind, Live, Old, Parameters, Step, Values, of
from corral.local.provider.reading import lower_first, tag_map, unless_unset

_BATCH = 1000
_PUBLIC = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _update_bucket(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    if change.gone("tags"):
        calls("s3", "delete_bucket_tagging", Bucket=change.id)
    return {}


def _read_bucket(calls: Calls, old: Old) -> Live:
    here = {"Bucket": old.id}
    calls("s3", "head_bucket", **here)
    lock = unless_unset(
        calls, "ObjectLockConfigurationNotFoundError", "s3", "get_object_lock_configuration", **here
    )
    tags = unless_unset(calls, "NoSuchTagSet", "s3", "get_bucket_tagging", **here)
    inputs = {
        "bucket": old.id,
        "objectLockEnabled": lock.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled",
        "tags": tag_map(tags.get("TagSet")),
    }
    return Live(inputs, bucket_outputs(calls, old.id))


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


def _read_object(calls: Calls, old: Old) -> Live:
    where = {"Bucket": old.values["bucket"], "Key": old.values["key"]}
    found = calls("s3", "head_object", **where)
    inputs = {
        "bucket": where["Bucket"],
        "key": where["Key"],
        **lower_first({name: found.get(name) for name in _OBJECT}),
        "kmsKeyId": found.get("SSEKMSKeyId"),
        "metadata": found.get("Metadata"),
        "tags": tag_map(calls("s3", "get_object_tagging", **where)["TagSet"]),
    }
    name = f"{where['Bucket']}/{where['Key']}"
    outputs = {
        "arn": calls.arn("s3", name, region="", account=""),
        "etag": found["ETag"].strip('"'),
        "versionId": found.get("VersionId", ""),
    }
    return Live(inputs, outputs, name)


_OBJECT = (
    *("ContentType", "ContentEncoding", "ContentDisposition", "ContentLanguage", "CacheControl"),
    *("StorageClass", "ServerSideEncryption", "BucketKeyEnabled"),
)


_BODY = ("content", "contentBase64", "source")


def _suspend(calls: Calls, old: Old) -> None:
    try:
        calls("s3", "put_bucket_versioning", **_bucket(old), VersioningConfiguration={"Status": "Suspended"})
    except EngineError as error:
        if "InvalidBucketState" not in str(error):  # with Object Lock, versioning stays for good
            raise


def _unlock(calls: Calls, old: Old) -> None:
    calls(
        *("s3", "put_object_lock_configuration"),
        **_bucket(old),
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"},
    )


def _bucket(old: Old) -> dict[str, str]:
    return {"Bucket": old.values["bucket"]}


def _versioning(shown: Parameters) -> Values:
    if "Status" not in shown:
        raise EngineError("NoSuchVersioning: the bucket's versioning was never set")
    return {
        "versioningConfiguration": lower_first(_setting(shown, "Status", "MFADelete"), MFADelete="mfaDelete")
    }


def _encryption(shown: Parameters) -> Values:
    rules = shown["ServerSideEncryptionConfiguration"]["Rules"]
    return {"rules": lower_first(rules, SSEAlgorithm="sseAlgorithm", KMSMasterKeyID="kmsMasterKeyId")}


def _public(shown: Parameters) -> Values:
    blocked = lower_first(shown["PublicAccessBlockConfiguration"])
    return {key: blocked.get(key, False) for key in _PUBLIC}


def _lock(shown: Parameters) -> Values:
    lock = shown["ObjectLockConfiguration"]
    retention = lock.get("Rule", {}).get("DefaultRetention", {})
    # Either days or years; the local AWS shows the other as 0.
    told = {key: value for key, value in lower_first(retention).items() if value}
    return {"objectLockEnabled": lock.get("ObjectLockEnabled"), "rule": {"defaultRetention": told}}


def _lifecycle(shown: Parameters) -> Values:
    rules = lower_first(shown["Rules"], ID="id")
    for rule in rules:
        both = rule.get("filter", {}).get("and", {})
        if "tags" in both:
            both["tags"] = tag_map(both["tags"], "key", "value")
    size = {"transitionDefaultMinimumObjectSize": shown.get("TransitionDefaultMinimumObjectSize")}
    return {"rules": rules, **(size if all(size.values()) else {})}


def _setting(shown: Parameters, *names: str) -> Parameters:
    return {name: shown[name] for name in names if name in shown}


def _on_bucket(operation: str) -> Step:
    return lambda calls, old: calls("s3", operation, **_bucket(old))


def _of_bucket(
    get: str,
    values: Callable[[Parameters], Values],
    delete: Step | str,
    *in_place: str,
    defaults: Mapping[str, Any] | None = None,
    owner: bool = False,
) -> Kind:
    """What is set on a bucket: setting it again changes it. With `owner`, the id may say whose bucket it is."""

    def read(calls: Calls, old: Old) -> Live:
        expected = {"expectedBucketOwner": old.values.get("expectedBucketOwner")} if owner else {}
        return Live({**_here(old), **expected, **values(calls("s3", get, **_bucket(old)))})

    return Kind(
        delete=_on_bucket(delete) if isinstance(delete, str) else delete,
        read=read,
        ids=("{bucket},{expectedBucketOwner}", "{bucket}") if owner else ("{bucket}",),
        in_place=of(*in_place),
        named=None,
        defaults=defaults or {},
    )


def _here(old: Old) -> Values:
    return {"bucket": old.values["bucket"]}


KINDS = {
    "aws:s3/bucket:Bucket": Kind(
        delete=_delete_bucket,
        read=_read_bucket,
        ids=("{bucket}",),
        in_place=of("forceDestroy", "tags"),
        rewrites={("s3", "create_bucket"): _update_bucket},
        named="bucket",
        defaults={"objectLockEnabled": False, "forceDestroy": False},
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _of_bucket(
        *("get_bucket_versioning", _versioning, _suspend, "versioningConfiguration"),
        defaults={"versioningConfiguration": {"mfaDelete": "Disabled"}},
        owner=True,
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _of_bucket(
        *("get_bucket_encryption", _encryption, "delete_bucket_encryption", "rules"),
        defaults={"rules": [{"bucketKeyEnabled": False}]},
        owner=True,
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _of_bucket(
        "get_public_access_block",
        _public,
        "delete_public_access_block",
        *(*_PUBLIC, "skipDestroy"),
        defaults=dict.fromkeys((*_PUBLIC, "skipDestroy"), False),
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _of_bucket(
        *("get_object_lock_configuration", _lock, _unlock, "rule"),
        defaults={"objectLockEnabled": "Enabled"},
        owner=True,
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _of_bucket(
        "get_bucket_policy", lambda shown: {"policy": shown["Policy"]}, "delete_bucket_policy", "policy"
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _of_bucket(
        *("get_bucket_lifecycle_configuration", _lifecycle, "delete_bucket_lifecycle"),
        *("rules", "transitionDefaultMinimumObjectSize", "timeouts"),
        defaults={
            "rules": [{"filter": {"prefix": ""}}],
            "transitionDefaultMinimumObjectSize": "all_storage_classes_128K",
        },
        owner=True,
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _of_bucket(
        "get_bucket_ownership_controls",
        lambda shown: {"rule": lower_first(shown["OwnershipControls"]["Rules"][0])},
        *("delete_bucket_ownership_controls", "rule"),
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": Kind(
        delete=_delete_object,
        read=_read_object,
        ids=("s3://{bucket}/{key...}", "{bucket}/{key...}"),
        in_place=of(
            *(*_BODY, "sourceHash", "contentType", "contentEncoding"),
            *("contentDisposition", "contentLanguage", "cacheControl", "metadata", "storageClass"),
            *("serverSideEncryption", "kmsKeyId", "bucketKeyEnabled", "forceDestroy", "tags"),
        ),
        outputs=of("etag", "versionId"),
        named=None,
        defaults={
            "contentType": "binary/octet-stream",
            "storageClass": "STANDARD",
            "forceDestroy": False,
        },
        elsewhere=of("serverSideEncryption", "kmsKeyId", "bucketKeyEnabled"),  # the bucket's encryption
        content=Content(_BODY, "etag"),
    ),
}
