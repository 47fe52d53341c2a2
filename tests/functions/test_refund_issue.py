"""refund-issue refunds an order once, whatever is asked and however often."""

import threading
import time
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyPersistenceLayerError

from functions.common import aws
from functions.tools.refund_issue import handler as refund_issue
from functions.tools.refund_issue.handler import handler

REQUEST = {"order_id": "A-1001", "amount_cents": 1250, "reason": "Arrived broken."}


def forget(own_table: Any) -> None:
    memory = boto3.resource("dynamodb").Table("idempotency")
    for item in memory.scan()["Items"]:
        memory.delete_item(Key={"id": item["id"]})


def test_a_refund_is_written(own_table: Any, context: Any) -> None:
    answer = handler(REQUEST, context)
    assert {**answer, "refund_id": ""} == {
        "refund_id": "",
        "order_id": "A-1001",
        "amount_cents": 1250,
        "status": "issued",
    }
    item = own_table.get_item(Key={"id": "A-1001"})["Item"]
    assert (item["amount_cents"], item["reason"], item["refund_id"]) == (
        1250,
        "Arrived broken.",
        answer["refund_id"],
    )


@pytest.mark.control("idempotent-tools")
@pytest.mark.parametrize("forgetful", [False, True])
def test_the_same_request_twice_has_one_effect(own_table: Any, context: Any, forgetful: bool) -> None:
    first = handler(REQUEST, context)
    if forgetful:
        forget(own_table)
    assert handler({**REQUEST, "reason": "said in other words"}, context) == first
    assert own_table.scan()["Count"] == 1
    assert own_table.get_item(Key={"id": "A-1001"})["Item"]["reason"] == "Arrived broken."


@pytest.mark.control("idempotent-tools")
@pytest.mark.parametrize("order", ["A-1001", "a-1001", " A-1001 "])
def test_an_order_is_not_refunded_twice_with_different_amounts(
    own_table: Any, context: Any, order: str
) -> None:
    handler(REQUEST, context)
    error = handler({**REQUEST, "order_id": order, "amount_cents": 900}, context)["error"]
    assert error["code"] == "already_refunded"
    assert "1250 cents" in error["message"]
    assert own_table.get_item(Key={"id": "A-1001"})["Item"]["amount_cents"] == 1250


def test_a_refusal_is_not_remembered(own_table: Any, context: Any) -> None:
    handler(REQUEST, context)
    assert "error" in handler({**REQUEST, "amount_cents": 900}, context)
    own_table.delete_item(Key={"id": "A-1001"})  # a person has taken the refund back
    assert handler({**REQUEST, "amount_cents": 900}, context)["status"] == "issued"


@pytest.mark.parametrize("amount", [0, -5, 100_001, 12.5, "1250", True, None])
def test_amounts_outside_the_ceiling_are_refused(own_table: Any, context: Any, amount: Any) -> None:
    assert handler({**REQUEST, "amount_cents": amount}, context)["error"]["code"] == "bad_arguments"
    assert own_table.scan()["Count"] == 0


@pytest.mark.parametrize("order", ["", "A 1001", "A-1001\u200b", "\u0410-1001", "x" * 65])
def test_order_ids_that_could_pass_for_another_are_refused(own_table: Any, context: Any, order: str) -> None:
    assert handler({**REQUEST, "order_id": order}, context)["error"]["code"] == "bad_arguments"


@pytest.mark.control("idempotent-tools")
def test_many_at_the_same_time_are_one_refund(
    own_table: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.client("dynamodb"), aws.table("own-table")  # boto3 makes clients in one thread only
    slow = refund_issue._refund

    def slower(request: dict[str, Any], reason: str) -> dict[str, Any]:
        time.sleep(0.2)
        return slow(request, reason)

    monkeypatch.setattr(refund_issue, "_refund", slower)
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(handler(REQUEST, context))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert own_table.scan()["Count"] == 1
    assert len([answer for answer in answers if answer.get("status") == "issued"]) == 1
    assert {answer["error"]["code"] for answer in answers if "error" in answer} == {"in_progress"}


@pytest.mark.control("idempotent-tools", "fail-closed")
def test_without_its_memory_the_tool_does_nothing(own_table: Any, context: Any) -> None:
    boto3.client("dynamodb").delete_table(TableName="idempotency")
    with pytest.raises(IdempotencyPersistenceLayerError):
        handler(REQUEST, context)
    assert own_table.scan()["Count"] == 0
