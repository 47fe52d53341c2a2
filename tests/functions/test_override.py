"""The override function: who may put what above which agents, what is kept of it, and that a suspension holds."""

import base64
import json
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.common import aws
from functions.common.overrides import MODES
from functions.override.handler import handler
from functions.supervisor.handler import handler as supervisor
from tests.functions.conftest import boto3_client

Platform = Any  # what conftest's fixtures return
Broken = Any
STS = "arn:aws:sts::123456789012:assumed-role"
OPERATOR, LEAD = f"{STS}/corral-dev-team-support-operator/alice", f"{STS}/corral-dev-operator/lee"
ROLES = {
    "corral-dev-team-support-operator": "/corral/dev/support/",
    "corral-dev-team-sales-operator": "/corral/dev/sales/",
    "corral-dev-operator": "/corral/dev/platform/",
    "corral-dev-agent-support-helpdesk": "/corral/dev/support/",
    "corral-prod-operator": "/corral/prod/platform/",
}


@pytest.fixture(autouse=True)
def _roles(platform: Platform) -> None:
    iam = boto3_client("iam")
    for name, path in ROLES.items():
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument="{}")
    platform.agents.put_item(
        Item=platform.config | {"agent": "another", "name": "welcome", "key": "onboarding"}  # renamed since
    )
    aws.client.cache_clear()


def ask(
    context: Any, method: str = "GET", body: Any = None, by: str | None = OPERATOR, path: str = ""
) -> Any:
    iam = {"authorizer": {"iam": {"userArn": by}}} if by else {}
    text = body if isinstance(body, str) else None if body is None else json.dumps(body)
    event = {
        "rawPath": path or "/v1/overrides",
        "requestContext": {"http": {"method": method}, **iam},
        "body": text,
    }
    answer = handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


def put(context: Any, mode: str, scope: str = "support/helpdesk", by: str = OPERATOR, **more: Any) -> Any:
    return ask(context, "POST", {"scope": scope, "mode": mode, "reason": "odd refunds", **more}, by)


def may(platform: Platform, context: Any, tool: str = "knowledge-search") -> bool:
    return supervisor(platform.hook(tool=f"{tool}___{tool}"), context)["decision"] == "allow"


@pytest.mark.control("suspension")
def test_suspended_then_resumed_with_who_when_and_why(platform: Platform, context: Any) -> None:
    status, said = put(context, "suspended")
    made = said["override"]
    assert (status, made["mode"], made["by"], made["reason"]) == (200, "suspended", OPERATOR, "odd refunds")
    assert platform.overrides.get_item(Key={"scope": "support/helpdesk"})["Item"] == made
    assert said["overrides"] == [made | {"name": "support/helpdesk"}]
    assert not may(platform, context)
    status, said = put(context, "active", reason="  looked into  ", lifts=made["id"])
    assert (status, said["overrides"], said["override"]["reason"]) == (200, [], "looked into")
    assert may(platform, context)
    records = [record for record in platform.records() if record["event"] == "override"]
    assert [{**record, "id": 0, "time": 0} for record in records] == [
        {
            "id": 0,
            "time": 0,
            "environment": "dev",
            "team": "support",
            "agent": "helpdesk",
            "event": "override",
            "decision": mode,
            "reason": reason,
            "actor": OPERATOR,
        }
        for mode, reason in (("suspended", "odd refunds"), ("active", "looked into"))
    ]
    assert records[0]["id"] == made["id"]
    assert records[0]["time"] == made["at"]


@pytest.mark.parametrize(
    ("scope", "by", "key", "team", "agent"),
    [
        ("*", LEAD, "*", None, None),
        ("support", LEAD, "support", "support", None),
        ("support", OPERATOR, "support", "support", None),
        ("support/welcome", OPERATOR, "support/onboarding", "support", "welcome"),
    ],
)
def test_wider_scopes_and_renamed_agents(
    platform: Platform, context: Any, scope: str, by: str, key: str, team: str | None, agent: str | None
) -> None:
    _, said = put(context, "read-only", scope, by)
    assert (said["override"]["scope"], said["overrides"][0]["name"]) == (key, scope)
    record = platform.records()[-1]
    assert (record["team"], record["agent"], record["decision"]) == (team, agent, "read-only")


