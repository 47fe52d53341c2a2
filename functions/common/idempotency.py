"""Tools that change something do it once, however often the same request arrives."""

import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.aws import client
from functions.common.tool import RefusalError, Result

_REMEMBERED_SECONDS = 24 * 3600


def once(tool: str, work: Callable[..., Result], request: dict[str, Any], context: LambdaContext) -> Result:
    """Do `work(request=request)`, or return what the same request came to within the last day.

    The key is the tool and the whole request: pass only what makes two requests the same. A refusal is not
    remembered. A request whose twin is still being worked on is refused, so that the model may ask again.
    """
    config = IdempotencyConfig(
        expires_after_seconds=_REMEMBERED_SECONDS, hash_function="sha256", lambda_context=context
    )
    store = DynamoDBPersistenceLayer(os.environ["IDEMPOTENCY_TABLE"], boto3_client=client("dynamodb"))
    run = idempotent_function(
        work, data_keyword_argument="request", persistence_store=store, config=config, key_prefix=tool
    )
    try:
        result: Result = run(request=request)
    except IdempotencyAlreadyInProgressError:
        raise RefusalError(
            "in_progress", "The same request is being worked on. Ask again in a few seconds."
        ) from None
    return result
