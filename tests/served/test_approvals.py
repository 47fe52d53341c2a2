"""Approvals end to end: an agent asks, is held, a person decides through the command line, the call runs once."""

import json
import re
import shutil
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from corral.front_door import Answer
from corral.local.journey import scripts
from corral.spec.load import load_environment
from corral.spec.resolved import ResolvedAgent
from tests.served.attack import Target, Watch, refusal
from tests.served.conftest import run
from tests.served.test_attacks_by_agents import play, refund

WALK = Path(__file__).parents[2] / "docs/approvals.md"
LEAD, DEPUTY = "support-lead", "support-deputy"


@pytest.fixture(scope="module")
def target(served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session) -> Target:
    return Target(served, outputs, admin)


@dataclass
class Desk:
    """An agent whose model does what a test says, and people who decide at the command line."""

    project: Path
    target: Target
    agent: ResolvedAgent

    def asks(self, *calls: dict[str, Any], given: str = "", who: str = "asker") -> Answer:
        return play(self.target, self.agent, *calls, given=given, who=who)

    def held(self, call: dict[str, Any], who: str = "asker") -> tuple[str, str]:
        """Have a call held. Returns the approval's id and the session's."""
        answer = self.asks(call, who=who)
        [made] = answer.tool_calls
        assert str(made.reason).startswith("pending approval "), made
        return str(made.reason).split()[2].rstrip(":"), answer.session_id

    def corral(self, *arguments: str) -> Any:
        done = run(self.project, "approvals", *arguments, "--local")
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        done = self.corral(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def item(self, key: str, **changes: Any) -> dict[str, Any]:
        table = self.target.admin.resource("dynamodb").Table(self.target.platform["approvals_table"])
        item = dict(table.get_item(Key={"team": "support", "id": key})["Item"])
        if changes:
            table.put_item(Item={**item, **changes})
        return item

    def rules(self, **changes: Any) -> None:
        """Change the agent's rules, as another deployment would."""
        table = self.target.admin.resource("dynamodb").Table(self.target.platform["agents_table"])
        key = {"agent": self.target.agent("support", "helpdesk")["harness_arn"], "item": "config"}
        config = dict(table.get_item(Key=key)["Item"])
        rules = [{**rule, **changes} for rule in json.loads(config["approval"])]
        table.put_item(Item={**config, "approval": json.dumps(rules)})


@pytest.fixture
def desk(project: Path, target: Target) -> Iterator[Desk]:
    agent = load_environment(project / "stacks/dev").agents["support"]["helpdesk"]
    yield Desk(project, target, agent)
    target.session.put_scripts(scripts([agent], target.outputs))


@pytest.mark.control("approvals", "single-approval", "decision-records")
def test_a_held_call_is_approved_and_runs_once(desk: Desk) -> None:
    watch, call = Watch(desk.target), refund(6100, "A-2001")
    key, session = desk.held(call)
    [waiting] = [each for each in desk.json("list", "dev", "--team", "support") if each["id"] == key]
    assert waiting["arguments"] == call["input"]
    words = desk.corral("show", "dev", key).stdout
    for said in ("Agent helpdesk of team support (dev) wants to call refund-issue.", "amount_cents = 6100"):
        assert said in words
    [walk] = re.findall(r"`corral approvals show dev <id>`:\n\n +```\n(.*?)\n\n", WALK.read_text(), re.S)
    assert textwrap.dedent(walk).splitlines() == words.splitlines()[:7]
    approved = desk.corral("approve", "dev", key, "--reason", "The parcel came back.")
    assert "approved: runs when the agent asks again" in approved.stdout, approved.stderr
    again = desk.asks(call, call, given=session)
    assert [made.decision for made in again.tool_calls] == ["allowed", "denied-by-supervisor"]
    refunds = [r for r in watch.trail("Invoke") if "tool-refund-issue" in str(r.get("resources"))]
    assert len(refunds) == 1
    approver = f"arn:aws:sts::111122223333:assumed-role/corral-dev-team-support-approver/{LEAD}"
    records = watch.decisions()
    [ran] = [r for r in records if r["event"] == "beforeToolCall" and r["decision"] == "allow"]
    assert (ran["approval_id"], ran["approved_by"]) == (key, approver)
    steps = [(r["event"], r["actor"]) for r in records if r["event"].startswith("approval.")]
    agent = desk.target.agent("support", "helpdesk")["harness_arn"]
    assert steps[:4] == [
        ("approval.asked", agent),
        ("approval.notified", "supervisor"),
        ("approval.approved", approver),
        ("approval.used", agent),
    ]
    assert [event for event, _ in steps[4:]] == ["approval.asked", "approval.notified"]  # held again
    assert watch.trail("InvokeFunctionUrl", actor="support-approver")[-1]["userIdentity"]["arn"] == approver


@pytest.mark.control("approvals")
def test_changed_arguments_are_held_again(desk: Desk) -> None:
    key, session = desk.held(refund(6200, "A-2002"))
    assert desk.corral("approve", "dev", key).returncode == 0
    changed = desk.asks(refund(6201, "A-2002"), refund(6200, "A-2003"), given=session)
    assert [made.decision for made in changed.tool_calls] == ["denied-by-supervisor"] * 2
    assert desk.item(key)["status"] == "APPROVED"


@pytest.mark.control("approvals")
def test_a_denied_call_does_not_run_and_the_agent_is_told_why(desk: Desk) -> None:
    call = refund(6300, "A-2004")
    key, session = desk.held(call)
    assert desk.corral("deny", "dev", key).returncode == 2  # without a reason
    assert desk.corral("deny", "dev", key, "--reason", "Not within 30 days.").returncode == 0
    [made] = desk.asks(call, given=session).tool_calls
    assert made.decision == "denied-by-supervisor"
    assert "Not within 30 days." in str(made.reason)
    late = desk.corral("approve", "dev", key)
    assert late.returncode == 1
    assert f"Nothing is left to decide: approval {key} is DENIED." in late.stderr.replace("\n", " ")


@pytest.mark.control("approvals")
def test_an_approval_that_has_expired_is_none_and_is_noted(desk: Desk) -> None:
    watch, call = Watch(desk.target), refund(6400, "A-2005")
    key, session = desk.held(call)
    desk.item(key, expires_at=int(time.time()) - 1)
    late = desk.corral("approve", "dev", key)
    assert late.returncode == 1
    assert "EXPIRED" in late.stderr
    swept = desk.target.session.run_schedule(desk.target.platform["approvals_schedule_arn"])
    assert swept["expired"] == 1
    assert [r["event"] for r in watch.decisions()][-1] == "approval.expired"
    assert [made.decision for made in desk.asks(call, given=session).tool_calls] == ["denied-by-supervisor"]
    assert desk.item(key)["status"] == "PENDING"  # asked anew


@pytest.mark.control("approvals")
def test_who_asked_does_not_decide(desk: Desk) -> None:
    key, _ = desk.held(refund(6500, "A-2006"), who=LEAD)
    refused = desk.corral("approve", "dev", key)
    assert refused.returncode == 1
    assert "You asked for this yourself" in refused.stderr
    assert desk.item(key)["status"] == "PENDING"


@pytest.mark.control("approvals", "team-isolation")
def test_an_approver_of_another_team_sees_and_decides_nothing(desk: Desk) -> None:
    key, _ = desk.held(refund(6600, "A-2007"))
    target, url = desk.target, f"{desk.target.platform['approvals_url'].rstrip('/')}/v1/approvals"
    role = target.outputs["finance"]["approver_role_arn"]
    keys = target.session.credentials_for(role, LEAD)  # the name alone opens nothing
    said = target.http(keys, "lambda", url, b"", "GET")
    assert key not in said.data.decode()
    for path in ("", "/approve", "/deny"):
        body = b'{"reason": "because"}' if path else b""
        refused = target.http(keys, "lambda", f"{url}/{key}{path}", body, "POST" if path else "GET")
        assert refused.status == 404, path
    assert desk.item(key)["status"] == "PENDING"


@pytest.mark.control("approvals", "team-isolation")
def test_no_other_role_reaches_the_approvals(desk: Desk) -> None:
    target, url = desk.target, f"{desk.target.platform['approvals_url'].rstrip('/')}/v1/approvals"
    refused = 0
    for role in target.roles():
        if role.endswith("-approver"):
            continue
        keys = target.session.credentials_for(role, LEAD)
        assert target.http(keys, "lambda", url, b"", "GET").status == 403, role
        refused += 1
    assert refused > 10


@pytest.mark.control("approvals")
def test_an_approver_role_opens_nothing_else(desk: Desk) -> None:
    target, role = desk.target, desk.target.outputs["support"]["approver_role_arn"]
    dynamodb, lambda_ = target.role_client("dynamodb", role), target.role_client("lambda", role)
    item = {"team": {"S": "support"}, "id": {"S": "x"}, "status": {"S": "APPROVED"}}
    table = target.platform["approvals_table"]
    assert refusal(lambda: dynamodb.put_item(TableName=table, Item=item)).startswith("AccessDenied")
    alias = target.platform["approvals_arn"]
    assert refusal(lambda: lambda_.invoke(FunctionName=alias, Payload=b'{"sweep": true}')).startswith(
        "AccessDenied"
    )
    keys = target.session.credentials_for(role, LEAD)
    said = target.http(keys, "lambda", target.front_door("support"), b'{"message": "Go."}')
    assert said.status == 403


@pytest.mark.control("approvals")
def test_two_people_approve_and_a_delegate_is_one_of_them_in_time(desk: Desk) -> None:
    """The rule as `approvers: 2` and `delegate` make it."""
    call, target = refund(6700, "A-2008"), desk.target
    desk.rules(approvers=2, delegate=DEPUTY)
    try:
        key, session = desk.held(call)
        assert "Takes:   2 people, 1 so far" in desk.corral("approve", "dev", key).stdout
        twice = desk.corral("approve", "dev", key)
        assert "it takes another person as well" in twice.stderr.replace("\n", " ")
        [made] = desk.asks(call, given=session).tool_calls
        assert made.decision == "denied-by-supervisor"
        role, url = target.outputs["support"]["approver_role_arn"], target.platform["approvals_url"]
        keys = target.session.credentials_for(role, DEPUTY)
        decide = f"{url.rstrip('/')}/v1/approvals/{key}/approve"
        early = target.http(keys, "lambda", decide, b"{}")
        assert (early.status, json.loads(early.data)["error"]["code"]) == (403, "not_yet")
        desk.item(key, escalates_at=int(time.time()))
        swept = target.session.run_schedule(target.platform["approvals_schedule_arn"])
        assert swept["escalated"] == 1
        assert target.http(keys, "lambda", decide, b"{}").status == 200
        ran = desk.asks(call, call, given=session).tool_calls
        assert [made.decision for made in ran] == ["allowed", "denied-by-supervisor"]
    finally:
        desk.rules(approvers=1, delegate="")


def test_the_approver_role_is_taken_by_its_people_each_under_their_own_name(
    target: Target, project: Path, tmp_path: Path
) -> None:
    role = target.outputs["support"]["approver_role_arn"].rpartition("/")[2]
    trust = target.admin.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::111122223333:role/{LEAD}"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:RoleSessionName": LEAD}},
        }
    ]
    operator = target.outputs["support"]["operator_role_arn"].rpartition("/")[2]
    trust = target.admin.client("iam").get_role(RoleName=operator)["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][1:] == [
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::111122223333:role/{LEAD}"},
                "StringNotEquals": {"sts:RoleSessionName": LEAD},
            },
        }
    ]
    # A delegate is one more, and none of the approvers that decide from the start.
    shadow = tmp_path / "project"
    shutil.copytree(project, shadow, ignore=shutil.ignore_patterns(".corral"))
    file = shadow / "stacks/dev/teams/support.yaml"
    team = yaml.safe_load(file.read_text())
    team["agents"][0]["approval"][0]["delegate"] = f"arn:aws:iam::111122223333:role/{DEPUTY}"
    file.write_text(yaml.safe_dump(team))
    rules = load_environment(shadow / "stacks/dev").agents["support"]["helpdesk"].approval
    assert f"arn:aws:iam::111122223333:role/{DEPUTY}" in [rule.delegate for rule in rules]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("show", "dev", "x"), 2, "is no approval's id"),
        (("show", "dev", "0123456789abcdef"), 1, "there is no approval 0123456789abcdef of"),
        (("list", "dev", "--team", "suport"), 1, 'Did you mean "support"?'),
        (("list", "dev", "--as", "nobody"), 1, "nobody called nobody decides here"),
        (("list", "dve"), 1, "there is no such environment"),
    ],
)
def test_what_cannot_be_done_is_said(desk: Desk, arguments: tuple[str, ...], status: int, said: str) -> None:
    done = desk.corral(*arguments)
    assert done.returncode == status
    assert said in (done.stdout + done.stderr).replace("\n", " ")
