"""What people rolled back stays so under a deployment: endpoints, aliases and guardrails keep the version held."""

from typing import Any

import pytest

from tests.components import recorder
from tests.components.conftest import PLATFORM
from tests.components.recorder import Program, record


def hold(version: str, arn: str) -> dict[str, Any]:
    said = {
        "version": version,
        "arn": arn,
        "by": "arn:aws:sts::111122223333:assumed-role/corral-dev-operator/lee",
        "at": "2026-11-28T03:00:00.000+00:00",
        "reason": "Odd refunds.",
        "id": "0",
    }
    return {"M": {name: {"S": value} for name, value in said.items()}}


def live(program: Program, agent: str) -> str:
    [endpoint] = [
        each
        for each in program.of("aws-native:bedrockagentcore:HarnessEndpoint")
        if each.name == f"dev-support-{agent}-live"
    ]
    return str(endpoint.inputs["targetVersion"])


def harness_arn(programs: dict[str, Program], agent: str) -> str:
    return str(programs["dev.support"].outputs["agents"][agent]["harness_arn"])


def test_a_held_agent_keeps_its_version_and_the_others_get_their_newest(
    programs: dict[str, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = live(programs["dev.support"], "helpdesk")
    assert newest != "7"
    monkeypatch.setitem(recorder.HELD, "support/helpdesk", hold("7", harness_arn(programs, "helpdesk")))
    deployed = record("dev.support", {PLATFORM: programs["dev"].outputs})
    assert not deployed.errors
    assert live(deployed, "helpdesk") == "7"
    assert live(deployed, "onboarding") == live(programs["dev.support"], "onboarding")


def test_a_hold_of_a_harness_that_was_replaced_holds_nothing(
    programs: dict[str, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        recorder.HELD, "support/helpdesk", hold("7", "arn:aws:bedrock-agentcore:::harness/gone")
    )
    deployed = record("dev.support", {PLATFORM: programs["dev"].outputs})
    assert live(deployed, "helpdesk") == live(programs["dev.support"], "helpdesk")


def test_a_held_tool_and_a_held_guardrail(
    programs: dict[str, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = programs["dev"].outputs["tools"]["refund-issue"]["alias_arn"].removesuffix(":live")
    guardrail = programs["dev"].outputs["guardrail_strict_arn"]
    monkeypatch.setitem(recorder.HELD, "tool:refund-issue", hold("3", tool))
    monkeypatch.setitem(recorder.HELD, "guardrail:strict", hold("2", guardrail))
    deployed = record("dev", {})
    assert not deployed.errors
    aliases = {each.name: each.inputs["functionVersion"] for each in deployed.of("aws:lambda/alias:Alias")}
    assert aliases.pop("dev-tool-refund-issue-live") == "3"
    assert "3" not in aliases.values()
    assert deployed.outputs["guardrail_strict_version"] == "2"
    assert deployed.outputs["guardrail_version"] == programs["dev"].outputs["guardrail_version"] != "2"


def test_no_stack_writes_what_people_hold(stacks: dict[str, Program]) -> None:
    items = [item for program in stacks.values() for item in program.of("aws:dynamodb/tableItem:TableItem")]
    assert {item.inputs["tableName"] for item in items} == {"corral-dev-agents"}


def test_what_cannot_be_read_is_no_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that fails for another reason than that nothing is there must not serve what is held back."""
    monkeypatch.setitem(recorder.HELD, "support/helpdesk", {"M": {"version": {"N": "7"}}})
    refused = record("dev", {})
    assert "what is held at earlier versions cannot be read" in str(refused.errors)
    assert not [each for each in refused.resources if each.custom]
