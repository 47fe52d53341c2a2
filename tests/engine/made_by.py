"""Which calls make the resources, for tests that have one of them fail."""

# The call that makes a resource of each of pulumi_aws' types: service, operation.
CLASSIC = {
    "aws:athena/namedQuery:NamedQuery": ("athena", "CreateNamedQuery"),
    "aws:athena/workgroup:Workgroup": ("athena", "CreateWorkGroup"),
    "aws:cloudtrail/trail:Trail": ("cloudtrail", "CreateTrail"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "CreateLogGroup"),
    "aws:dynamodb/table:Table": ("dynamodb", "CreateTable"),
    "aws:dynamodb/tableItem:TableItem": ("dynamodb", "PutItem"),
    "aws:glue/catalogDatabase:CatalogDatabase": ("glue", "CreateDatabase"),
    "aws:glue/catalogTable:CatalogTable": ("glue", "CreateTable"),
    "aws:iam/policy:Policy": ("iam", "CreatePolicy"),
    "aws:iam/role:Role": ("iam", "CreateRole"),
    "aws:iam/rolePolicy:RolePolicy": ("iam", "PutRolePolicy"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("iam", "AttachRolePolicy"),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": ("firehose", "CreateDeliveryStream"),
    "aws:kms/alias:Alias": ("kms", "CreateAlias"),
    "aws:kms/key:Key": ("kms", "CreateKey"),
    "aws:lambda/alias:Alias": ("lambda", "CreateAlias"),
    "aws:lambda/function:Function": ("lambda", "CreateFunction"),
    "aws:lambda/functionUrl:FunctionUrl": ("lambda", "CreateFunctionUrlConfig"),
    "aws:lambda/permission:Permission": ("lambda", "AddPermission"),
    "aws:s3/bucket:Bucket": ("s3", "CreateBucket"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "s3",
        "PutBucketLifecycleConfiguration",
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": (
        "s3",
        "PutObjectLockConfiguration",
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": ("s3", "PutObject"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("s3", "PutBucketOwnershipControls"),
    "aws:s3/bucketPolicy:BucketPolicy": ("s3", "PutBucketPolicy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ("s3", "PutPublicAccessBlock"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3",
        "PutBucketEncryption",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": ("s3", "PutBucketVersioning"),
    "aws:scheduler/schedule:Schedule": ("scheduler", "CreateSchedule"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": ("scheduler", "CreateScheduleGroup"),
    "aws:secretsmanager/secret:Secret": ("secretsmanager", "CreateSecret"),
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretsmanager", "PutSecretValue"),
    "aws:sns/topic:Topic": ("sns", "CreateTopic"),
    "aws:sns/topicPolicy:TopicPolicy": ("sns", "SetTopicAttributes"),
    "aws:sns/topicSubscription:TopicSubscription": ("sns", "Subscribe"),
    "aws:sqs/queue:Queue": ("sqs", "CreateQueue"),
}
# A later call of a type whose making takes several: the thing is there, and not yet as it should be.
LATER = {
    "aws:dynamodb/table:Table": ("dynamodb", "UpdateContinuousBackups"),
    "aws:lambda/function:Function": ("lambda", "PutFunctionConcurrency"),
    "aws:kms/key:Key": ("kms", "EnableKeyRotation"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "PutRetentionPolicy"),
    "aws:cloudtrail/trail:Trail": ("cloudtrail", "PutEventSelectors"),
    "aws:s3/bucket:Bucket": ("s3", "PutBucketTagging"),
}
