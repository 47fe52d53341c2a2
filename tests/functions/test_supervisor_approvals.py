"""Approvals: no held call runs without a grant, twice on one grant, or with other arguments."""

import json
import threading
import time
from collections import Counter
from typing import Any

import boto3
import pytest

from functions.common import aws
from functions.supervisor import approvals
from functions.supervisor.approvals import approval_id
from functions.supervisor.handler import handler

Platform = Any
TOOL = "refund-issue___refund-issue"
CALL = {"order_id": "A-1", "amount_cents": 9000}


def refund(platform: Platform, context: Any, session: str | None = None, **change: Any) -> dict[str, str]:
    hook = platform.hook(tool=TOOL, arguments={**CALL, **change})
    return handler({**hook, "sessionId": session or hook["sessionId"]}, context)


def held(platform: Platform, context: Any) -> str:
    """Have a call held and return its approval's id."""
    answer = refund(platform, context)
    assert answer["reason"].startswith("pending approval ")
    return answer["reason"].split()[2].rstrip(":")


def test_a_call_under_the_limit_needs_nobody(platform: Platform, context: Any) -> None:
    assert refund(platform, context, amount_cents=5000) == {"decision": "allow"}
    assert platform.approvals.scan()["Count"] == 0


@pytest.mark.control("approvals")
def test_a_held_call_is_asked_for_once(platform: Platform, context: Any) -> None:
    key = held(platform, context)
    assert held(platform, context) == key
    item = platform.item(key)
    assert {name: item[name] for name in ("agent", "team", "tool", "status", "session_id")} == {
        "agent": platform.arn,
        "team": "support",
        "tool": "refund-issue",
        "status": "PENDING",
        "session_id": platform.hook()["sessionId"],
    }
    assert json.loads(item["arguments"]) == CALL
    assert key == approval_id(platform.arn, "refund-issue", item["arguments_sha256"], item["session_id"])
    assert len(key) == 16
    assert 0 < int(item["expires_at"]) - time.time() <= 3600
    (message,) = platform.messages()
    assert message["Subject"] == "Approval needed: support/helpdesk refund-issue"
    for told in (key, "helpdesk", "refund-issue", "amount_cents = 9000", "dev", item["session_id"]):
        assert told in message["Message"]
    assert [(record["decision"], record["approval_id"]) for record in platform.records()] == [
        ("deny", key)
    ] * 2


@pytest.mark.control("approvals", "single-approval")
def test_a_grant_is_used_once(platform: Platform, context: Any) -> None:
    key = held(platform, context)
    platform.approve(key)
    assert refund(platform, context) == {"decision": "allow", "reason": f"approval {key}"}
    record = platform.records()[-1]
    assert (record["approval_id"], record["approved_by"]) == (key, "bob")
    assert platform.item(key)["status"] == "USED"
    assert held(platform, context) == key  # a new question, and a person is told of it
    assert len(platform.messages()) == 2


@pytest.mark.control("approvals", "single-approval")
@pytest.mark.parametrize(
    "change", [{"amount_cents": 9001}, {"order_id": "A-2"}, {"note": "x"}, {"session": "other-session"}]
)
def test_a_grant_is_for_these_arguments_in_this_session(
    platform: Platform, context: Any, change: dict[str, Any]
) -> None:
    platform.approve(held(platform, context))
    assert refund(platform, context, **change)["reason"].startswith("pending approval ")
    assert refund(platform, context)["decision"] == "allow"


@pytest.mark.control("approvals")
def test_a_grant_is_for_this_agent(platform: Platform, context: Any) -> None:
    platform.approve(held(platform, context))
    other = platform.arn.replace("helpdesk", "second")
    platform.agents.put_item(Item={**platform.config, "agent": other, "name": "second"})
    hook = {**platform.hook(tool=TOOL, arguments=CALL), "harnessArn": other}
    assert handler(hook, context)["reason"].startswith("pending approval ")


@pytest.mark.parametrize("field", ["arguments_sha256", "agent", "tool", "session_id"])
def test_a_grant_that_was_written_for_something_else_is_not_used(
    platform: Platform, context: Any, field: str
) -> None:
    key = held(platform, context)
    platform.approve(key)
    platform.set(key, **{field: "another"})
    assert refund(platform, context)["decision"] == "deny"
    assert platform.item(key)["status"] == "APPROVED"


def test_a_denial_stands_until_it_expires(platform: Platform, context: Any) -> None:
    key = held(platform, context)
    platform.set(key, status="DENIED")
    assert refund(platform, context)["reason"].startswith(f"approval denied {key}")
    platform.set(key, expires_at=int(time.time()) - 1)
    assert held(platform, context) == key


