"""S3 buckets and what is set on them, each its own resource, as in pulumi_aws 7."""

import base64
from typing import Any
from urllib.parse import urlencode

from corral.local.engine.archives import asset_bytes
from corral.local.engine.aws import tags
from corral.local.engine.calls import Calls
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, upper_first, without_none
from corral.local.engine.model import EngineError

_LONGEST_NAME = 63


def bucket(inputs: Inputs, context: Context) -> Created:
    """Create a bucket; `forceDestroy` matters at destruction only."""
    name = context.name_of("bucket", _LONGEST_NAME)
    lock = inputs.take("objectLockEnabled", False)
    bucket_tags = tags.take_tags(inputs)
    inputs.take("forceDestroy")
    inputs.close()
    region = context.calls.region
    context.call(
        "s3",
        "create_bucket",
        Bucket=name,
        ObjectLockEnabledForBucket=lock or None,
        CreateBucketConfiguration=None if region == "us-east-1" else {"LocationConstraint": region},
    )
    if bucket_tags:
        context.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": tags.as_list(bucket_tags)})
    return name, {
        "bucket": name,
        **bucket_outputs(context.calls, name),
        "objectLockEnabled": lock,
        **tags.outputs(bucket_tags),
    }


def bucket_outputs(calls: Calls, name: str) -> dict[str, str]:
    """Return the outputs that a bucket's name and region tell."""
    return {
        "arn": calls.arn("s3", name, region="", account=""),
        "bucketRegion": calls.region,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{calls.region}.amazonaws.com",
    }


def _target(inputs: Inputs) -> dict[str, Any]:
    return {
        "Bucket": inputs.need("bucket"),
        "ExpectedBucketOwner": inputs.take("expectedBucketOwner"),
    }


def _id(target: dict[str, Any]) -> str:
    owner = target["ExpectedBucketOwner"]
    return target["Bucket"] if owner is None else f"{target['Bucket']},{owner}"


def versioning(inputs: Inputs, context: Context) -> Created:
    """Set a bucket's versioning."""
    target = _target(inputs)
    configuration = inputs.need("versioningConfiguration")
    inputs.close()
    context.call(
        "s3",
        "put_bucket_versioning",
        **target,
        VersioningConfiguration=_renamed(configuration, mfaDelete="MFADelete"),
    )
    return _id(target), {}


def encryption(inputs: Inputs, context: Context) -> Created:
    """Set a bucket's default encryption."""
    target = _target(inputs)
    rules = []
    for rule in inputs.blocks("rules"):
        default = rule.block("applyServerSideEncryptionByDefault")
        by_default = default and {
            "SSEAlgorithm": default.need("sseAlgorithm"),
            "KMSMasterKeyID": default.take("kmsMasterKeyId"),
        }
        rules.append(
            without_none(
                {
                    "ApplyServerSideEncryptionByDefault": by_default and without_none(by_default),
                    "BucketKeyEnabled": rule.take("bucketKeyEnabled"),
                }
            )
        )
    inputs.close()
    context.call("s3", "put_bucket_encryption", **target, ServerSideEncryptionConfiguration={"Rules": rules})
    return _id(target), {}


def public_access_block(inputs: Inputs, context: Context) -> Created:
    """Set which kinds of public access a bucket refuses."""
    name = inputs.need("bucket")
    inputs.take("skipDestroy")
    configuration = {
        "BlockPublicAcls": inputs.take("blockPublicAcls", False),
        "BlockPublicPolicy": inputs.take("blockPublicPolicy", False),
        "IgnorePublicAcls": inputs.take("ignorePublicAcls", False),
        "RestrictPublicBuckets": inputs.take("restrictPublicBuckets", False),
    }
    inputs.close()
    context.call("s3", "put_public_access_block", Bucket=name, PublicAccessBlockConfiguration=configuration)
    return name, {}


def object_lock(inputs: Inputs, context: Context) -> Created:
    """Set a bucket's default retention."""
    target = _target(inputs)
    configuration = {
        "ObjectLockEnabled": inputs.take("objectLockEnabled", "Enabled"),
        "Rule": upper_first(inputs.take("rule")),
    }
    inputs.close()
    context.call(
        "s3",
        "put_object_lock_configuration",
        **target,
        ObjectLockConfiguration=without_none(configuration),
    )
    return _id(target), {}


