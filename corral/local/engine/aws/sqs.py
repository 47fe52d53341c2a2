"""SQS queues."""

from corral.local.engine.aws import tags
from corral.local.engine.aws.attributes import as_strings
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs

_QUEUE = {
    "delaySeconds": "DelaySeconds",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "policy": "Policy",
    "redrivePolicy": "RedrivePolicy",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "fifoQueue": "FifoQueue",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "fifoThroughputLimit": "FifoThroughputLimit",
}


def queue(inputs: Inputs, context: Context) -> Created:
    """Create a queue."""
    name = context.name_of(limit=80)
    queue_tags = tags.take_tags(inputs)
    attributes = as_strings(inputs, _QUEUE)
    inputs.close()
    answer = context.call(
        "sqs", "create_queue", QueueName=name, Attributes=attributes or None, tags=queue_tags or None
    )
    arn = context.calls.arn("sqs", name)
    url = answer["QueueUrl"]
    return url, {"name": name, "arn": arn, "url": url, **tags.outputs(queue_tags)}


HANDLERS: dict[str, Handler] = {"aws:sqs/queue:Queue": queue}
