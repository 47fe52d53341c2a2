"""The types of pulumi_aws the engine can create: one small handler a type, one file a service."""

from corral.local.engine.aws import (
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
from corral.local.engine.context import Handler

HANDLERS: dict[str, Handler] = {
    **athena.HANDLERS,
    **budgets.HANDLERS,
    **cloudtrail.HANDLERS,
    **cloudwatch.HANDLERS,
    **dynamodb.HANDLERS,
    **events.HANDLERS,
    **firehose.HANDLERS,
    **glue.HANDLERS,
    **iam.HANDLERS,
    **kms.HANDLERS,
    **lambda_.HANDLERS,
    **s3.HANDLERS,
    **scheduler.HANDLERS,
    **secretsmanager.HANDLERS,
    **sns.HANDLERS,
    **sqs.HANDLERS,
}
