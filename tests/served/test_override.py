"""Suspending, read-only mode and resuming on a served platform: by commands, over HTTP, in the middle of a session."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from corral.front_door import Answer, send
from corral.local.journey import scripts
from corral.override import Desk, OverrideError
from corral.spec.load import Environment, load_environment
from corral.spec.scenario import Scenario
from tests.served.attack import Target, Watch, refusal
from tests.served.conftest import run

SEARCH = {"tool": "knowledge-search", "input": {"query": "reset", "domain": "support-docs"}}
REFUND = {"tool": "refund-issue", "input": {"order_id": "A-1042", "amount_cents": 100, "reason": "broken"}}
TURNS = (SEARCH, REFUND, {"say": "Done."})


@pytest.fixture(scope="module")
def target(served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session) -> Target:
    return Target(served, outputs, admin)


@pytest.fixture(scope="module")
def environment(project: Path) -> Environment:
    return load_environment(project / "stacks/dev")


@pytest.fixture(autouse=True)
def _as_before(target: Target, environment: Environment) -> Iterator[None]:
    """Whatever a test leaves suspended goes on afterwards; the agent's own scripts are put back."""
    yield
    table = target.admin.resource("dynamodb").Table(target.platform["overrides_table"])
    for item in table.scan()["Items"]:
        table.delete_item(Key={"scope": item["scope"]})
    target.session.put_scripts(scripts([environment.agents["support"]["helpdesk"]], target.outputs))


@pytest.fixture
def talk(target: Target, environment: Environment) -> Callable[..., Answer]:
    """Say something to support/helpdesk whose model then calls one tool that reads and one that writes."""
    agent = environment.agents["support"]["helpdesk"]

    def say(user: str = "Look it up and pay it back.", session: str | None = None) -> Answer:
        turns = {"name": "both", "title": "t", "user": user, "model": list(TURNS), "expect": {}}
        scenario = Scenario.model_validate(turns)
        target.session.put_scripts(scripts([replace(agent, scenarios=(scenario,))], target.outputs))
        url, region = target.outputs["support"]["front_door_url"], target.served["region"]
        return send(url, target.operator("support", "caller"), region, "helpdesk", user, session)

    return say


def desk(target: Target, team: str | None = "support", name: str = "alice") -> Desk:
    role = target.outputs[team or ""]["operator_role_arn"]
    return Desk(
        target.platform["override_url"], target.session.credentials_for(role, name), target.served["region"]
    )


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "did not come about in a minute"
        time.sleep(0.05)


def decided(answer: Answer) -> list[str]:
    return [call.decision for call in answer.tool_calls]


@pytest.mark.control("suspension")
def test_suspended_by_a_command_then_resumed(
    project: Path, target: Target, talk: Callable[..., Answer]
) -> None:
    watch = Watch(target)
    assert decided(talk()) == ["allowed", "allowed"]
    done = run(project, *("suspend", "dev", "support/helpdesk", "--local", "--reason", "Odd refunds."))
    assert (done.returncode, done.stdout.split("\n")[0]) == (0, "support/helpdesk: suspended")
    stopped = talk()
    assert (stopped.stop_reason, stopped.tool_calls) == ("hook_stopped", ())
    assert "agent suspended: Odd refunds." in stopped.answer
    listed = json.loads(run(project, "overrides", "dev", "support", "--local", "--json").stdout)
    assert [(each["name"], each["mode"], each["reason"]) for each in listed] == [
        ("support/helpdesk", "suspended", "Odd refunds.")
    ]
    assert listed[0]["by"].startswith(
        "arn:aws:sts::111122223333:assumed-role/corral-dev-team-support-operator/"
    )
    asked = run(project, *("resume", "dev", "support/helpdesk", "--local", "--reason", "Looked into."))
    assert (asked.returncode, "Nobody is there to answer" in asked.stderr) == (2, True)
    again = run(
        project, *("resume", "dev", "support/helpdesk", "--local", "--reason", "Looked into.", "--yes")
    )
    assert again.returncode == 0, again.stderr
    assert "in force: nothing" in again.stdout
    assert decided(talk()) == ["allowed", "allowed"]
    said = [(r["decision"], r["reason"], r["actor"]) for r in watch.decisions() if r["event"] == "override"]
    assert said == [
        ("suspended", "Odd refunds.", listed[0]["by"]),
        ("active", "Looked into.", listed[0]["by"]),
    ]
    [refused] = [r for r in watch.decisions() if r["decision"] == "deny"]
    assert (refused["event"], refused["reason"]) == ("beforeInvocation", "agent suspended: Odd refunds.")


@pytest.mark.control("suspension")
def test_in_the_middle_of_a_session_the_next_tool_call_is_denied(
    target: Target, talk: Callable[..., Answer]
) -> None:
    """The first call is over, and the supervisor is slow to read the agent for the second: then it is suspended."""
    watch, at = Watch(target), desk(target)
    slow = {
        "service": "dynamodb",
        "operation": "GetItem",
        "contains": "dev_support_helpdesk",
        "seconds": 2,
        "times": 99,
    }
    answers: list[Answer] = []
    target.session._admin("PUT", "faults", {"faults": [slow]})
    try:
        talking = threading.Thread(target=lambda: answers.append(talk()))
        talking.start()
        _until(lambda: any(r["event"] == "afterToolCall" for r in watch.decisions()))
        at.put("support/helpdesk", "suspended", "Odd refunds.")
        talking.join(timeout=60)
    finally:
        target.session._admin("PUT", "faults", {"faults": []})
    [answer] = answers
    assert decided(answer) == ["allowed", "denied-by-supervisor"]
    before = [r for r in watch.decisions() if r["event"] == "beforeToolCall"]
    assert [(r["tool"], r["decision"], r["reason"]) for r in before] == [
        ("knowledge-search", "allow", None),
        ("refund-issue", "deny", "agent suspended: Odd refunds."),
    ]
    [there] = at.listed()
    at.put("support/helpdesk", "active", "Looked into.", there.id)
    assert decided(talk("Once more.", answer.session_id)) == ["allowed", "allowed"]


