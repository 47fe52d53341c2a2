"""refund-issue: refunds an order, once. Policy and approval rules decide who may, and how much."""

import os
import re
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from functions.common.aws import table
from functions.common.canonical import digest
from functions.common.idempotency import once
from functions.common.tool import Arguments, RefusalError, Result, tool

# Cedar holds every agent to the constraints of tool.yaml; these are the same, should a call ever come another
# way.
MINIMUM_CENTS, MAXIMUM_CENTS = 1, 100_000


@tool("order_id", "amount_cents", "reason")
def handler(arguments: Arguments, context: LambdaContext) -> Result:
    """Refund an order, or return the refund that this request made before."""
    reason = arguments.text("reason", max_length=500)
    # a-1001 and A-1001 are one order, refunded once.
    order = arguments.text("order_id", max_length=64).upper()
    if not re.fullmatch(r"[A-Z0-9._/-]+", order, re.ASCII):
        raise RefusalError(
            "bad_arguments", "order_id takes letters, digits, '.', '_', '/' and '-' only, as in A-1001."
        )
    request = {
        "order_id": order,
        "amount_cents": arguments.integer("amount_cents", at_least=MINIMUM_CENTS, at_most=MAXIMUM_CENTS),
    }
    return once("refund-issue", lambda request: _refund(request, reason), request, context)


def _refund(request: dict[str, Any], reason: str) -> Result:
    # The table's key is the order: no two refunds of one order can exist, whatever runs at the same time.
    refunds = table(os.environ["TABLE_NAME"])
    order, amount = request["order_id"], request["amount_cents"]
    item = {
        "id": order,
        "refund_id": f"REF-{digest(request)[:16].upper()}",
        "amount_cents": amount,
        "reason": reason,
        "status": "issued",
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        refunds.put_item(Item=item, ConditionExpression="attribute_not_exists(id)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        item = refunds.get_item(Key={"id": order}, ConsistentRead=True)["Item"]
        if item["amount_cents"] != amount:
            raise RefusalError(
                "already_refunded",
                f"Order {order} was already refunded {item['amount_cents']} cents ({item['refund_id']}). "
                "An order is refunded once: do not try another amount, hand the customer to a person.",
            ) from None
    return {
        "refund_id": item["refund_id"],
        "order_id": order,
        "amount_cents": amount,
        "status": item["status"],
    }
