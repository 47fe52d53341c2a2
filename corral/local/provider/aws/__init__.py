"""How the types of pulumi_aws are changed, looked up and deleted: one file a service, as in the engine."""

from corral.local.provider.aws import (
    athena,
    budgets,
    cloudtrail,
    cloudwatch,
    dynamodb,
    events,
    firehose,
    glue,
    iam,
    kms,
    lambda_,
    s3,
    scheduler,
    secretsmanager,
    sns,
    sqs,
)
from corral.local.provider.kind import Kind

KINDS: dict[str, Kind] = {
    **athena.KINDS,
    **budgets.KINDS,
    **cloudtrail.KINDS,
    **cloudwatch.KINDS,
    **dynamodb.KINDS,
    **events.KINDS,
    **firehose.KINDS,
    **glue.KINDS,
    **iam.KINDS,
    **kms.KINDS,
    **lambda_.KINDS,
    **s3.KINDS,
    **scheduler.KINDS,
    **secretsmanager.KINDS,
    **sns.KINDS,
    **sqs.KINDS,
}
