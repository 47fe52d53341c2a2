"""A DynamoDB table of items by key, encrypted with the stack's key."""

from dataclasses import dataclass

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import dynamodb

from components.site import Shared


@dataclass(frozen=True)
class TableArgs:
    """Arguments of a Table. Keys are strings; an item goes at the time (epoch seconds) in `expires`."""

    shared: Shared
    aws_name: str
    hash_key: str
    range_key: str | None = None
    expires: str | None = None


class Table(ComponentResource):
    """A table paid by request. In production it can be restored to any second and not be deleted."""

    def __init__(self, name: str, args: TableArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Table", name, None, opts)
        production = args.shared.site.production
        keys = [key for key in (args.hash_key, args.range_key) if key is not None]
        ttl = None
        if args.expires is not None:
            ttl = dynamodb.TableTtlArgs(attribute_name=args.expires, enabled=True)
        table = dynamodb.Table(
            f"{name}-table",
            name=args.aws_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=args.hash_key,
            range_key=args.range_key,
            attributes=[dynamodb.TableAttributeArgs(name=key, type="S") for key in keys],
            ttl=ttl,
            server_side_encryption=dynamodb.TableServerSideEncryptionArgs(
                enabled=True, kms_key_arn=args.shared.key_arn
            ),
            point_in_time_recovery=dynamodb.TablePointInTimeRecoveryArgs(enabled=production),
            deletion_protection_enabled=production,
            tags=args.shared.tags.as_dict(),
            opts=ResourceOptions(parent=self, protect=production),
        )
        self.name = table.name
        self.arn = table.arn
        self.register_outputs({"name": self.name, "arn": self.arn})