@pytest.mark.control("team-isolation", "suspension")
@pytest.mark.parametrize(
    ("by", "scope"),
    [
        (f"{STS}/corral-dev-team-sales-operator/mallory", "support/helpdesk"),
        (f"{STS}/corral-dev-team-sales-operator/mallory", "support"),
        (OPERATOR, "*"),
        (f"{STS}/corral-dev-agent-support-helpdesk/session", "support/helpdesk"),
        (f"{STS}/corral-prod-operator/lee", "support/helpdesk"),
        ("arn:aws:iam::123456789012:user/root-like", "support/helpdesk"),
        (f"{STS}/corral-dev-team-support-operator-x/eve", "support/helpdesk"),
    ],
)
def test_nobody_else_may(platform: Platform, context: Any, by: str, scope: str) -> None:
    for mode in MODES:
        status, said = put(context, mode, scope, by)
        assert (status, said["error"]["code"]) == (403, "forbidden")
    assert platform.overrides.scan()["Items"] == []
    assert platform.records() == []


@pytest.mark.control("team-isolation")
def test_a_role_that_only_has_the_name_of_an_operators_may_nothing(platform: Platform, context: Any) -> None:
    """Whoever may make roles of one team could give one this name: its path says whose it is."""
    iam = boto3_client("iam")
    iam.delete_role(RoleName="corral-dev-operator")
    iam.create_role(RoleName="corral-dev-operator", Path="/corral/dev/sales/", AssumeRolePolicyDocument="{}")
    assert put(context, "suspended", "*", LEAD)[0] == 403
    assert ask(context, by=LEAD)[0] == 403


def test_each_sees_what_is_above_its_own(platform: Platform, context: Any) -> None:
    for scope in ("*", "sales", "sales/scout", "support/helpdesk"):
        platform.override("suspended", scope, reason="r", by="b", at="a", id="i")
    platform.override("active", "support", reason="over")

    def seen(by: str) -> list[str]:
        return [each["name"] for each in ask(context, by=by)[1]["overrides"]]

    assert seen(OPERATOR) == ["*", "support/helpdesk"]
    assert seen(LEAD) == ["*", "sales", "sales/scout", "support/helpdesk"]


@pytest.mark.control("suspension")
def test_only_what_is_seen_can_be_lifted(platform: Platform, context: Any) -> None:
    first = put(context, "suspended")[1]["override"]["id"]
    put(context, "suspended", reason="found something worse")
    for lifts in ({}, {"lifts": first}):
        status, said = put(context, "active", **lifts)
        assert (status, said["error"]["code"]) == (409, "not_what_is_there")
        assert "found something worse" in said["error"]["message"]
        assert put(context, "read-only", **lifts)[0] == 409
    assert not may(platform, context)


def test_nothing_is_lifted_where_nothing_is(platform: Platform, context: Any) -> None:
    assert put(context, "active")[1]["error"]["code"] == "nothing_to_lift"


@pytest.mark.control("suspension", "fail-closed")
def test_without_a_record_an_agent_stops_all_the_same_and_does_not_go_on(
    platform: Platform, context: Any, broken: Broken
) -> None:
    mend = broken(aws.client("firehose"), "PutRecord", "ServiceUnavailableException")
    status, said = put(context, "suspended")
    assert (status, said["error"]["code"]) == (502, "not_recorded")
    assert said["error"]["message"].startswith("support/helpdesk is suspended, and that is not on record")
    [there] = ask(context)[1]["overrides"]
    status, said = put(context, "active", lifts=there["id"])
    assert (status, said["error"]["message"][:20]) == (502, "Nothing is changed: ")
    mend()
    assert not may(platform, context)


