"""SQS queues."""

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Parameters, of, retag


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    if sent["Attributes"]:
        calls("sqs", "set_queue_attributes", QueueUrl=change.id, Attributes=sent["Attributes"])
    retag(
        *(calls, change, "sqs", ("tag_queue", "Tags"), ("untag_queue", "TagKeys")),
        pairs=None,
        QueueUrl=change.id,
    )
    return {"QueueUrl": change.id}


KINDS = {
    "aws:sqs/queue:Queue": Kind(
        delete=lambda calls, old: calls("sqs", "delete_queue", QueueUrl=old.id),
        exists=lambda calls, old: calls("sqs", "get_queue_attributes", QueueUrl=old.id),
        in_place=of(
            *("delaySeconds", "maxMessageSize", "messageRetentionSeconds", "receiveWaitTimeSeconds"),
            *("visibilityTimeoutSeconds", "policy", "redrivePolicy", "redriveAllowPolicy", "kmsMasterKeyId"),
            *("kmsDataKeyReusePeriodSeconds", "sqsManagedSseEnabled", "contentBasedDeduplication"),
            *("deduplicationScope", "fifoThroughputLimit", "tags"),
        ),
        rewrites={("sqs", "create_queue"): _update},
    )
}
