"""Firehose delivery streams."""

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Old, Parameters, of, retag

_NAME = "DeliveryStreamName"


def _name(old: Old) -> dict[str, str]:
    return {_NAME: old.values["name"]}


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    name = {_NAME: sent[_NAME]}
    if "extendedS3Configuration" in change.changed:
        stream = calls("firehose", "describe_delivery_stream", **name)["DeliveryStreamDescription"]
        calls(
            *("firehose", "update_destination"),
            **name,
            CurrentDeliveryStreamVersionId=stream["VersionId"],
            DestinationId=stream["Destinations"][0]["DestinationId"],
            ExtendedS3DestinationUpdate=sent["ExtendedS3DestinationConfiguration"],
        )
    if "serverSideEncryption" in change.changed:
        encryption = sent["DeliveryStreamEncryptionConfigurationInput"]
        if encryption is None:
            calls("firehose", "stop_delivery_stream_encryption", **name)
        else:
            calls(
                *("firehose", "start_delivery_stream_encryption"),
                **name,
                DeliveryStreamEncryptionConfigurationInput=encryption,
            )
    retag(
        *(calls, change, "firehose", ("tag_delivery_stream", "Tags"), ("untag_delivery_stream", "TagKeys")),
        **name,
    )
    return {"DeliveryStreamARN": change.id}


KINDS = {
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Kind(
        delete=lambda calls, old: calls("firehose", "delete_delivery_stream", **_name(old)),
        exists=lambda calls, old: calls("firehose", "describe_delivery_stream", **_name(old)),
        in_place=of("extendedS3Configuration", "serverSideEncryption", "tags"),
        rewrites={("firehose", "create_delivery_stream"): _update},
    )
}