def policy(inputs: Inputs, context: Context) -> Created:
    """Set a bucket's policy."""
    name, document = inputs.need("bucket"), inputs.need("policy")
    inputs.close()
    context.call("s3", "put_bucket_policy", Bucket=name, Policy=document)
    return name, {}


def lifecycle(inputs: Inputs, context: Context) -> Created:
    """Set a bucket's lifecycle rules."""
    target = _target(inputs)
    rules = [_lifecycle_rule(rule) for rule in inputs.need("rules")]
    minimum = inputs.take("transitionDefaultMinimumObjectSize")
    inputs.take("timeouts")
    inputs.close()
    context.call(
        "s3",
        "put_bucket_lifecycle_configuration",
        **target,
        LifecycleConfiguration={"Rules": rules},
        TransitionDefaultMinimumObjectSize=minimum,
    )
    return _id(target), {}


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    converted = _renamed(rule, id="ID")
    both = converted.setdefault("Filter", {"Prefix": ""}).get("And", {})
    if "Tags" in both:
        both["Tags"] = tags.as_list(rule["filter"]["and"]["tags"])
    return converted


def ownership(inputs: Inputs, context: Context) -> Created:
    """Set who owns a bucket's objects."""
    name, rule = inputs.need("bucket"), inputs.need("rule")
    inputs.close()
    context.call(
        "s3", "put_bucket_ownership_controls", Bucket=name, OwnershipControls={"Rules": [upper_first(rule)]}
    )
    return name, {}


def stored_object(inputs: Inputs, context: Context) -> Created:
    """Store one object, from text, base64 or a file."""
    name, key = inputs.need("bucket"), inputs.need("key")
    body = _content(inputs)
    object_tags = tags.take_tags(inputs)
    parameters = {
        "ContentType": inputs.take("contentType"),
        "ContentEncoding": inputs.take("contentEncoding"),
        "ContentDisposition": inputs.take("contentDisposition"),
        "ContentLanguage": inputs.take("contentLanguage"),
        "CacheControl": inputs.take("cacheControl"),
        "Metadata": inputs.take("metadata"),
        "StorageClass": inputs.take("storageClass"),
        "ServerSideEncryption": inputs.take("serverSideEncryption"),
        "SSEKMSKeyId": inputs.take("kmsKeyId"),
        "BucketKeyEnabled": inputs.take("bucketKeyEnabled"),
        "Tagging": urlencode(object_tags) or None,
    }
    for only_for_changes in ("forceDestroy", "sourceHash"):
        inputs.take(only_for_changes)
    inputs.close()
    if parameters["SSEKMSKeyId"] and not parameters["ServerSideEncryption"]:
        parameters["ServerSideEncryption"] = "aws:kms"
    answer = context.call("s3", "put_object", Bucket=name, Key=key, Body=body, **parameters)
    return f"{name}/{key}", {
        "arn": context.calls.arn("s3", f"{name}/{key}", region="", account=""),
        "etag": answer["ETag"].strip('"'),
        "versionId": answer.get("VersionId", ""),
        **tags.outputs(object_tags),
    }


def _content(inputs: Inputs) -> bytes:
    text, encoded, source = inputs.take("content"), inputs.take("contentBase64"), inputs.take("source")
    given = [value for value in (text, encoded, source) if value is not None]
    if len(given) > 1:
        raise EngineError("only one of content, contentBase64 and source may be set")
    if source is not None:
        return asset_bytes(source)
    return base64.b64decode(encoded) if encoded is not None else (text or "").encode()


def _renamed(block: dict[str, Any], **names: str) -> dict[str, Any]:
    """Convert a block whose keys named in `names` have a spelling of their own."""
    special = {names[key]: upper_first(value) for key, value in block.items() if key in names}
    plain = {key: value for key, value in block.items() if key not in names}
    return {**upper_first(plain), **special}


HANDLERS: dict[str, Handler] = {
    "aws:s3/bucket:Bucket": bucket,
    "aws:s3/bucketVersioning:BucketVersioning": versioning,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": encryption,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": public_access_block,
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": object_lock,
    "aws:s3/bucketPolicy:BucketPolicy": policy,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lifecycle,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ownership,
    "aws:s3/bucketObjectv2:BucketObjectv2": stored_object,
}
