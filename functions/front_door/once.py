"""A request that names itself is done once: sent again with the same Idempotency-Key, it gets the first answer.

Powertools' idempotency, which the tools use, forgets a request that failed or was cut off, and does it again. An
agent that was cut off may have acted. So a request that is not known to have come to nothing keeps its key for
good: its answer is kept, an error's too, and one that never got as far says that its outcome is not known.

An item lives for a day under a hash of caller, agent and key. It says what the request was, until when the function
could be at work on it, and in the end its answer, compressed.
"""

import hashlib
import json
import os
import re
import time
import zlib
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from functions.common.aws import error_code, table
from functions.common.errors import ApiError

logger = Logger()

KEPT_SECONDS = 24 * 3600
_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_SOONEST, _LATEST = 1, 30  # seconds after which it is worth asking for an answer that is being made

Answered = tuple[int, dict[str, Any]]


def once(
    key: str, who: tuple[str, str], request: Any, work: Callable[[], Answered], context: LambdaContext
) -> tuple[Answered, bool]:
    """Do `work`, or return what the same request came to, and whether it was done before.

    `who` is caller and agent: a key is theirs alone. `work` raises ApiError; one that may have acted is kept like an
    answer. ApiError 400, 409, 422, 502 of its own.
    """
    if not _KEY.fullmatch(key):
        raise ApiError(
            400, "bad_request", "Idempotency-Key has 1 to 128 letters, digits, '-', '_', '.', ':'."
        )
    item = {"id": _hash(*who, key), "request": _hash(json.dumps(request, sort_keys=True))}
    found = _claim(item, context)
    if found is not None:
        return _known(found, item["request"]), True
    try:
        answered = work()
    except ApiError as error:
        if not error.acted:
            _let_go(item)
            raise
        answered = error.status, error.body
    _keep(item, answered)
    return answered, False


def _table() -> Any:
    return table(os.environ["REQUESTS_TABLE"])


def _claim(item: dict[str, str], context: LambdaContext) -> dict[str, Any] | None:
    """Begin a request, or return what is on record of it. An item past its day counts as none."""
    now = int(time.time())
    begun = {
        **item,
        "until": now + context.get_remaining_time_in_millis() // 1000 + 1,
        "expires_at": now + KEPT_SECONDS,
    }
    try:
        _table().put_item(
            Item=begun,
            ConditionExpression=Attr("id").not_exists() | Attr("expires_at").lt(now),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except ClientError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            # As DynamoDB writes it: boto3 makes plain values of answers, not of what an error carries.
            return {name: next(iter(value.values())) for name, value in error.response["Item"].items()}
        raise _unavailable(error) from None
    except BotoCoreError as error:
        raise _unavailable(error) from None
    return None


def _known(found: dict[str, Any], request: str) -> Answered:
    """Return the answer on record. ApiError if there is none, or if it is another request's."""
    if found["request"] != request:
        raise ApiError(
            422,
            "key_reused",
            "This Idempotency-Key was sent with another message. A new message has a new key.",
        )
    if "answer" in found:
        answer: dict[str, Any] = json.loads(zlib.decompress(found["answer"]))
        return int(found["status"]), answer
    left = int(found["until"]) - int(time.time())
    if left > 0:
        raise ApiError(
            409,
            "in_progress",
            "The same request is being worked on. Send it again to get its answer.",
            retry_after=min(max(left, _SOONEST), _LATEST),
        )
    raise ApiError(
        409,
        "outcome_unknown",
        "This request was cut off, and the agent may have acted. Look at what has been done before you send it "
        "with another Idempotency-Key.",
    )


def _keep(item: dict[str, str], answered: Answered) -> None:
    """Put the answer on record. If that fails the caller has it all the same, and it is not made again."""
    status, body = answered
    try:
        _table().update_item(
            Key={"id": item["id"]},
            UpdateExpression="SET #status = :status, answer = :answer",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={
                ":status": status,
                ":answer": zlib.compress(json.dumps(body).encode()),
            },
        )
    except (ClientError, BotoCoreError) as error:
        logger.error("answer not kept", extra={"cause": error_code(error)})


def _let_go(item: dict[str, str]) -> None:
    """Forget a request that came to nothing, so that it can be sent again. If that fails, it waits for its day."""
    try:
        _table().delete_item(Key={"id": item["id"]})
    except (ClientError, BotoCoreError) as error:
        logger.error("key not let go", extra={"cause": error_code(error)})


def _unavailable(error: Exception) -> ApiError:
    logger.error("requests not asked", extra={"cause": error_code(error)})
    return ApiError(
        502, "requests_unavailable", "It could not be told whether this was done already.", retry_after=5
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
