"""The IAM actions it takes to make, read, change and delete each type of resource that Corral's program uses.

Those of aws-native types are AWS's own lists, made from the handlers' permissions in its published schemas:
`python -m corral.bootstrap.native` writes native_actions.json. Those of the `aws` package are written here, from
what its provider calls: it reads more than it writes, each sub-resource of a bucket for instance.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

NATIVE_FILE = Path(__file__).with_name("native_actions.json")


def _of(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())


_BUCKET = _of(
    "s3",
    "CreateBucket DeleteBucket ListBucket GetBucketLocation GetBucketTagging PutBucketTagging GetBucketPolicy "
    "GetBucketAcl GetBucketCORS GetBucketWebsite GetBucketVersioning GetAccelerateConfiguration "
    "GetBucketRequestPayment GetBucketLogging GetLifecycleConfiguration GetReplicationConfiguration "
    "GetEncryptionConfiguration GetBucketObjectLockConfiguration GetBucketPublicAccessBlock "
    "GetBucketOwnershipControls",
)

# What CreateTrail and UpdateTrail ask for besides when the trail is an organization's. That CloudTrail may act in the
# organization is set up before, by its management account (docs/audit.md).
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html
ORGANIZATION_TRAIL = _of(
    "organizations", "DescribeOrganization ListAWSServiceAccessForOrganization ListAccounts"
)

CLASSIC: dict[str, tuple[str, ...]] = {
    "aws:athena/namedQuery:NamedQuery": _of("athena", "CreateNamedQuery DeleteNamedQuery GetNamedQuery"),
    "aws:athena/workgroup:Workgroup": _of(
        "athena",
        "CreateWorkGroup DeleteWorkGroup GetWorkGroup UpdateWorkGroup TagResource UntagResource ListTagsForResource",
    ),
    # IAM has one action for making, changing and deleting, and one for looking.
    "aws:budgets/budget:Budget": _of(
        "budgets", "ModifyBudget ViewBudget TagResource UntagResource ListTagsForResource"
    ),
    # Nobody who deploys may stop a trail.
    "aws:cloudtrail/trail:Trail": _of(
        "cloudtrail",
        "CreateTrail DeleteTrail UpdateTrail GetTrail DescribeTrails GetTrailStatus StartLogging "
        "PutEventSelectors GetEventSelectors GetInsightSelectors AddTags RemoveTags ListTags",
    ),
    # Nobody who deploys may disable a rule.
    "aws:cloudwatch/eventRule:EventRule": _of(
        "events", "PutRule DeleteRule DescribeRule TagResource UntagResource ListTagsForResource"
    ),
    "aws:cloudwatch/eventTarget:EventTarget": _of("events", "PutTargets RemoveTargets ListTargetsByRule"),
    "aws:cloudwatch/logGroup:LogGroup": _of(
        "logs",
        "CreateLogGroup DeleteLogGroup DescribeLogGroups PutRetentionPolicy DeleteRetentionPolicy "
        "AssociateKmsKey DisassociateKmsKey TagResource UntagResource ListTagsForResource",
    ),
    "aws:cloudwatch/dashboard:Dashboard": _of("cloudwatch", "PutDashboard GetDashboard DeleteDashboards"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _of(
        "cloudwatch",
        "PutMetricAlarm DescribeAlarms DeleteAlarms TagResource UntagResource ListTagsForResource",
    ),
    "aws:dynamodb/table:Table": _of(
        "dynamodb",
        "CreateTable DeleteTable DescribeTable UpdateTable UpdateTimeToLive DescribeTimeToLive "
        "UpdateContinuousBackups DescribeContinuousBackups TagResource UntagResource ListTagsOfResource",
    ),
    "aws:dynamodb/tableItem:TableItem": _of("dynamodb", "PutItem GetItem UpdateItem DeleteItem"),
    "aws:glue/catalogDatabase:CatalogDatabase": _of(
        "glue", "CreateDatabase DeleteDatabase GetDatabase UpdateDatabase GetTags TagResource UntagResource"
    ),
    "aws:glue/catalogTable:CatalogTable": _of(
        "glue", "CreateTable DeleteTable GetTable UpdateTable GetPartitionIndexes"
    ),
    # The boundaries, which are the bootstrap's own: who deploys makes and changes no managed policy.
    "aws:iam/policy:Policy": _of("iam", "GetPolicy GetPolicyVersion"),
    "aws:iam/role:Role": _of(
        "iam",
        "CreateRole DeleteRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy PassRole "
        "TagRole UntagRole ListRoleTags ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole",
    ),
    "aws:iam/rolePolicy:RolePolicy": _of("iam", "PutRolePolicy GetRolePolicy DeleteRolePolicy"),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": _of(
        "firehose",
        "CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream UpdateDestination "
        "StartDeliveryStreamEncryption StopDeliveryStreamEncryption TagDeliveryStream UntagDeliveryStream "
        "ListTagsForDeliveryStream",
    ),
    "aws:kms/alias:Alias": _of("kms", "CreateAlias UpdateAlias DeleteAlias ListAliases"),
    "aws:kms/key:Key": _of(
        "kms",
        "CreateKey DescribeKey GetKeyPolicy PutKeyPolicy EnableKeyRotation DisableKeyRotation "
        "GetKeyRotationStatus EnableKey DisableKey UpdateKeyDescription ScheduleKeyDeletion "
        "TagResource UntagResource ListResourceTags",
    ),
    "aws:lambda/alias:Alias": _of("lambda", "CreateAlias DeleteAlias GetAlias UpdateAlias"),
    "aws:lambda/function:Function": (
        *_of(
            "lambda",
            "CreateFunction DeleteFunction GetFunction GetFunctionConfiguration UpdateFunctionCode "
            "UpdateFunctionConfiguration PublishVersion ListVersionsByFunction PutFunctionConcurrency "
            "DeleteFunctionConcurrency GetFunctionCodeSigningConfig GetFunctionRecursionConfig "
            "GetRuntimeManagementConfig GetLayerVersion TagResource UntagResource ListTags",
        ),
        *_of("kms", "Encrypt Decrypt CreateGrant"),  # its variables
    ),
    "aws:lambda/functionUrl:FunctionUrl": _of(
        "lambda",
        "CreateFunctionUrlConfig DeleteFunctionUrlConfig GetFunctionUrlConfig UpdateFunctionUrlConfig",
    ),
    "aws:lambda/permission:Permission": _of("lambda", "AddPermission RemovePermission GetPolicy"),
    "aws:s3/bucket:Bucket": _BUCKET,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _of(
        "s3", "GetLifecycleConfiguration PutLifecycleConfiguration"
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _of(
        "s3", "GetBucketObjectLockConfiguration PutBucketObjectLockConfiguration"
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": (
        *_of(
            "s3",
            "PutObject GetObject GetObjectVersion DeleteObject DeleteObjectVersion GetObjectTagging "
            "PutObjectTagging DeleteObjectTagging ListBucketVersions",
        ),
        *_of("kms", "GenerateDataKey Decrypt"),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _of(
        "s3", "GetBucketOwnershipControls PutBucketOwnershipControls"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _of("s3", "GetBucketPolicy PutBucketPolicy DeleteBucketPolicy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _of(
        "s3", "GetBucketPublicAccessBlock PutBucketPublicAccessBlock"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _of(
        "s3", "GetEncryptionConfiguration PutEncryptionConfiguration"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _of("s3", "GetBucketVersioning PutBucketVersioning"),
    "aws:scheduler/schedule:Schedule": _of(
        "scheduler", "CreateSchedule DeleteSchedule GetSchedule UpdateSchedule"
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": _of(
        "scheduler",
        "CreateScheduleGroup DeleteScheduleGroup GetScheduleGroup TagResource UntagResource ListTagsForResource",
    ),
    # Its value is put there by a person: who deploys can read no secret.
    "aws:secretsmanager/secret:Secret": _of(
        "secretsmanager",
        "CreateSecret DeleteSecret DescribeSecret UpdateSecret GetResourcePolicy TagResource UntagResource",
    ),
    "aws:sns/topic:Topic": _of(
        "sns",
        "CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes TagResource UntagResource "
        "ListTagsForResource",
    ),
    "aws:sns/topicPolicy:TopicPolicy": _of("sns", "GetTopicAttributes SetTopicAttributes"),
    "aws:sns/topicSubscription:TopicSubscription": _of(
        "sns", "Subscribe Unsubscribe GetSubscriptionAttributes SetSubscriptionAttributes"
    ),
    "aws:sqs/queue:Queue": _of(
        "sqs",
        "CreateQueue DeleteQueue GetQueueUrl GetQueueAttributes SetQueueAttributes TagQueue UntagQueue "
        "ListQueueTags",
    ),
}

# What no type needs, but a deployment does.
CLOUD_CONTROL = _of(
    "cloudformation",
    "CreateResource GetResource UpdateResource DeleteResource GetResourceRequestStatus CancelResourceRequest",
)
RETIRED_AGENTS = _of("agent-registry", "GetRegistryRecord UpdateRegistryRecordStatus")


@cache
def native() -> dict[str, tuple[str, ...]]:
    """Return the actions of each aws-native type, by CloudFormation's name for it."""
    return {kind: tuple(names) for kind, names in json.loads(NATIVE_FILE.read_text()).items()}


def actions_of(kinds: Iterable[str]) -> set[str]:
    """Return all actions that some types take: Pulumi's names for `aws` types, CloudFormation's for the others.

    Raises KeyError for a type that no deployer has been given the actions of.
    """
    return {action for kind in kinds for action in (CLASSIC[kind] if kind in CLASSIC else native()[kind])}
