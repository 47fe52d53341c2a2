"""One resource of every type of pulumi_aws the provider makes, each with a change it takes in place."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import rpc

ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
OTHER = ALLOW.replace("GetObject", "PutObject")
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
ROLE = "arn:aws:iam::123456789012:role/worker"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
TAGS = {"tags": {"team": "support", "cost": "1"}}
FEWER = {"tags": {"team": "sales"}}
HERE = {"bucket": "things"}
KEYS = {"tableName": "items", "hashKey": "id"}
SIGNATURE = rpc._special_sig_key


def asset(text: str) -> dict[str, Any]:
    """A text asset as the engine sends it, with the hash it has taken."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {SIGNATURE: rpc._special_asset_sig, "text": text, "hash": digest}


def archive(text: str) -> dict[str, Any]:
    """An archive of one file as the engine sends it."""
    digest = hashlib.sha256(f"zip of {text}".encode()).hexdigest()
    return {SIGNATURE: rpc._special_archive_sig, "assets": {"code.py": asset(text)}, "hash": digest}


@dataclass(frozen=True)
class Case:
    """A type, inputs that make one, and the inputs that then change; {} where every change replaces."""

    token: str
    inputs: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)


def _bucket_part(kind: str, inputs: dict[str, Any], change: dict[str, Any]) -> Case:
    return Case(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}", HERE | inputs, change)


def _default(algorithm: str) -> dict[str, Any]:
    return {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm}}]}


def lock(days: int) -> dict[str, Any]:
    return {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": days}}}


def _expire(days: int) -> dict[str, Any]:
    rule = {"id": "old", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": days}}
    return {"rules": [rule]}


def _delivery(prefix: str) -> dict[str, Any]:
    return {
        "extendedS3Configuration": {"roleArn": ROLE, "bucketArn": "arn:aws:s3:::things", "prefix": prefix}
    }


# In the order in which they can be made; the other way round they can be deleted.
CASES = [
    Case("aws:kms/key:Key", {"description": "d", "enableKeyRotation": True, "deletionWindowInDays": 7} | TAGS,
         {"description": "other", "enableKeyRotation": False} | FEWER),
    Case("aws:s3/bucket:Bucket", HERE | {"objectLockEnabled": True, "forceDestroy": True} | TAGS, FEWER),
    _bucket_part("BucketVersioning", {"versioningConfiguration": {"status": "Enabled"}}, {}),
    _bucket_part("BucketServerSideEncryptionConfiguration", _default("AES256"), _default("aws:kms")),
    _bucket_part("BucketPublicAccessBlock", {"blockPublicAcls": True}, {"blockPublicPolicy": True}),
    # moto itself takes a lock for an empty bucket only: its change has a test of its own.
    _bucket_part("BucketObjectLockConfiguration", lock(400), {}),
    _bucket_part("BucketOwnershipControls", {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
                 {"rule": {"objectOwnership": "BucketOwnerPreferred"}}),
    _bucket_part("BucketLifecycleConfiguration", _expire(5), _expire(6)),
    _bucket_part("BucketPolicy", {"policy": ALLOW}, {"policy": OTHER}),
    _bucket_part("BucketObjectv2", {"key": "a", "source": asset("one"), "forceDestroy": True},
                 {"source": asset("two")}),
    Case("aws:iam/policy:Policy", {"name": "boundary", "policy": ALLOW} | TAGS, {"policy": OTHER} | FEWER),
    Case("aws:iam/role:Role", {"name": "worker", "assumeRolePolicy": TRUST, "description": "d"} | TAGS,
         {"description": "other",
          "permissionsBoundary": "arn:aws:iam::123456789012:policy/boundary"} | FEWER),
    Case("aws:iam/rolePolicy:RolePolicy", {"name": "own", "role": "worker", "policy": ALLOW},
         {"policy": OTHER}),
    Case("aws:iam/rolePolicyAttachment:RolePolicyAttachment",
         {"role": "worker", "policyArn": "arn:aws:iam::123456789012:policy/boundary"}),
    Case("aws:cloudwatch/logGroup:LogGroup", {"name": "/logs", "retentionInDays": 400} | TAGS,
         {"retentionInDays": 30} | FEWER),
    Case("aws:cloudtrail/trail:Trail", {"name": "audit", "s3BucketName": "things"} | TAGS,
         {"isMultiRegionTrail": True} | FEWER),
    Case("aws:lambda/function:Function",
         {"name": "worker", "role": ROLE, "runtime": "python3.13", "handler": "code.handler", "publish": True,
          "code": archive("one"), "reservedConcurrentExecutions": 2} | TAGS,
         {"code": archive("two"), "timeout": 9} | FEWER),
    Case("aws:lambda/alias:Alias", {"name": "live", "functionName": "worker", "functionVersion": "1"},
         {"functionVersion": "2"}),
    Case("aws:lambda/functionUrl:FunctionUrl", {"functionName": "worker", "authorizationType": "AWS_IAM"},
         {"authorizationType": "NONE"}),
    Case("aws:lambda/permission:Permission",
         {"function": "worker", "action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com"}),
    Case("aws:dynamodb/table:Table",
         {"name": "items", "hashKey": "id", "billingMode": "PAY_PER_REQUEST",
          "attributes": [{"name": "id", "type": "S"}], "ttl": {"attributeName": "end", "enabled": True},
          "pointInTimeRecovery": {"enabled": True}} | TAGS,
         {"ttl": None, "pointInTimeRecovery": None, "deletionProtectionEnabled": False} | FEWER),
    Case("aws:dynamodb/tableItem:TableItem", KEYS | {"item": '{"id": {"S": "1"}, "n": {"N": "1"}}'},
         {"item": '{"id": {"S": "2"}, "n": {"N": "2"}}'}),
    Case("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
         {"name": "decisions", "destination": "extended_s3"} | _delivery("a/") | TAGS, _delivery("b/") | FEWER),
    Case("aws:secretsmanager/secret:Secret",
         {"name": "corral/key", "description": "d", "recoveryWindowInDays": 0} | TAGS,
         {"description": "other"} | FEWER),
    Case("aws:secretsmanager/secretVersion:SecretVersion", {"secretId": "corral/key", "secretString": "s"}),
    Case("aws:athena/workgroup:Workgroup", {"name": "warehouse", "forceDestroy": True} | TAGS, FEWER),
    Case("aws:glue/catalogDatabase:CatalogDatabase", {"name": "sales", "description": "d"} | TAGS,
         {"description": "other"} | FEWER),
    Case("aws:glue/catalogTable:CatalogTable",
         {"name": "orders", "databaseName": "sales", "parameters": {"a": "1"}}, {"parameters": {"a": "2"}}),
    Case("aws:sns/topic:Topic", {"name": "alerts", "displayName": "Alerts"} | TAGS,
         {"displayName": "Other"} | FEWER),
    Case("aws:sns/topicPolicy:TopicPolicy", {"arn": TOPIC, "policy": ALLOW}, {"policy": OTHER}),
    Case("aws:sqs/queue:Queue", {"name": "jobs", "visibilityTimeoutSeconds": 30} | TAGS,
         {"visibilityTimeoutSeconds": 40} | FEWER),
    Case("aws:sns/topicSubscription:TopicSubscription",
         {"topic": TOPIC, "protocol": "sqs", "endpoint": "arn:aws:sqs:us-east-1:123456789012:jobs"},
         {"rawMessageDelivery": True}),
]  # fmt: skip
