"""Stacks by name: what each exports, what production changes, what people are told."""

import hashlib
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from components.outputs import PlatformOutputs
from corral.spec.load import load_environment
from tests.components.conftest import PLATFORM
from tests.components.recorder import ROOT, Program, project, record

pytestmark = pytest.mark.xdist_group("components")

NEEDED = [field.name for field in fields(PlatformOutputs) if field.name != "registry_id"]


def test_the_outputs_are_those_that_docs_outputs_md_lists(stacks: dict[str, Program]) -> None:
    page = (ROOT / "docs/outputs.md").read_text(encoding="utf-8")
    platform, tool, team, agent = (
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]*`[^|]*)\|", table, re.M)))
        for table in re.split(r"^\|-.*$", page, flags=re.M)[1:]
    )
    for stack, program in stacks.items():
        outputs, entries = (platform, tool) if stack == "dev" else (team, agent)
        # The recorder sees no null, which a team without approvers has there, and a trail of no organization.
        without = dict.fromkeys({"approver_role_arn", "organization_id"} & set(outputs))
        assert sorted({**without, **program.outputs}) == sorted(outputs)
        for entry in program.outputs["tools" if stack == "dev" else "agents"].values():
            # The recorder sees no null, which an agent without a schedule has there.
            assert sorted({**entry, **dict.fromkeys({"schedule"} & set(entries))}) == sorted(entries)
    assert None not in stacks["dev"].outputs.values()


def test_teams_read_what_docs_outputs_md_says_they_read() -> None:
    page = (ROOT / "docs/outputs.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|(.*)\|.*\|[^|]*\bteams\b[^|]*\|$", page, re.M)
    assert set(re.findall(r"`(\w+)`", "".join(rows))) == {field.name for field in fields(PlatformOutputs)}


@pytest.mark.control("approvals")
def test_each_teams_outputs_say_who_may_approve_what(programs: dict[str, Program]) -> None:
    """All who may take the approver role and none besides, under each rule that holds calls back."""
    environment = load_environment(ROOT / "stacks/dev")
    lead = "arn:aws:iam::111122223333:role/support-lead"
    refunds = {
        "tool": "refund-issue",
        "when": "amount_cents > 5000",
        "approvers": 1,
        "by": [lead],
        "within_minutes": 24 * 60,
    }
    assert refunds in programs["dev.support"].outputs["approvers"]["helpdesk"]
    for stack in programs.keys() - {"dev"}:
        program, team = programs[stack], stack.removeprefix("dev.")
        told = program.outputs["approvers"]
        held = {name: agent.approval for name, agent in environment.agents[team].items() if agent.approval}
        assert {name: len(rules) for name, rules in told.items()} == {n: len(r) for n, r in held.items()}
        named = {arn for rules in told.values() for rule in rules for arn in (*rule["by"], *_delegate(rule))}
        [trust] = [
            json.loads(role.inputs["assumeRolePolicy"])["Statement"]
            for role in program.of("aws:iam/role:Role")
            if role.inputs["name"] == f"corral-dev-team-{team}-approver"
        ]
        trusted = {_one(s["Principal"]["AWS"]) for s in trust if s["Effect"] == "Allow"}
        assert named <= trusted
        assert not told or named == trusted, team


def _delegate(rule: dict[str, Any]) -> list[str]:
    return [rule["delegate"]] if "delegate" in rule else []


def _one(principal: str | list[str]) -> str:
    [arn] = [principal] if isinstance(principal, str) else principal
    return arn


@pytest.mark.control("tool-supply-chain")
def test_tools_are_pinned_by_schema_and_code(programs: dict[str, Program]) -> None:
    environment = load_environment(ROOT / "stacks/dev")
    for name, tool in programs["dev"].outputs["tools"].items():
        assert tool["schema_sha256"] == environment.tools[name].schema_sha256
        [function] = [
            f
            for f in programs["dev"].of("aws:lambda/function:Function")
            if f.inputs["name"].endswith(f"-tool-{name}")
        ]
        digest = hashlib.sha256()
        for path in sorted(function.inputs["code"]["assets"]):
            content = hashlib.sha256((ROOT / path).read_bytes()).hexdigest()
            digest.update(f"{path} {content}\n".encode())
        assert tool["code_sha256"] == digest.hexdigest()


@pytest.mark.control("suspension", "inventory")
def test_the_supervisor_knows_each_agent(programs: dict[str, Program]) -> None:
    environment = load_environment(ROOT / "stacks/dev")
    for stack, program in programs.items():
        for item in program.of("aws:dynamodb/tableItem:TableItem"):
            assert item.inputs["tableName"] == "corral-dev-agents"
            given = json.loads(item.inputs["item"])
            agent = environment.agents[stack[4:]][given["name"]["S"]]
            assert given["item"] == {"S": "config"}
            assert given["agent"] == {"S": program.outputs["agents"][agent.name]["harness_arn"]}
            assert [tool["S"] for tool in given["tools"]["L"]] == list(agent.tools)
            rules = json.loads(given["approval"]["S"])
            assert [rule["tool"] for rule in rules] == [rule.tool for rule in agent.approval]


def test_a_region_without_a_registry_goes_without(tmp_path: Path) -> None:
    changes = {
        "region": "eu-central-1",
        "models": '{nova-lite: {id: "amazon.nova-lite-v1:0"}, nova-pro: {id: "amazon.nova-pro-v1:0"}}',
    }
    program = project(tmp_path)
    path = program / "dev/platform.yaml"
    text = re.sub(r"^models:\n(  .*\n)+", "", path.read_text(), flags=re.M)
    text = re.sub(r"^region:.*\n", "", text, flags=re.M)
    path.write_text(text + "".join(f"{key}: {value}\n" for key, value in changes.items()))
    platform = record("dev", {}, program)
    assert not platform.errors, platform.errors
    assert not platform.of("aws-native:agentregistry:Registry")
    assert platform.outputs.get("registry_id") is None
    team = record("dev.support", {PLATFORM: platform.outputs}, program)
    assert not team.errors, team.errors
    assert not team.of("aws-native:agentregistry:RegistryRecord")
    roles = [p.inputs["policy"] for p in team.of("aws:iam/rolePolicy:RolePolicy")]
    assert any("arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova" in policy for policy in roles)


@pytest.mark.parametrize(
    ("platform", "told"),
    [
        (
            {
                PLATFORM: {
                    "registry_id": "x",
                    **{key: "x" for key in NEEDED if not key.startswith("guardrail_strict")},
                }
            },
            "stack dev lacks guardrail_strict_arn, guardrail_strict_id, guardrail_strict_version: ",
        ),
        ({}, "environment dev has no platform, there is no stack organization/corral/dev: "),
        ({PLATFORM: {}}, "the platform stack dev lacks team_boundary_arn, gateway_arn, "),
        ({PLATFORM: {"registry_id": None, **dict.fromkeys(NEEDED, "x")}}, "stack dev lacks registry_id: "),
    ],
    ids=["older", "no-stack", "empty", "one-missing"],
)
def test_a_team_before_its_platform_is_told_so_and_registers_nothing(
    platform: dict[str, dict[str, Any]], told: str
) -> None:
    team = record("dev.support", platform)
    [error] = team.errors
    assert error.startswith("RunError: ")
    assert told in error
    assert error.endswith("run `pulumi up -s dev` first")
    assert not team.resources


@pytest.mark.parametrize(
    ("stack", "told"),
    [("dev.suport", "has no team suport. Its teams: "), ("staging", "there is no such environment")],
)
def test_a_stack_that_means_nothing_is_refused(stack: str, told: str) -> None:
    program = record(stack, {})
    assert any(told in error and error.startswith("RunError") for error in program.errors), program.errors
    assert not program.resources


def test_stack_files_agree_with_platform_yaml() -> None:
    platform = load_environment(ROOT / "stacks/dev").platform
    teams = [path.stem for path in (ROOT / "stacks/dev/teams").glob("*.yaml")]
    for stack in ("dev", *(f"dev.{team}" for team in teams)):
        config = YAML(typ="safe").load(ROOT / f"stacks/Pulumi.{stack}.yaml")["config"]
        for provider in ("aws", "aws-native"):
            assert config[f"{provider}:region"] == platform.region
            assert config[f"{provider}:allowedAccountIds"] == [platform.account]
