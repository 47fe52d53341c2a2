"""ticket-create: opens a ticket. The same text from the same customer is the same ticket."""

import os
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from functions.common.aws import table
from functions.common.canonical import digest
from functions.common.idempotency import once
from functions.common.tool import Arguments, RefusalError, Result, tool

PRIORITIES = ("low", "normal", "high")


@tool("subject", "body", "priority", "customer_id")
def handler(arguments: Arguments, context: LambdaContext) -> Result:
    """Open a ticket, or return the one that this request opened before."""
    priority = arguments.text("priority", max_length=20, default="normal")
    if priority not in PRIORITIES:
        raise RefusalError("bad_arguments", f"priority must be one of {', '.join(PRIORITIES)}.")
    request = {
        "subject": arguments.text("subject", max_length=200),
        "body": arguments.text("body", max_length=10_000),
        "customer_id": arguments.text("customer_id", max_length=100, default=""),
    }
    return once("ticket-create", lambda request: _open(request, priority), request, context)


def _open(request: dict[str, Any], priority: str) -> Result:
    # The id follows from the request, so that even a run that died between writing the ticket and remembering
    # its result opens no second one.
    ticket_id = f"TCK-{digest(request)[:16].upper()}"
    tickets = table(os.environ["TABLE_NAME"])
    item = {
        "id": ticket_id,
        **request,
        "priority": priority,
        "status": "open",
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        tickets.put_item(Item=item, ConditionExpression="attribute_not_exists(id)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        item = tickets.get_item(Key={"id": ticket_id}, ConsistentRead=True)["Item"]
    return {"ticket_id": ticket_id, "status": str(item["status"])}
