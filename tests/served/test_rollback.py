"""The rehearsal of docs/rollback.md on a served platform: a bad version is deployed, rolled back, and on record."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from corral.front_door import Answer, send
from corral.local.journey import scripts
from corral.override import Desk
from corral.rollback import RollbackError, roll_back, standing
from corral.spec.load import load_environment
from corral.spec.scenario import Scenario
from tests.served.attack import Target, Watch, refusal
from tests.served.conftest import run

ARGUMENTS = {"order_id": "A-1042", "amount_cents": 100, "reason": "broken"}
REFUND = {"tool": "refund-issue", "input": ARGUMENTS}
AGENT = "support/helpdesk"
_HARNESS = "AWS::BedrockAgentCore::Harness"


@pytest.fixture(scope="module")
def target(served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session) -> Target:
    return Target(served, outputs, admin)


@pytest.fixture
def core(target: Target) -> Any:
    return target.admin.client("bedrock-agentcore-control")


def deploy(target: Target, **changes: Any) -> str:
    """Deploy another version of the harness as the engine does: the harness, then its endpoint."""
    harness = target.agent("support", "helpdesk")["harness_id"]
    cloud = target.admin.client("cloudcontrol")
    patch = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in changes.items()]
    cloud.update_resource(TypeName=_HARNESS, Identifier=harness, PatchDocument=json.dumps(patch))
    core = target.admin.client("bedrock-agentcore-control")
    newest = str(core.get_harness(harnessId=harness)["harness"]["harnessVersion"])
    core.update_harness_endpoint(harnessId=harness, endpointName="live", targetVersion=newest)
    return newest


@pytest.fixture
def bad_version(target: Target, core: Any) -> Iterator[str]:
    """A version is deployed whose agent may not pay back any more; afterwards all is deployed as it was."""
    harness = target.agent("support", "helpdesk")["harness_id"]
    good = core.get_harness(harnessId=harness)["harness"]["allowedTools"]
    yield deploy(target, AllowedTools=[each for each in good if "refund" not in each], MaxIterations=3)
    at = desk(target)
    if standing(at, AGENT).held:
        roll_back(at, standing(at, AGENT), "newest", "afterwards")
    deploy(target, AllowedTools=good, MaxIterations=15)


@pytest.fixture
def talk(target: Target, project: Path) -> Iterator[Callable[[], Answer]]:
    """Say something to support/helpdesk whose model then pays something back."""
    agent = load_environment(project / "stacks/dev").agents["support"]["helpdesk"]
    turns = {
        "name": "pay",
        "title": "t",
        "user": "Pay it back.",
        "model": [REFUND, {"say": "Done."}],
        "expect": {},
    }
    scenario = Scenario.model_validate(turns)
    target.session.put_scripts(scripts([replace(agent, scenarios=(scenario,))], target.outputs))
    url, region = target.outputs["support"]["front_door_url"], target.served["region"]
    yield lambda: send(url, target.operator("support", "caller"), region, "helpdesk", "Pay it back.")
    target.session.put_scripts(scripts([agent], target.outputs))


def desk(target: Target, team: str | None = "support", name: str = "alice") -> Desk:
    role = target.outputs[team or ""]["operator_role_arn"]
    keys = target.session.credentials_for(role, name)
    return Desk(target.platform["override_url"], keys, target.served["region"])


def decided(answer: Answer) -> list[str]:
    return [call.decision for call in answer.tool_calls]


@pytest.mark.control("rollback")
def test_the_rehearsal(project: Path, target: Target, bad_version: str, talk: Callable[[], Answer]) -> None:
    watch = Watch(target)
    assert decided(talk()) != ["allowed"]
    shown = run(project, *("rollback", "dev", AGENT, "--local"))
    assert shown.returncode == 0, shown.stderr
    before = str(int(bad_version) - 1)
    assert f"from version {bad_version} to version {before}:" in shown.stdout
    assert "allowedTools" in shown.stdout
    assert "maxIterations" in shown.stdout
    asked = run(project, *("rollback", "dev", AGENT, "--local", "--reason", "No refunds any more."))
    assert (asked.returncode, "Nobody is there to answer" in asked.stderr) == (2, True)
    assert decided(talk()) != ["allowed"]
    done = run(project, *("rollback", "dev", AGENT, "--local", "--reason", "No refunds any more.", "--yes"))
    assert done.returncode == 0, done.stderr
    assert f"{AGENT} serves version {before}" in done.stdout
    assert decided(talk()) == ["allowed"], "the very next message is answered by the version before"
    seen = standing(desk(target), AGENT)
    assert (seen.serving, seen.newest, seen.held and seen.held["reason"]) == (
        before,
        bad_version,
        "No refunds any more.",
    )
    periods = {each.number: each.served for each in seen.versions}
    assert periods[before][-1][1] is None
    assert periods[bad_version][-1][1] == periods[before][-1][0] is not None
    [record] = [r for r in watch.decisions() if r["event"] == "rollback"]
    who = "arn:aws:sts::111122223333:assumed-role/corral-dev-team-support-operator/"
    assert record["actor"].startswith(who)
    assert [
        record[name] for name in ("team", "agent", "decision", "reason", "from_version", "to_version")
    ] == [*("support", "helpdesk", "rolled back", "No refunds any more.", bad_version, before)]
    called = watch.trail(actor=record["actor"])
    assert "corral-dev-override" in json.dumps(called), "the trail has who called the function"
    moved = watch.trail("UpdateHarnessEndpoint")
    assert [r["userIdentity"]["arn"].split("/")[1] for r in moved] == ["corral-dev-override"]
    rows = run(project, *("audit", "query", "rollbacks", "dev", "--local", "--json")).stdout
    assert json.loads(rows)[-1]["to_version"] == before
    lifted = run(
        project, *("rollback", "dev", AGENT, "--lift", "--local", "--reason", "It is mended.", "--yes")
    )
    assert lifted.returncode == 0, lifted.stderr
    assert decided(talk()) != ["allowed"]
    assert standing(desk(target), AGENT).held is None


@pytest.mark.control("rollback")
def test_a_tool_is_rolled_back_by_the_platforms_operators(project: Path, target: Target) -> None:
    functions, name = target.admin.client("lambda"), "corral-dev-tool-ticket-create"
    before = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    functions.update_function_configuration(FunctionName=name, Description="The bad one.")
    bad = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=bad)
    watch = Watch(target)
    arguments = ("rollback", "dev", "tool:ticket-create", "--local", "--reason", "Tickets vanish.", "--yes")
    arguments += ("--to", before)  # other tests have published versions that nobody served
    done = run(project, *arguments)
    assert done.returncode == 0, done.stderr
    assert "The bad one." in done.stdout
    assert functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == before
    [record] = [r for r in watch.decisions() if r["event"] == "rollback"]
    assert record["actor"].startswith("arn:aws:sts::111122223333:assumed-role/corral-dev-operator/")
    assert (record["tool"], record["from_version"], record["to_version"]) == ("ticket-create", bad, before)
    again = run(project, *arguments)
    assert (again.returncode, f"serves version {before} already, held by" in again.stderr) == (1, True)
    at = desk(target, None)
    roll_back(at, standing(at, "tool:ticket-create"), "newest", "mended")
    assert functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == bad
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=before)


@pytest.mark.control("rollback")
def test_a_guardrail_is_held_for_the_teams_next_deployments(project: Path, target: Target) -> None:
    cloud = target.admin.client("cloudcontrol")
    desired = {"GuardrailIdentifier": target.platform["guardrail_strict_id"], "Description": "Rules 2"}
    cloud.create_resource(TypeName="AWS::Bedrock::GuardrailVersion", DesiredState=json.dumps(desired))
    arguments = ("rollback", "dev", "guardrail:strict", "--local", "--reason", "It stops all.", "--yes")
    done = run(project, *arguments)
    assert done.returncode == 0, done.stderr
    assert (
        "guardrail:strict is version 1 for each team from its next deployment: corral up dev" in done.stdout
    )
    at = desk(target, None)
    held = standing(at, "guardrail:strict")
    assert (held.serving, held.newest, held.at_once) == ("1", "2", False)
    roll_back(at, held, "newest", "mended")


@pytest.mark.control("rollback", "team-isolation")
def test_nobody_rolls_back_what_is_not_theirs(target: Target, bad_version: str) -> None:
    seen = standing(desk(target), AGENT)
    for what in (AGENT, "tool:refund-issue", "guardrail:standard"):
        with pytest.raises(RollbackError, match="Operators of team sales") as refused:
            roll_back(desk(target, "sales"), replace(seen, target=what), "1", "malice")
        assert refused.value.status == 403
        with pytest.raises(RollbackError, match="Operators of team sales"):
            standing(desk(target, "sales"), what)
    with pytest.raises(RollbackError, match="tools and guardrails are for the platform's operators"):
        standing(desk(target), "tool:refund-issue")
    assert standing(desk(target), AGENT).serving == bad_version


@pytest.mark.control("rollback", "role-limits")
def test_no_role_but_the_functions_moves_anything(target: Target) -> None:
    harness = target.agent("support", "helpdesk")["harness_id"]
    item = {"of": {"S": "held"}, "held": {"M": {}}}
    for role in target.roles():
        if role.endswith("/corral-dev-override"):
            continue
        core, functions, tables = (
            target.role_client(service, role)
            for service in ("bedrock-agentcore-control", "lambda", "dynamodb")
        )
        moves = {
            "endpoint": lambda c=core: c.update_harness_endpoint(
                harnessId=harness, endpointName="live", targetVersion="1"
            ),
            "alias": lambda c=functions: c.update_alias(
                FunctionName="corral-dev-tool-refund-issue", Name="live", FunctionVersion="1"
            ),
            "table": lambda c=tables: c.put_item(TableName="corral-dev-versions", Item=item),
        }
        for what, attack in moves.items():
            assert refusal(attack).startswith("AccessDenied"), (role, what)


def test_a_version_whose_model_was_replaced_is_refused(target: Target, core: Any) -> None:
    harness = target.agent("support", "helpdesk")["harness_id"]
    model = core.get_harness(harnessId=harness)["harness"]["model"]["bedrockModelConfig"]["modelId"]
    limit = core.get_harness(harnessId=harness)["harness"]["model"]["bedrockModelConfig"]["maxTokens"]

    def with_model(arn: str) -> str:
        return deploy(target, Model={"BedrockModelConfig": {"ModelId": arn, "MaxTokens": limit}})

    with_model(f"{model[:-1]}x")
    before, at = standing(desk(target), AGENT), desk(target)
    with_model(model)
    with pytest.raises(
        RollbackError, match=r"needs arn:aws:bedrock:.*which the newest version does not have"
    ):
        roll_back(at, standing(at, AGENT), before.serving, "why")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("support/helpdesk", "--reason", " "), 2, "3 to 300 characters"),
        (("support/helpdesk", "--to", "three"), 2, "is not a version"),
        (("support/helpdesk", "--to", "1", "--lift"), 2, "give it or --to"),
        (("support/helpdesk", "--to", "999", "--reason", "why", "--yes"), 1, "has no version 999. It has"),
        (("support/helpdesq", "--reason", "why"), 1, 'Did you mean "support/helpdesk"'),
        (("support", "--reason", "why"), 2, "is none of TEAM/AGENT"),
        (("tool:refund-isue", "--reason", "why"), 1, 'Did you mean "refund-issue"'),
        (("guardrail:strickt", "--reason", "why"), 1, "There is no guardrail strickt: standard, strict."),
        (("sales/account-scout", "--reason", "why", "--yes"), 1, "has no version before 1"),
        (("sales/account-scout", "--lift", "--reason", "why", "--yes"), 1, "serves version 1 already"),
        (("support/helpdesk", "--template"), 1, "there is no earlier version"),
    ],
)
def test_what_cannot_be_done_is_said(project: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run(project, "rollback", "dev", *arguments, "--local")
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_an_earlier_template_is_a_change_of_the_file(project: Path) -> None:
    done = run(project, "rollback", "dev", "support/onboarding", "--template")
    assert done.returncode == 0, done.stderr
    assert (
        "stacks/dev/teams/support.yaml:19: template: customer-support@2 -> customer-support@1" in done.stdout
    )
    assert "parameters to take out, which customer-support@1 does not have: handover" in done.stdout