@pytest.mark.control("suspension")
def test_a_resumption_that_comes_too_late_is_on_record_as_refused(
    platform: Platform, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = put(context, "suspended")[1]["override"]["id"]
    table, put_item = aws.table("overrides"), aws.table("overrides").put_item

    def overtaken(**arguments: Any) -> Any:
        monkeypatch.setattr(table, "put_item", put_item)
        put(context, "suspended", reason="worse")
        return put_item(**arguments)

    monkeypatch.setattr(table, "put_item", overtaken)
    assert put(context, "active", lifts=there)[1]["error"]["code"] == "changed_meanwhile"
    assert not may(platform, context)
    said = [(r["decision"], r["reason"]) for r in platform.records() if r["event"] == "override"]
    assert ("refused", "somebody changed it meanwhile") in said


BAD: dict[str, tuple[Any, int]] = {
    "no JSON": ("{", 400),
    "nested without end": ("[" * 4000, 400),
    "a list": ([], 400),
    "a number": ({"scope": "*", "mode": "suspended", "reason": 7}, 400),
    "no reason": ({"scope": "support", "mode": "suspended"}, 400),
    "a blank reason": ({"scope": "support", "mode": "suspended", "reason": "   "}, 400),
    "a long reason": ({"scope": "support", "mode": "suspended", "reason": "x" * 301}, 400),
    "an unknown mode": ({"scope": "support", "mode": "paused", "reason": "why"}, 400),
    "an unknown field": ({"scope": "support", "mode": "suspended", "reason": "why", "by": "bob"}, 400),
    "an odd scope": ({"scope": "support/*", "mode": "suspended", "reason": "why"}, 400),
    "an unknown agent": ({"scope": "support/helpdesq", "mode": "suspended", "reason": "why"}, 404),
    "too much": ("x" * 17000, 413),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_understood_is_said_and_changes_nothing(
    platform: Platform, context: Any, name: str
) -> None:
    body, expected = BAD[name]
    status, said = ask(context, "POST", body)
    assert (status, bool(said["error"]["message"])) == (expected, True)
    assert platform.overrides.scan()["Items"] == []


def test_an_unknown_team_route_and_caller(platform: Platform, context: Any) -> None:
    assert put(context, "suspended", "legal", LEAD)[1]["error"]["code"] == "unknown_team"
    assert ask(context, "DELETE")[0] == ask(context, path="/v1/other")[0] == 404
    assert ask(context, by=None)[0] == 403


def test_a_body_may_come_in_base64(platform: Platform, context: Any) -> None:
    text = json.dumps({"scope": "support", "mode": "suspended", "reason": "why"}).encode()
    event = {
        "rawPath": "/v1/overrides/",
        "requestContext": {"http": {"method": "POST"}, "authorizer": {"iam": {"userArn": OPERATOR}}},
        "body": base64.b64encode(text).decode(),
        "isBase64Encoded": True,
    }
    assert handler(event, context)["statusCode"] == 200


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize(
    ("service", "operation"), [("iam", "GetRole"), ("dynamodb", "Scan"), ("dynamodb", "PutItem")]
)
def test_what_cannot_be_looked_up_or_written_is_said(
    platform: Platform, context: Any, broken: Broken, service: str, operation: str
) -> None:
    client = aws.client("iam") if service == "iam" else aws.table("overrides").meta.client
    agents = aws.table("agents").meta.client
    broken(client, operation, "InternalServerError")
    if operation == "Scan":
        broken(agents, operation, "InternalServerError")
    status, said = put(context, "suspended")
    assert status == 502
    assert (
        "InternalServerError" in said["error"]["message"]
        or "Something went wrong" in said["error"]["message"]
    )
    assert platform.records() == []


@pytest.mark.control("suspension")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["*", "support", "support/helpdesk"]), st.sampled_from(MODES), st.booleans()
        ),
        min_size=1,
        max_size=12,
    )
)
def test_what_was_answered_holds_at_each_hook_after_it(
    platform: Platform, context: Any, steps: list[tuple[str, str, bool]]
) -> None:
    """Whatever is asked in whatever order: a hook is allowed what the strictest override in force lets run."""
    for item in platform.overrides.scan()["Items"]:
        platform.overrides.delete_item(Key={"scope": item["scope"]})
    above: dict[str, tuple[str, str]] = {}  # mode and id by scope
    for scope, mode, knows in steps:
        there = above.get(scope, ("active", ""))
        status, said = put(context, mode, scope, LEAD, **({"lifts": there[1]} if knows and there[1] else {}))
        looser = MODES.index(mode) < MODES.index(there[0])
        refused = (looser and not knows) or mode == there[0] == "active"
        assert (status != 200) == refused
        if not refused:
            above[scope] = (mode, said["override"]["id"])
        strictest = max((MODES.index(held) for held, _ in above.values()), default=0)
        assert may(platform, context) == (strictest < 2)
        refund = platform.hook(tool="refund-issue___refund-issue", arguments={"amount_cents": 1})
        assert (supervisor(refund, context)["decision"] == "allow") == (strictest == 0)


@pytest.mark.control("suspension")
def test_of_many_at_once_no_hook_is_allowed_after_the_answer(platform: Platform, context: Any) -> None:
    """Steps without pause, while a suspension is asked for and somebody asks to lift what they do not see."""
    answered, stop, late = threading.Event(), threading.Event(), []

    def steps() -> None:
        while not stop.is_set():
            before = answered.is_set()
            if may(platform, context) and before:
                late.append(1)

    def lifts() -> None:
        while not stop.is_set():
            put(context, "active", by=LEAD, lifts="something")

    threads = [threading.Thread(target=each) for each in (*[steps] * 4, lifts)]
    for thread in threads:
        thread.start()
    assert put(context, "suspended")[0] == 200
    answered.set()
    for _ in range(20):
        assert not may(platform, context)
    stop.set()
    for thread in threads:
        thread.join()
    assert late == []
