"""SQS queues."""

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag
from corral.local.provider.reading import from_string

_SETTINGS = {
    "delaySeconds": ("DelaySeconds", 0),
    "maxMessageSize": ("MaximumMessageSize", 1048576),
    "messageRetentionSeconds": ("MessageRetentionPeriod", 345600),
    "receiveWaitTimeSeconds": ("ReceiveMessageWaitTimeSeconds", 0),
    "visibilityTimeoutSeconds": ("VisibilityTimeout", 30),
    "policy": ("Policy", ""),
    "redrivePolicy": ("RedrivePolicy", ""),
    "redriveAllowPolicy": ("RedriveAllowPolicy", ""),
    "kmsMasterKeyId": ("KmsMasterKeyId", ""),
    "kmsDataKeyReusePeriodSeconds": ("KmsDataKeyReusePeriodSeconds", 300),
    "sqsManagedSseEnabled": ("SqsManagedSseEnabled", True),
    "fifoQueue": ("FifoQueue", False),
    "contentBasedDeduplication": ("ContentBasedDeduplication", False),
    "deduplicationScope": ("DeduplicationScope", "queue"),
    "fifoThroughputLimit": ("FifoThroughputLimit", "perQueue"),
}
_DEFAULTS = {key: default for key, (_, default) in _SETTINGS.items()}


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    attributes = sent["Attributes"] or {}
    wanted = {name: attributes[name] for key, (name, _) in _SETTINGS.items() if key in change.changed}
    if wanted:
        calls("sqs", "set_queue_attributes", QueueUrl=change.id, Attributes=wanted)
    retag(
        *(calls, change, "sqs", ("tag_queue", "Tags"), ("untag_queue", "TagKeys")),
        pairs=None,
        QueueUrl=change.id,
    )
    return {"QueueUrl": change.id}


def _read(calls: Calls, old: Old) -> Live:
    queue = {"QueueUrl": old.id}
    shown = calls("sqs", "get_queue_attributes", **queue, AttributeNames=["All"])["Attributes"]
    inputs = {
        "name": shown["QueueArn"].rpartition(":")[2],
        **{key: from_string(shown.get(name), default) for key, (name, default) in _SETTINGS.items()},
        "tags": calls("sqs", "list_queue_tags", **queue).get("Tags"),
    }
    if "KmsMasterKeyId" not in shown:
        del inputs["kmsDataKeyReusePeriodSeconds"]  # which is shown with a key only
    return Live(inputs, {"arn": shown["QueueArn"], "url": old.id})


KINDS = {
    "aws:sqs/queue:Queue": Kind(
        delete=lambda calls, old: calls("sqs", "delete_queue", QueueUrl=old.id),
        read=_read,
        ids=("http://{host...}/{account}/{name}", "https://{host...}/{account}/{name}"),
        in_place=of(*_SETTINGS, "tags") - {"fifoQueue"},
        rewrites={("sqs", "create_queue"): _update},
        defaults=_DEFAULTS,
    )
}