@pytest.mark.control("suspension")
@pytest.mark.parametrize(
    ("scope", "team", "said"),
    [("support", "support", "team suspended: why"), ("*", None, "environment suspended: why")],
)
def test_a_team_and_the_environment(
    target: Target, talk: Callable[..., Answer], scope: str, team: str | None, said: str
) -> None:
    at = desk(target, team)
    at.put(scope, "suspended", "why")
    assert said in talk().answer
    if scope == "*":  # a team's own operators cannot lift it, and see it
        assert [each.name for each in desk(target).listed()] == ["*"]
    [there] = at.listed()
    at.put(scope, "active", "over", there.id)
    assert decided(talk()) == ["allowed", "allowed"]


@pytest.mark.control("suspension")
def test_read_only_denies_the_refund_and_lets_it_search(project: Path, talk: Callable[..., Answer]) -> None:
    done = run(project, *("read-only", "dev", "support/helpdesk", "--local", "--reason", "Counting."))
    assert done.returncode == 0, done.stderr
    answer = talk()
    assert decided(answer) == ["allowed", "denied-by-supervisor"]
    assert str(answer.tool_calls[1].reason).startswith("read only: refund-issue changes things")


@pytest.mark.control("suspension", "team-isolation")
def test_nobody_else_stops_or_resumes_an_agent(target: Target, talk: Callable[..., Answer]) -> None:
    with pytest.raises(OverrideError, match="Operators of team sales") as refused:
        desk(target, "sales").put("support/helpdesk", "suspended", "malice")
    assert refused.value.status == 403
    [there] = desk(target).put("support/helpdesk", "suspended", "Odd refunds.")
    with pytest.raises(OverrideError, match="Operators of team sales"):
        desk(target, "sales").put("support/helpdesk", "active", "malice", there.id)
    assert desk(target, "sales").listed() == []
    allowed = {target.outputs[team]["operator_role_arn"] for team in target.teams}
    allowed.add(target.platform["operator_role_arn"])
    for role in set(target.roles()) - allowed:
        keys = target.session.credentials_for(role, "attacker")
        url = f"{target.platform['override_url'].rstrip('/')}/v1/overrides"
        answered = target.http(keys, "lambda", url, b"", "GET")
        assert answered.status == 403, role
        assert b"error" not in answered.data, "Lambda itself refuses"
    assert "agent suspended" in talk().answer


@pytest.mark.control("suspension", "role-limits")
def test_no_role_but_the_functions_writes_overrides(target: Target) -> None:
    item = {"scope": {"S": "support/helpdesk"}, "mode": {"S": "active"}}
    table = target.platform["overrides_table"]
    for role in target.roles():
        if role.endswith("/corral-dev-override"):
            continue
        client = target.role_client("dynamodb", role)
        for attack in (
            lambda c=client: c.put_item(TableName=table, Item=item),
            lambda c=client: c.delete_item(TableName=table, Key={"scope": item["scope"]}),
        ):
            assert refusal(attack) == "AccessDeniedException", role


@pytest.mark.control("suspension")
def test_of_sessions_at_once_none_acts_after_it(target: Target, talk: Callable[..., Answer]) -> None:
    """Sessions without pause on several connections; whatever begins after the answer is stopped."""
    talk()
    url, region = target.outputs["support"]["front_door_url"], target.served["region"]
    keys = target.operator("support", "caller")
    answered, stop = threading.Event(), threading.Event()
    late: list[Answer] = []
    early: list[Answer] = []

    def sessions() -> None:
        while not stop.is_set():
            after = answered.is_set()
            answer = send(url, keys, region, "helpdesk", "Look it up and pay it back.")
            (late if after else early).append(answer)

    threads = [threading.Thread(target=sessions) for _ in range(4)]
    for thread in threads:
        thread.start()
    _until(lambda: len(early) > 4)
    desk(target).put("support/helpdesk", "suspended", "Odd refunds.")
    answered.set()
    _until(lambda: len(late) > 8)
    stop.set()
    for thread in threads:
        thread.join()
    assert {answer.stop_reason for answer in late} == {"hook_stopped"}
    assert not [answer for answer in late if answer.tool_calls]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("suspend", "dev", "support/helpdesk", "--local"), 2, "Missing option '--reason'"),
        (("suspend", "dev", "support/helpdesk", "--local", "--reason", " "), 2, "3 to 300 characters"),
        (("suspend", "dev", "suport", "--local", "--reason", "why"), 1, 'Did you mean "support"'),
        (
            ("suspend", "dev", "support/helpdesq", "--local", "--reason", "why"),
            1,
            "It has helpdesk, onboarding",
        ),
        (("suspend", "dev", "--local", "--reason", "why"), 2, "Suspend everything in dev? Nobody is there"),
        (("resume", "dev", "support", "--local", "--reason", "why", "--yes"), 1, "there is nothing to lift"),
    ],
)
def test_what_cannot_be_done_is_said(project: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run(project, *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_what_an_agent_stays_under_is_said(project: Path, target: Target) -> None:
    desk(target, None).put("*", "suspended", "all hands")
    desk(target).put("support/helpdesk", "read-only", "careful")
    done = run(project, *("resume", "dev", "support/helpdesk", "--local", "--reason", "over", "--yes"))
    assert "It stays suspended, with all of dev." in done.stdout
