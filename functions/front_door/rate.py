"""How many messages an agent takes in a minute: three times the peak its team expects of it.

Counted in the table of requests, one conditional write a message. What is over waits for the next minute, and is
told when that begins; Lambda's own limit, reserved concurrency, lies above and says no such thing. If it cannot be
counted, the message passes: this limit keeps order and guards nothing.
"""

import os
import time

from aws_lambda_powertools import Logger
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from functions.common.aws import error_code, table
from functions.common.errors import ApiError

logger = Logger()

USUAL = 60  # messages a minute, of an agent of which nothing else is said
_KEPT_SECONDS = 300


def count(agent: str, limit: int) -> None:
    """Count a message. ApiError 429 with the seconds to wait if the agent has had its `limit` this minute."""
    now = time.time()
    minute = int(now // 60)
    try:
        table(os.environ["REQUESTS_TABLE"]).update_item(
            Key={"id": f"minute {minute} {agent}"},
            UpdateExpression="SET expires_at = :expires ADD messages :one",
            ConditionExpression=Attr("messages").not_exists() | Attr("messages").lt(limit),
            ExpressionAttributeValues={":one": 1, ":expires": minute * 60 + _KEPT_SECONDS},
        )
    except (ClientError, BotoCoreError) as error:
        if error_code(error) != "ConditionalCheckFailedException":
            logger.error("not counted", extra={"cause": error_code(error)})
            return
        raise ApiError(
            429,
            "throttled",
            f"The agent takes {limit} messages a minute. Send it again after the seconds of Retry-After.",
            retry_after=int((minute + 1) * 60 - now) + 1,
        ) from None
