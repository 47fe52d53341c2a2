"""The approvals function: who may decide, what comes of it, what happens when nobody does."""

import json
import threading
import time
from collections import Counter
from typing import Any

import boto3
import pytest

from functions.common import aws
from functions.common.session import runtime_session_id
from functions.supervisor.handler import handler as supervisor
from tests.functions.approvers import Context, approve, arn, ask, deny, sweep

Platform = Any
TOOL = "refund-issue___refund-issue"
CALL = {"order_id": "A-1", "amount_cents": 9000}
LEAD, BOB, ANN, DEPUTY = (arn(name) for name in ("lead", "bob", "ann", "deputy"))


def call(platform: Platform, session: str | None = None, **change: Any) -> dict[str, str]:
    hook = platform.hook(tool=TOOL, arguments={**CALL, **change})
    return supervisor({**hook, "sessionId": session or hook["sessionId"]}, Context())  # type: ignore[arg-type]


def held(platform: Platform, session: str | None = None, **change: Any) -> str:
    reason = call(platform, session, **change)["reason"]
    assert reason.startswith("pending approval "), reason
    return reason.split()[2].rstrip(":")


def code(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


@pytest.mark.control("approvals", "single-approval")
def test_a_call_is_asked_for_approved_and_run_once(platform: Platform) -> None:
    key = held(platform)
    status, shown = approve(LEAD, key, reason="The parcel came back.")
    assert (status, shown["status"], shown["approved_by"]) == (200, "APPROVED", [LEAD])
    assert call(platform) == {"decision": "allow", "reason": f"approval {key}"}
    assert platform.records()[-1]["approved_by"] == LEAD
    assert held(platform) == key  # a new question
    assert platform.steps() == [
        ("asked", platform.arn, "amount_cents > 5000"),
        ("notified", "supervisor", "the alerts topic"),
        ("approved", LEAD, "The parcel came back."),
        ("used", platform.arn, None),
        ("asked", platform.arn, "amount_cents > 5000"),
        ("notified", "supervisor", "the alerts topic"),
    ]


@pytest.mark.control("approvals")
def test_a_denial_is_told_to_the_agent_with_its_reason(platform: Platform) -> None:
    key = held(platform)
    assert deny(BOB, key, "Ask for the photos first.")[1]["status"] == "DENIED"
    reason = call(platform)["reason"]
    assert reason.startswith(f"approval denied {key}: do not ask for this again.")
    assert reason.endswith("The approver says: Ask for the photos first.")
    assert code(approve(LEAD, key)) == (409, "decided")
    assert platform.steps()[-1] == ("denied", BOB, "Ask for the photos first.")


@pytest.mark.parametrize("reason", ["", "  ", "no", 3, None, "x" * 501])
def test_a_denial_says_why(platform: Platform, reason: Any) -> None:
    key = held(platform)
    assert code(deny(BOB, key, reason)) == (400, "bad_request")
    assert platform.item(key)["status"] == "PENDING"


@pytest.mark.control("approvals", "team-isolation")
@pytest.mark.parametrize(
    "who",
    [
        None,
        "arn:aws:iam::123456789012:user/lead",
        "arn:aws:sts::999999999999:assumed-role/corral-dev-team-support-approver/lead",
        "arn:aws:sts::123456789012:assumed-role/corral-prod-team-support-approver/lead",
        "arn:aws:sts::123456789012:assumed-role/corral-dev-team-approver/lead",
        "arn:aws:sts::123456789012:assumed-role/corral-dev-team--approver/lead",
        "arn:aws:sts::123456789012:assumed-role/corral-dev-team-support-approver/",
        "arn:aws:sts::123456789012:assumed-role/corral-dev-agent-support-helpdesk/lead",
        arn("lead", role="operator"),
        arn("lead", role="approver-operator"),
    ],
)
def test_only_an_approver_role_of_this_environment_gets_in(platform: Platform, who: str | None) -> None:
    key = held(platform)
    for method, path in (
        ("GET", ""),
        ("GET", f"/{key}"),
        ("POST", f"/{key}/approve"),
        ("POST", f"/{key}/deny"),
    ):
        assert code(ask(who, method, path, {"reason": "because"})) == (403, "forbidden")
    assert platform.item(key)["status"] == "PENDING"


@pytest.mark.control("approvals", "team-isolation")
@pytest.mark.parametrize("team", ["sales", "support-approver", "suppor", "Support"])
def test_the_approvals_of_another_team_are_not_there(platform: Platform, team: str) -> None:
    key, other = held(platform), arn("lead", team)
    assert ask(other, "GET", "") == (200, {"team": team, "approvals": []})
    for answer in (ask(other, "GET", f"/{key}"), approve(other, key), deny(other, key)):
        assert code(answer) == (404, "unknown_approval")
    assert platform.item(key)["status"] == "PENDING"


@pytest.mark.control("approvals")
def test_who_asked_does_not_decide(platform: Platform) -> None:
    session = runtime_session_id(arn("bob", role="operator"), "helpdesk", None)
    key = held(platform, session)
    assert code(approve(BOB, key)) == (403, "requester")
    assert code(deny(BOB, key)) == (403, "requester")
    assert approve(ANN, key)[0] == 200
    assert call(platform, session)["decision"] == "allow"


@pytest.mark.control("approvals")
def test_a_person_who_is_no_approver_of_the_agent_does_not_decide(platform: Platform) -> None:
    key = held(platform)
    assert code(approve(arn("mallory"), key)) == (403, "forbidden")
    platform.agents.put_item(Item={**platform.config, "approvers": ["ann"]})
    assert code(approve(LEAD, key)) == (403, "forbidden")  # not any more
    platform.agents.delete_item(Key={"agent": platform.arn, "item": "config"})
    assert code(approve(ANN, key)) == (409, "no_agent")


@pytest.mark.control("approvals")
def test_two_people_approve_where_a_rule_says_so(platform: Platform) -> None:
    platform.rules({"approvers": 2})
    key = held(platform)
    assert approve(LEAD, key)[1]["status"] == "PENDING"
    assert code(approve(LEAD, key)) == (409, "decided")
    assert call(platform)["decision"] == "deny"
    assert approve(BOB, key)[1]["status"] == "APPROVED"
    assert call(platform)["decision"] == "allow"
    assert platform.records()[-1]["approved_by"] == f"{LEAD}, {BOB}"


def test_of_two_people_one_can_deny(platform: Platform) -> None:
    platform.rules({"approvers": 2})
    key = held(platform)
    approve(LEAD, key)
    assert deny(BOB, key)[1]["status"] == "DENIED"
    assert call(platform)["reason"].startswith("approval denied")


@pytest.mark.control("approvals")
def test_a_delegate_decides_once_half_of_the_time_is_over(platform: Platform) -> None:
    key = held(platform)
    assert code(approve(DEPUTY, key)) == (403, "not_yet")
    platform.set(key, escalates_at=int(time.time()))
    assert approve(DEPUTY, key)[1]["approved_by"] == [DEPUTY]
    assert call(platform)["decision"] == "allow"


def test_of_several_rules_the_strictest_of_each_holds(platform: Platform) -> None:
    platform.rules(
        {"within_minutes": 60, "approvers": 1, "delegate": ""},
        {"within_minutes": 20, "approvers": 2, "because": "every refund", "conditions": []},
    )
    item = platform.item(held(platform))
    assert item["approvers_needed"] == 2
    assert float(item["expires_at"]) - time.time() <= 20 * 60
    assert float(item["escalates_at"]) - time.time() <= 10 * 60
    assert item["delegate"] == "deputy"
    assert item["because"] == "amount_cents > 5000; every refund"


@pytest.mark.control("approvals")
def test_what_has_expired_cannot_be_decided(platform: Platform) -> None:
    key = held(platform)
    platform.set(key, expires_at=int(time.time()))
    assert code(approve(LEAD, key)) == (409, "decided")
    assert code(deny(LEAD, key)) == (409, "decided")
    assert ask(LEAD, "GET", "")[1]["approvals"] == []
    [shown] = ask(LEAD, "GET", "", query="all=true")[1]["approvals"]
    assert shown["status"] == "EXPIRED"


def test_people_are_told_again_when_half_of_the_time_is_over(platform: Platform) -> None:
    key = held(platform)
    assert sweep() == {"told": 0, "escalated": 0, "expired": 0, "recorded": 0}
    platform.set(key, escalates_at=int(time.time()))
    assert sweep()["escalated"] == 1
    assert sweep()["escalated"] == 0
    first, again = platform.messages()
    assert first["Subject"].startswith("Approval needed")
    assert again["Subject"] == "Still undecided: support/helpdesk refund-issue"
    assert again["MessageAttributes"]["delegate"]["Value"] == "deputy"
    assert platform.steps()[-1] == ("escalated", "approvals", "to deputy")


@pytest.mark.parametrize("approved", [False, True])
def test_what_nobody_decides_or_uses_expires(platform: Platform, approved: bool) -> None:
    key = held(platform)
    if approved:
        approve(LEAD, key)
    platform.set(key, expires_at=int(time.time()))
    assert sweep()["expired"] == 1
    assert sweep()["expired"] == 0
    assert platform.item(key)["status"] == "EXPIRED"
    why = "approved, and not used in time" if approved else "nobody decided in time"
    assert platform.steps()[-1] == ("expired", "approvals", why)
    assert held(platform) == key


def test_who_could_not_be_told_is_told_by_the_sweep(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = platform.topic_arn
    monkeypatch.setenv("ALERTS_TOPIC_ARN", topic + "-gone")
    held(platform)
    with pytest.raises(RuntimeError, match="1 approvals could not be settled"):
        sweep()
    monkeypatch.setenv("ALERTS_TOPIC_ARN", topic)
    assert sweep()["told"] == 1
    assert len(platform.messages()) == 1


@pytest.mark.control("fail-closed", "decision-records")
def test_a_decision_that_is_not_on_record_gives_nothing(platform: Platform, broken: Any) -> None:
    key = held(platform)
    mend = broken(aws.client("firehose"), "PutRecord", "ServiceUnavailableException")
    status, said = approve(LEAD, key)
    assert (status, said["error"]["code"]) == (502, "internal")
    assert call(platform)["decision"] == "deny"
    assert platform.item(key)["status"] == "APPROVED"
    with pytest.raises(RuntimeError, match="1 approvals could not be settled"):
        sweep()
    mend()
    assert sweep()["recorded"] == 1
    assert platform.steps()[-1][:2] == ("approved", LEAD)
    assert call(platform)["decision"] == "allow"


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem"])
def test_without_its_table_nothing_is_decided(platform: Platform, broken: Any, operation: str) -> None:
    key = held(platform)
    mend = broken(aws.table("approvals").meta.client, operation, "ThrottlingException", table="approvals")
    assert approve(LEAD, key)[0] == 502
    mend()
    assert platform.item(key)["status"] == "PENDING"
    assert call(platform)["decision"] == "deny"


@pytest.mark.control("single-approval")
def test_of_people_who_decide_at_the_same_time_one_does(platform: Platform) -> None:
    key = held(platform)
    start, answers = threading.Barrier(6), list[int]()

    def decide(number: int) -> None:
        start.wait()
        who = (LEAD, BOB, ANN)[number % 3]
        answers.append((approve(who, key) if number < 3 else deny(who, key))[0])

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == {200: 1, 409: 5}
    assert len(platform.item(key)["steps"]) == 3


def test_an_approver_sees_what_would_run(platform: Platform) -> None:
    key = held(platform, **{"note\n= 1": "\u202ekcab\u2069 é \x1b[2J"})
    status, shown = ask(LEAD, "GET", f"/{key}")
    assert status == 200
    assert shown["arguments"] == {**CALL, "note\n= 1": "\u202ekcab\u2069 é \x1b[2J"}
    lines = shown["words"].splitlines()
    assert lines == [
        "Agent helpdesk of team support (dev) wants to call refund-issue.",
        "What that does: Pays back an order.",
        "Why you are asked: amount_cents > 5000.",
        "Arguments:",
        "  amount_cents = 9000",
        r'  "note\n= 1" = "\u202ekcab\u2069 é \u001b[2J"',
        '  order_id = "A-1"',
    ]
    [listed] = ask(LEAD, "GET", "")[1]["approvals"]
    assert listed == shown
    assert (shown["delegate"], shown["status"], shown["approvers_needed"]) == ("deputy", "PENDING", 1)
    [message] = platform.messages()
    assert "\n".join(lines) in message["Message"]
    assert message["MessageAttributes"]["team"]["Value"] == "support"
    assert f"corral approvals approve dev {key} --team support" in message["Message"]


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "wanted"),
    [
        ("GET", "/x", None, "", 404),
        ("GET", "/0123456789abcdef", None, "", 404),
        ("POST", "/0123456789abcdef", None, "", 404),
        ("GET", "/0123456789abcdef/approve", None, "", 404),
        ("DELETE", "", None, "", 404),
        ("GET", "", None, "all=maybe", 400),
        ("POST", "/0123456789abcdef/approve", "{", "", 400),
        ("POST", "/0123456789abcdef/approve", [], "", 400),
        ("POST", "/0123456789abcdef/approve", {"by": "me"}, "", 400),
        ("POST", "/0123456789abcdef/approve", {"reason": 1}, "", 400),
    ],
)
def test_what_is_not_understood_is_refused(
    platform: Platform, method: str, path: str, body: Any, query: str, wanted: int
) -> None:
    assert ask(LEAD, method, path, body, query)[0] == wanted


