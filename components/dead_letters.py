"""Where those end up that could not be delivered, or came to nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import sqs

from components.policy_documents import document, tls_only
from components.site import Shared

RETENTION_SECONDS = 14 * 24 * 3600  # SQS's longest


@dataclass(frozen=True)
class DeadLettersArgs:
    """Arguments of DeadLetters. `statements` are added to the queue's policy."""

    shared: Shared
    aws_name: str
    statements: Sequence[Mapping[str, Any]] = ()


class DeadLetters(ComponentResource):
    """A queue that people read; nothing else does."""

    def __init__(self, name: str, args: DeadLettersArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:DeadLetters", name, None, opts)
        shared = args.shared
        queue = sqs.Queue(
            f"{name}-queue",
            name=args.aws_name,
            message_retention_seconds=RETENTION_SECONDS,
            kms_master_key_id=shared.key_arn,
            policy=document([tls_only("sqs:*", [shared.site.arn("sqs", args.aws_name)]), *args.statements]),
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self),
        )
        self.arn = queue.arn
        self.url = queue.url
        self.register_outputs({"arn": self.arn})
