"""Firehose delivery streams."""

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, Values, of, retag
from corral.local.provider.reading import lower_first, tag_map

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


def _read(calls: Calls, old: Old) -> Live:
    found = calls("firehose", "describe_delivery_stream", **_name(old))["DeliveryStreamDescription"]
    inputs = {
        "name": found[_NAME],
        "destination": "extended_s3",
        "extendedS3Configuration": _s3(
            found["Destinations"][0].get("ExtendedS3DestinationDescription") or {}
        ),
        "serverSideEncryption": _encryption(
            found.get("DeliveryStreamEncryptionConfiguration") or {"Status": "DISABLED"},
            old.values.get("serverSideEncryption") or {},
        ),
        "tags": tag_map(calls("firehose", "list_tags_for_delivery_stream", **_name(old))["Tags"]),
    }
    return Live(inputs, {"arn": found["DeliveryStreamARN"]})


def _encryption(shown: Parameters, given: Values) -> Values | None:
    if shown.get("Status") == "DISABLED":
        return None if given.get("enabled") else given
    return {"enabled": True, "keyType": shown.get("KeyType"), "keyArn": shown.get("KeyARN")}


def _s3(shown: Parameters) -> Values:
    hints = shown.get("BufferingHints") or {}
    encryption = shown.get("EncryptionConfiguration") or {}
    return {
        "roleArn": shown.get("RoleARN"),
        "bucketArn": shown.get("BucketARN"),
        "bufferingSize": hints.get("SizeInMBs"),
        "bufferingInterval": hints.get("IntervalInSeconds"),
        "kmsKeyArn": encryption.get("KMSEncryptionConfig", {}).get("AWSKMSKeyARN"),
        "cloudwatchLoggingOptions": lower_first(shown.get("CloudWatchLoggingOptions")),
        **lower_first({key: shown.get(key) for key in _AS_THEY_ARE}),
    }


_AS_THEY_ARE = (
    *("Prefix", "ErrorOutputPrefix", "CompressionFormat", "ProcessingConfiguration", "S3BackupMode"),
    *("CustomTimeZone", "FileExtension"),
)

KINDS = {
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Kind(
        delete=lambda calls, old: calls("firehose", "delete_delivery_stream", **_name(old)),
        read=_read,
        ids=("arn:{partition}:firehose:{region}:{account}:deliverystream/{name}",),
        in_place=of("extendedS3Configuration", "serverSideEncryption", "tags"),
        rewrites={("firehose", "create_delivery_stream"): _update},
        defaults={
            "extendedS3Configuration": {
                "bufferingSize": 5,
                "bufferingInterval": 300,
                "compressionFormat": "UNCOMPRESSED",
                "s3BackupMode": "Disabled",
                "customTimeZone": "UTC",
                "cloudwatchLoggingOptions": {"enabled": False},
                "processingConfiguration": {"enabled": False},
            },
            "serverSideEncryption": {"enabled": False, "keyType": "AWS_OWNED_CMK"},
        },
    )
}
