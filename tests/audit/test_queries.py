"""What each saved query answers, on AWS's record format and the supervisor's own records."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.audit_tables import DECISION_COLUMNS
from corral.audit.library import QueryError, find, queries, read
from corral.audit.period import Period
from functions.common import approvals
from functions.common.overrides import Override
from functions.override import change, promotion, rollback
from functions.override import targets as override_targets
from functions.override.agents import Scope
from functions.supervisor import records
from functions.supervisor.decision import Decision
from functions.supervisor.hook import AFTER_INVOCATION, AFTER_TOOL_CALL, BEFORE_TOOL_CALL, Hook
from tests.audit.conftest import NOVEMBER, USUAL, Lake, another_lake, decision_records

MARY = "arn:aws:iam::111122223333:user/Mary"
SESSION = "11111111111111111111111111111111-22222222222222222222222222222222"
APPROVER = "arn:aws:sts::111122223333:assumed-role/approver/lee"
DENIER = "arn:aws:sts::111122223333:assumed-role/approver/kim"


def picked(rows: list[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def test_who_called_what(lake: Lake) -> None:
    assert picked(lake.ask("who-called-what"), "record_id", "agent", "tool", "decision", "outcome") == [
        ("d-2", "helpdesk", "knowledge-search", "allow", "ok"),
        ("d-5", "helpdesk", "refund-issue", "deny", None),
        ("d-6", "helpdesk", "refund-issue", "allow", "error"),
        ("d-9", "helpdesk", "refund-issue", "deny", None),
        ("d-11", "account-scout", "web-search", "allow", "ok"),
        ("d-13", "account-scout", "refund-issue", "deny", None),
    ]
    of_sales = lake.ask("who-called-what", agent="sales/%", tool="refund-issue")
    assert picked(of_sales, "record_id", "reason") == [("d-13", "tool not granted: refund-issue")]


def test_gateway_calls(lake: Lake) -> None:
    assert picked(lake.ask("gateway-calls"), "event_id", "role", "tool", "target_id", "error_code") == [
        (
            "e-search",
            "corral-dev-agent-support-helpdesk",
            "knowledge-search___knowledge-search",
            "TARGET0001",
            None,
        ),
        (
            *("e-refund", "corral-dev-agent-support-helpdesk", "refund-issue___refund-issue", "TARGET0002"),
            "AccessDeniedException",
        ),
        ("e-web", "corral-dev-agent-sales-account-scout", "web-search___web-search", "TARGET0003", None),
    ]
    assert picked(lake.ask("gateway-calls", role="%sales%"), "event_id") == [("e-web",)]


def test_calls_by_agent(lake: Lake) -> None:
    assert picked(lake.ask("calls-by-agent"), "agent", "tool", "calls", "allowed", "denied", "failed") == [
        ("helpdesk", "refund-issue", "3", "1", "2", "1"),
        ("account-scout", "refund-issue", "1", "0", "1", "0"),
        ("account-scout", "web-search", "1", "1", "0", "0"),
        ("helpdesk", "knowledge-search", "1", "1", "0", "0"),
    ]


def test_denied_calls_by_supervisor_and_gateway(lake: Lake) -> None:
    assert picked(lake.ask("denied-calls"), "record_id", "denied_by", "caller", "tool") == [
        ("e-anonymous", "gateway", "anonymous", None),
        ("d-5", "supervisor", "support/helpdesk", "refund-issue"),
        ("e-refund", "gateway", _helpdesk(lake), "refund-issue___refund-issue"),
        ("d-9", "supervisor", "support/helpdesk", "refund-issue"),
        ("d-13", "supervisor", "sales/account-scout", "refund-issue"),
    ]
    reasons = [row["reason"] for row in lake.ask("denied-calls")]
    assert reasons[0] == "Invalid Bearer token"
    assert str(reasons[2]).startswith("Tool Execution Denied")


def _helpdesk(lake: Lake) -> str | None:
    return lake.ask("gateway-calls", role="%helpdesk")[0]["caller"]


def test_denials_by_reason(lake: Lake) -> None:
    assert picked(lake.ask("denials-by-reason"), "denied_by", "why", "caller", "tool", "times") == [
        ("gateway", "Invalid Bearer token", "anonymous", None, "1"),
        (
            *("gateway", "Tool Execution Denied", "corral-dev-agent-support-helpdesk"),
            *("refund-issue___refund-issue", "1"),
        ),
        ("supervisor", "approval denied", "support/helpdesk", "refund-issue", "1"),
        ("supervisor", "pending approval", "support/helpdesk", "refund-issue", "1"),
        ("supervisor", "tool not granted", "sales/account-scout", "refund-issue", "1"),
    ]


def test_decisions_over_time(lake: Lake) -> None:
    assert picked(lake.ask("decisions-over-time"), "starts_at", "team", "allowed", "denied", "held") == [
        ("2026-11-10", "support", "2", "2", "1"),
        ("2026-11-14", "sales", "1", "1", "0"),
    ]
    assert picked(lake.ask("decisions-over-time", by="hour"), "starts_at")[0] == ("2026-11-10T10",)


def test_iam_denials(lake: Lake) -> None:
    found = picked(lake.ask("iam-denials"), "caller", "service", "action", "refused")
    assert (MARY, "iam.amazonaws.com", "DeleteRolePermissionsBoundary", "1") in found
    assert len(found) == 2  # and the gateway's refusal of the agent


def test_approvals_and_by_whom(lake: Lake) -> None:
    rows = lake.ask("approvals")
    assert picked(rows, "approval_id", "tool", "result", "approved_by", "held", "used") == [
        ("aaaa000011112222", "refund-issue", "approved and used", APPROVER, "1", "1"),
        ("bbbb000011112222", "refund-issue", "denied", None, "1", "0"),
    ]
    assert picked(rows, "denied_by", "why", "asked_at", "decided_at") == [
        (None, "The parcel came back.", "2026-11-10T10:03:59.900+00:00", "2026-11-10T10:05:00.000+00:00"),
        (DENIER, "Not within 30 days.", "2026-11-10T10:05:59.000+00:00", "2026-11-10T10:05:59.000+00:00"),
    ]
    assert rows[0]["used_at"] == "2026-11-10T10:05:00.500+00:00"
    assert rows[0]["arguments"] == '{"order_id":"A-1","amount_cents":9900,"reason":"broken"}'


def test_unused_tools_and_grants(lake: Lake) -> None:
    assert picked(lake.ask("unused-tools"), "tool") == [("ticket-create",)]
    assert picked(lake.ask("unused-grants"), "agent", "tool") == [("sales/account-scout", "knowledge-search")]
    early = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    assert len(lake.ask("unused-tools", early)) == 4


def test_after_hours(lake: Lake) -> None:
    # Saturday the 14th, at night
    assert picked(lake.ask("after-hours"), "agent", "calls", "denied", "first_at_place") == [
        ("account-scout", "2", "1", "2026-11-14 23:10:02.000")
    ]
    # Tuesday the 10th at 10:00 UTC is 02:00 eight hours behind, and at 23:10 on Saturday it is a weekend there too.
    assert len(lake.ask("after-hours", utc_offset="-8")) == 2
    assert len(lake.ask("after-hours", from_hour="11")) == 2


def test_overrides(lake: Lake) -> None:
    assert picked(lake.ask("overrides"), "record_id", "scope", "mode", "reason") == [
        ("d-15", "support/helpdesk", "suspended", "odd refunds"),
        ("d-16", "everything", "read-only", "refunds of all teams are looked into"),
        ("d-17", "support/helpdesk", "active", "looked into"),
    ]
    assert {by.rpartition("/")[2] for [by] in picked(lake.ask("overrides"), "actor")} == {"alice", "lee"}


def test_rollbacks(lake: Lake) -> None:
    columns = ("record_id", "target", "did", "from_version", "to_version", "reason")
    assert picked(lake.ask("rollbacks"), *columns) == [
        ("d-18", "support/helpdesk", "rolled back", "4", "3", "no refunds any more"),
        ("d-19", "tool:refund-issue", "lifted", "6", "7", "mended"),
    ]
    assert {by.rpartition("/")[2] for [by] in picked(lake.ask("rollbacks"), "actor")} == {"alice", "lee"}


def test_promotions(lake: Lake) -> None:
    assert picked(lake.ask("promotions"), "record_id", "agent", "stage", "reason") == [
        ("d-20", "support/helpdesk", "pilot", "it does well")
    ]
    [figures] = [row["figures"] for row in lake.ask("promotions")]
    assert "error rate" in figures


def test_one_sessions_full_story(lake: Lake) -> None:
    rows = lake.ask("session", session=SESSION)
    assert picked(rows, "source", "record_id") == [
        ("decision", "d-1"),
        ("decision", "d-2"),
        ("trail", "e-harness"),
        ("decision", "d-3"),
        ("trail", "e-search"),
        ("decision", "d-4"),
        ("decision", "aaaa000011112222-0"),
        ("decision", "d-5"),
        ("decision", "aaaa000011112222-1"),
        ("decision", "d-6"),
        ("decision", "d-7"),
        ("trail", "e-refund"),
        ("decision", "d-8"),
        ("decision", "bbbb000011112222-1"),
        ("decision", "d-9"),
    ]
    assert picked(rows, "event", "actor")[8] == ("approval.approved", APPROVER)
    assert rows[5]["input_tokens"] == "1000"


def test_governance_changes(lake: Lake) -> None:
    found = picked(lake.ask("governance-changes"), "event_id", "area", "error_code")
    assert found == [
        ("e-stop", "trail", None),
        ("e-boundary", "roles and boundaries", "AccessDenied"),
        ("e-gateway", "gateway", None),
        ("e-approved", "governance tables", None),
        ("e-by-hand", "governance tables", None),
    ]


def test_usage_by_team(lake: Lake) -> None:
    rows = lake.ask("usage-by-team")
    assert picked(rows, "team", "month", "turns", "input_tokens", "output_tokens", "tokens") == [
        ("support", "2026-11", "2", "1500", "75", "1575"),
        ("sales", "2026-11", "1", "0", "0", "0"),
    ]
    assert picked(rows, "turns_without_usage") == [("0",), ("1",)]


def step(place: int, event: str, session: str = SESSION, **fields: Any) -> dict[str, Any]:
    base = {
        "id": f"j-{session[:1]}{place}",
        "time": f"2026-11-20T10:00:{place:02}.000+00:00",
        "environment": "dev",
    }
    of = {"team": "support", "agent": "helpdesk", "harness_arn": "arn", "session_id": session, "event": event}
    return {**base, **of, "decision": "allow", **fields}


def test_journeys_are_counted_by_how_they_ended() -> None:
    began, tool, ended = "beforeInvocation", "beforeToolCall", "afterInvocation"
    lake = another_lake()
    lake.fill(
        [],
        [
            step(0, ended, stop_reason="end_turn"),  # began before there were records: no journey of these
            step(1, began),
            step(2, ended, stop_reason="end_turn"),  # completed
            step(3, began),
            step(4, ended, stop_reason="tool_use"),  # its caller runs a tool,
            step(5, began),  # and goes on
            step(6, ended, stop_reason="end_turn"),  # completed
            step(7, began),
            step(8, tool, decision="deny", reason="pending approval ab12: not decided"),
            step(9, ended, stop_reason="end_turn"),  # handed over
            step(10, began),
            step(11, ended, stop_reason="max_tokens"),  # abandoned
            step(12, began, decision="deny", reason="suspended"),  # refused
            step(13, began),
            step(14, ended, stop_reason="tool_use"),  # abandoned: nobody came back
            step(1, began, "another"),  # abandoned: it broke off
            step(2, began, "a third"),
            step(3, ended, "a third", stop_reason="stop_sequence"),  # completed
        ],
    )
    columns = ("team", "agent", "month", "started", "completed", "handed_over", "abandoned", "refused")
    assert picked(lake.ask("journeys"), *columns) == [
        ("support", "helpdesk", "2026-11", "7", "3", "1", "3", "1")
    ]
    [row] = lake.ask("journeys")
    assert set(str(row["abandoned_by"]).split(", ")) == {"max_tokens", "no end on record"}


def test_audit_readers(lake: Lake) -> None:
    found = picked(lake.ask("audit-readers"), "reader", "action", "times")
    auditor = "arn:aws:iam::111122223333:role/corral/dev/platform/corral-dev-auditor"
    assert found == [(auditor, "StartQueryExecution", "1"), (auditor, "GetObject", "1")]


def test_every_query_is_asked_here() -> None:
    asked = set(re.findall(r"lake\.ask\(\"([a-z-]+)\"", Path(__file__).read_text(encoding="utf-8")))
    assert asked == set(queries())


@pytest.mark.parametrize("name", sorted(queries()))
def test_a_query_is_held_to_its_period(lake: Lake, name: str) -> None:
    before = Period(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    given = {"session": SESSION} if name == "session" else {}
    rows = lake.ask(name, before, **given)
    assert rows == [] or name.startswith("unused-")
    # And it names the days, so that Athena reads no others.
    for table in re.findall(r"FROM (trail|decisions)\b", find(name).text):
        span = "BETWEEN :first_day" if table == "decisions" else "BETWEEN replace(:first_day"
        assert span in find(name).text


@pytest.mark.parametrize("name", sorted(name for name, query in queries().items() if query.is_saved))
def test_the_text_that_is_saved_in_athena_runs_as_it_is(lake: Lake, name: str) -> None:
    sql = find(name).saved_sql("dev", ["knowledge-search"])
    assert len(sql) < 262144
    assert len(find(name).answers) <= 1024  # a description's limit
    status = lake.wait(lake.start(sql))["Status"]
    assert status["State"] == "SUCCEEDED", status


def test_a_record_has_no_field_that_the_table_lacks() -> None:
    written: set[str] = set()
    for event, decision in (
        (BEFORE_TOOL_CALL, Decision(True, "r", "a", "who")),
        (AFTER_TOOL_CALL, Decision(True)),
        (AFTER_INVOCATION, Decision(True)),
    ):
        hook = Hook("1", event, "arn", "session", {}, "t", "u", {})
        written |= records.record(hook, None, decision).keys()
    written |= change.record(Scope("support", "support"), Override("support", "suspended", "why")).keys()
    moved = dict.fromkeys(("id", "time", "decision", "from", "to", "reason", "actor"), "x")
    written |= rollback.record("support/helpdesk", moved).keys()
    agent = override_targets.Agent("support", "helpdesk", "support/helpdesk", "arn")
    written |= promotion.record(
        agent, dict.fromkeys(("digest", "at", "stage", "figures", "reason", "by"), "x")
    ).keys()
    item = {"steps": [approvals.step("asked", "who", "why")], "arguments": "{}"}
    names = ("id", "requested_at", "environment", "team", "agent", "agent_name", "session_id", "tool")
    written |= approvals._record({**dict.fromkeys((*names, "arguments_sha256"), "x"), **item}, 0).keys()
    assert written == DECISION_COLUMNS.keys()
    assert {key for record in decision_records() for key in record} == written


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "dev")


def test_a_value_is_a_value_whatever_it_holds(lake: Lake) -> None:
    for value in ("x' OR '1'='1", "'; DROP TABLE trail; --", ":since", "%' --"):
        assert lake.ask("session", session=value) == []
    with pytest.raises(QueryError, match="cannot be printed"):
        find("session").sql({**USUAL, **NOVEMBER.parameters()}, {"session": "a\nb"})


def test_a_query_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(QueryError, match='Did you mean "denied-calls"'):
        find("denied-call")


def test_parameters_that_are_missing_or_unknown_are_named() -> None:
    with pytest.raises(QueryError, match="session needs session: The session's id"):
        find("session").sql({**USUAL, **NOVEMBER.parameters()}, {})
    with pytest.raises(QueryError, match=r"approvals has no parameter agent\. It takes none"):
        find("approvals").sql({**USUAL, **NOVEMBER.parameters()}, {"agent": "x"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("SELECT 1", "a title and what it answers"),
        ("-- title: T\n-- answers: A\nSELECT :other", "not declared in the header: other"),
        ("-- title: T\n-- answers: A\n-- parameter x = 1: X\nSELECT 1", "declared and not used: x"),
    ],
)
def test_a_file_without_its_header_is_refused(content: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read("q", content)
