"""ticket-create opens one ticket for one request."""

from typing import Any

import boto3
import pytest

from functions.tools.ticket_create.handler import handler

REQUEST = {"subject": "Router is dead", "body": "No lights since Monday.", "customer_id": "C-7"}


def test_a_ticket_is_written(own_table: Any, context: Any) -> None:
    answer = handler({**REQUEST, "priority": "high"}, context)
    assert answer["status"] == "open"
    item = own_table.get_item(Key={"id": answer["ticket_id"]})["Item"]
    assert {**item, "created_at": ""} == {
        "id": answer["ticket_id"],
        **REQUEST,
        "priority": "high",
        "status": "open",
        "created_at": "",
    }


@pytest.mark.control("idempotent-tools")
def test_the_same_request_twice_has_one_effect(own_table: Any, context: Any) -> None:
    first, second = handler(REQUEST, context), handler(REQUEST, context)
    assert first == second
    assert own_table.scan()["Count"] == 1


def test_the_second_request_is_answered_from_memory(own_table: Any, context: Any) -> None:
    first = handler(REQUEST, context)
    own_table.delete_item(Key={"id": first["ticket_id"]})
    assert handler(REQUEST, context) == first
    assert own_table.scan()["Count"] == 0


@pytest.mark.control("idempotent-tools")
def test_even_with_its_memory_lost_the_tool_opens_no_second_ticket(own_table: Any, context: Any) -> None:
    first = handler(REQUEST, context)
    own_table.update_item(
        Key={"id": first["ticket_id"]},
        UpdateExpression="SET #status = :closed",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":closed": "closed"},
    )
    memory = boto3.resource("dynamodb").Table("idempotency")
    for item in memory.scan()["Items"]:
        memory.delete_item(Key={"id": item["id"]})
    assert handler(REQUEST, context) == {"ticket_id": first["ticket_id"], "status": "closed"}
    assert own_table.scan()["Count"] == 1


@pytest.mark.parametrize(
    "change", [{"body": "Another matter."}, {"subject": "Other"}, {"customer_id": "C-8"}]
)
def test_another_request_is_another_ticket(own_table: Any, context: Any, change: dict[str, str]) -> None:
    assert handler(REQUEST, context)["ticket_id"] != handler({**REQUEST, **change}, context)["ticket_id"]


def test_an_unknown_priority_is_refused_with_those_there_are(own_table: Any, context: Any) -> None:
    error = handler({**REQUEST, "priority": "urgent"}, context)["error"]
    assert error["code"] == "bad_arguments"
    assert "low, normal, high" in error["message"]
    assert own_table.scan()["Count"] == 0


def test_a_table_that_is_down_is_a_fault_and_is_tried_again_later(own_table: Any, context: Any) -> None:
    own_table.delete()
    with pytest.raises(Exception, match="ResourceNotFound"):
        handler(REQUEST, context)
    # The failed run must not stand in the way of the next.
    boto3.resource("dynamodb").create_table(
        TableName="own-table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert handler(REQUEST, context)["status"] == "open"