@pytest.mark.parametrize("status", ["PENDING", "APPROVED", "DENIED", "USED"])
def test_what_has_expired_gives_nothing_and_asks_anew(platform: Platform, context: Any, status: str) -> None:
    key = held(platform, context)
    platform.set(key, status=status, expires_at=int(time.time()))
    assert held(platform, context) == key
    item = platform.item(key)
    assert item["status"] == "PENDING"
    assert item["expires_at"] > time.time()
    assert len(platform.messages()) == 2


def test_an_item_that_time_to_live_has_taken_away_asks_anew(platform: Platform, context: Any) -> None:
    key = held(platform, context)
    platform.approvals.delete_item(Key={"team": "support", "id": key})
    assert held(platform, context) == key


def test_a_status_that_is_not_understood_is_a_no(platform: Platform, context: Any) -> None:
    platform.set(held(platform, context), status="approved")
    assert refund(platform, context)["decision"] == "deny"


def test_a_grant_is_not_used_for_a_tool_that_was_taken_away_or_a_suspended_agent(
    platform: Platform, context: Any
) -> None:
    platform.approve(held(platform, context))
    platform.override("suspended", reason="odd")
    assert refund(platform, context)["reason"] == "agent suspended: odd"
    platform.override("active")
    platform.agents.put_item(Item={**platform.config, "tools": ["knowledge-search"]})
    assert refund(platform, context)["reason"] == "tool not granted: refund-issue"


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize("operation", ["GetItem", "PutItem", "UpdateItem"])
def test_without_the_approvals_table_a_held_call_is_denied(
    platform: Platform, context: Any, broken: Any, operation: str
) -> None:
    key = held(platform, context)
    platform.approve(key)
    if operation == "PutItem":
        platform.approvals.delete_item(Key={"team": "support", "id": key})

    broken(aws.table("approvals").meta.client, operation, "ThrottlingException", table="approvals")
    assert refund(platform, context) == {
        "decision": "deny",
        "reason": "the supervisor could not decide: ThrottlingException",
    }


@pytest.mark.control("fail-closed", "single-approval")
def test_a_grant_that_cannot_be_recorded_is_spent_and_denied(platform: Platform, context: Any) -> None:
    key = held(platform, context)
    platform.approve(key)
    boto3.client("firehose").delete_delivery_stream(DeliveryStreamName="decisions")
    assert refund(platform, context)["reason"] == "no record could be written"
    assert platform.item(key)["status"] == "USED"


def test_approvers_who_could_not_be_told_are_told_at_the_next_attempt(
    platform: Platform, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = platform.topic_arn
    monkeypatch.setenv("ALERTS_TOPIC_ARN", topic + "-gone")
    key = held(platform, context)
    assert platform.messages() == []
    monkeypatch.setenv("ALERTS_TOPIC_ARN", topic)
    assert held(platform, context) == key
    assert held(platform, context) == key
    assert len(platform.messages()) == 1


def test_long_arguments_are_cut_in_the_message_alone(platform: Platform, context: Any) -> None:
    answer = refund(platform, context, note="y" * 10_000)
    (message,) = platform.messages()
    assert len(message["Message"]) < 3000
    assert "cut here" in message["Message"]
    item = platform.item(answer["reason"].split()[2].rstrip(":"))
    assert json.loads(item["arguments"])["note"] == "y" * 10_000


@pytest.mark.control("single-approval")
def test_of_many_calls_at_the_same_time_one_gets_the_grant(platform: Platform, context: Any) -> None:
    key = held(platform, context)
    platform.approve(key)
    start = threading.Barrier(8)
    answers: list[dict[str, str]] = []

    def call() -> None:
        start.wait()
        answers.append(refund(platform, context))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answer["decision"] for answer in answers) == {"allow": 1, "deny": 7}
    allowed = [record for record in platform.records() if record["decision"] == "allow"]
    assert len(allowed) == 1


def test_between_reading_and_using_a_grant_another_call_may_be_faster(
    platform: Platform, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = held(platform, context)
    platform.approve(key)
    use = approvals._use

    def beaten(wanted: dict[str, Any], item: dict[str, Any]) -> Any:
        platform.set(key, status="USED")
        return use(wanted, item)

    monkeypatch.setattr(approvals, "_use", beaten)
    assert refund(platform, context)["reason"].startswith(f"pending approval {key}")
