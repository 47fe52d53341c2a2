"""Firehose delivery streams (pulumi_aws files them under `kinesis`)."""

from typing import Any

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, upper_first, without_none


def delivery_stream(inputs: Inputs, context: Context) -> Created:
    """Create a stream that takes records directly and writes them to S3."""
    name = context.name_of(limit=64)
    stream_tags = tags.take_tags(inputs)
    inputs.fixed("destination", "extended_s3")
    destination = inputs.block("extendedS3Configuration")
    encryption = inputs.block("serverSideEncryption")
    parameters = {
        "DeliveryStreamType": "DirectPut",
        "ExtendedS3DestinationConfiguration": _s3(destination) if destination else None,
        "DeliveryStreamEncryptionConfigurationInput": _encryption(encryption) if encryption else None,
        "Tags": tags.as_list(stream_tags),
    }
    inputs.close()
    answer = context.call("firehose", "create_delivery_stream", DeliveryStreamName=name, **parameters)
    arn = answer["DeliveryStreamARN"]
    return arn, {"name": name, "arn": arn, **tags.outputs(stream_tags)}


def _s3(block: Inputs) -> dict[str, Any]:
    key = block.take("kmsKeyArn")
    hints = {
        "SizeInMBs": block.take("bufferingSize"),
        "IntervalInSeconds": block.take("bufferingInterval"),
    }
    return without_none(
        {
            "RoleARN": block.need("roleArn"),
            "BucketARN": block.need("bucketArn"),
            "Prefix": block.take("prefix"),
            "ErrorOutputPrefix": block.take("errorOutputPrefix"),
            "BufferingHints": without_none(hints) or None,
            "CompressionFormat": block.take("compressionFormat"),
            "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": key}} if key else None,
            "CloudWatchLoggingOptions": upper_first(block.take("cloudwatchLoggingOptions")),
            "ProcessingConfiguration": upper_first(block.take("processingConfiguration")),
            "S3BackupMode": block.take("s3BackupMode"),
            "CustomTimeZone": block.take("customTimeZone"),
            "FileExtension": block.take("fileExtension"),
        }
    )


def _encryption(block: Inputs) -> dict[str, Any] | None:
    enabled = block.take("enabled", False)
    configuration = {"KeyType": block.take("keyType", "AWS_OWNED_CMK"), "KeyARN": block.take("keyArn")}
    return without_none(configuration) if enabled else None


HANDLERS: dict[str, Handler] = {"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": delivery_stream}
