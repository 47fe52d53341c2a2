"""The decision stream: the supervisor's record of every decision, delivered into the audit bucket."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import cloudwatch, kinesis

from components import permissions
from components.bucket import Bucket
from components.policy_documents import service_trust
from components.role import Role, RoleArgs
from components.site import Shared

PREFIX = "decisions/dt=!{timestamp:yyyy-MM-dd}/"
ERROR_PREFIX = "decisions-undelivered/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/"
BUFFER_SECONDS = 60
BUFFER_MB = 5


@dataclass(frozen=True)
class DecisionsArgs:
    """Arguments of a Decisions. `key_arn` is the audit key."""

    shared: Shared
    key_arn: Input[str]
    bucket: Bucket


class Decisions(ComponentResource):
    """A Firehose stream that partitions by day and compresses with GZIP."""

    def __init__(self, name: str, args: DecisionsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Decisions", name, None, opts)
        shared, site = args.shared, args.shared.site
        stream_name = site.name("decisions")
        self.log_group = f"/aws/kinesisfirehose/{stream_name}"
        logs = cloudwatch.LogGroup(
            f"{name}-logs",
            name=self.log_group,
            retention_in_days=site.log_retention_days,
            kms_key_id=args.key_arn,
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self, retain_on_delete=site.production),
        )
        role = Role(
            name,
            RoleArgs(
                shared=shared,
                aws_name=stream_name,
                description="Lets Firehose deliver decisions into the audit bucket.",
                trust=service_trust(
                    site, "firehose.amazonaws.com", site.arn("firehose", f"deliverystream/{stream_name}")
                ),
                grants=[
                    permissions.delivery(args.bucket.arn),
                    permissions.key_use(args.key_arn),
                    permissions.log_streams(logs.arn),
                ],
            ),
            ResourceOptions(parent=self),
        )
        stream = kinesis.FirehoseDeliveryStream(
            f"{name}-stream",
            name=stream_name,
            destination="extended_s3",
            extended_s3_configuration=kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationArgs(
                role_arn=role.arn,
                bucket_arn=args.bucket.arn,
                prefix=PREFIX,
                error_output_prefix=ERROR_PREFIX,
                buffering_interval=BUFFER_SECONDS,
                buffering_size=BUFFER_MB,
                compression_format="GZIP",
                kms_key_arn=args.key_arn,
                cloudwatch_logging_options=(
                    kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationCloudwatchLoggingOptionsArgs(
                        enabled=True, log_group_name=logs.name, log_stream_name="delivery"
                    )
                ),
            ),
            server_side_encryption=kinesis.FirehoseDeliveryStreamServerSideEncryptionArgs(
                enabled=True, key_type="CUSTOMER_MANAGED_CMK", key_arn=args.key_arn
            ),
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self, depends_on=[role.policy, args.bucket.ready]),
        )
        self.name = stream.name
        self.arn = stream.arn
        self.register_outputs({"name": self.name, "arn": self.arn})