def test_how_long_people_take_is_measured(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    key = held(platform)
    deny(LEAD, key)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    assert [
        [metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]] for line in lines
    ] == [["ApprovalAsked"], ["ApprovalNotified"], ["ApprovalDenied", "ApprovalWaiting"]]
    assert {line["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in lines} == {"Corral"}
    assert lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Environment", "Team", "Agent"]]
    assert lines[2]["ApprovalWaiting"][0] >= 0


def test_the_agent_can_tell_its_user_what_waits_and_until_when(platform: Platform) -> None:
    reason = call(platform)["reason"]
    moment = time.strftime(
        "%Y-%m-%d %H:%M UTC", time.gmtime(int(platform.item(held(platform))["expires_at"]))
    )
    assert f"until {moment}. The call did not run." in reason
    assert "tell the user what waits" in reason


def test_a_question_is_not_replaced_before_its_steps_are_recorded(platform: Platform, broken: Any) -> None:
    key = held(platform)
    mend = broken(aws.client("firehose"), "PutRecord", "ServiceUnavailableException")
    deny(LEAD, key)
    platform.set(key, expires_at=int(time.time()))
    assert call(platform)["decision"] == "deny"
    mend()
    assert held(platform) == key
    assert [step for step, _, _ in platform.steps()] == ["asked", "notified", "denied", "asked", "notified"]


def test_the_stream_need_not_be_there_for_people_to_look(platform: Platform) -> None:
    key = held(platform)
    boto3.client("firehose").delete_delivery_stream(DeliveryStreamName="decisions")
    assert ask(LEAD, "GET", f"/{key}")[0] == 200
