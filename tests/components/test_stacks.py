"""Stacks by name: what each exports, what production changes, what people are told."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from corral.spec.load import load_environment
from tests.components.conftest import PLATFORM
from tests.components.recorder import ROOT, Program, record

pytestmark = pytest.mark.xdist_group("components")

PLATFORM_OUTPUTS = {
    *(
        "environment",
        "account",
        "region",
        "boundary_arn",
        "team_boundary_arn",
        "platform_key_arn",
        "audit_key_arn",
        "audit_bucket",
    ),
    *(
        "trail_arn",
        "trail_selectors",
        "decisions_stream",
        "decisions_stream_arn",
        "gateway_arn",
        "gateway_id",
    ),
    *("gateway_url", "policy_engine_arn", "policy_engine_id", "policy_engine_mode", "supervisor_arn"),
    *("supervisor_function", "agents_table", "agents_table_arn", "approvals_table", "guardrail_id"),
    *("guardrail_arn", "guardrail_version", "registry_id", "registry_arn", "alerts_topic_arn"),
    *(
        "documents_bucket",
        "auditor_role_arn",
        "tools",
        "waivers",
        "log_groups",
        "retention_days",
        "lock_mode",
    ),
}
TEAM_OUTPUTS = {
    *("team", "front_door_url", "front_door_function", "operator_role_arn", "memory_id", "memory_arn"),
    *("team_key_arn", "agents"),
}
STATEFUL = ("aws:kms/key:Key", "aws:s3/bucket:Bucket", "aws:dynamodb/table:Table")


def _changed(folder: Path, **changes: str) -> Path:
    """A copy of the project whose platform.yaml says something else; returns its program."""
    for name in ("functions", "templates"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "stacks", folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "stacks/dev/platform.yaml"
    text = path.read_text()
    for key, value in changes.items():
        text = re.sub(rf"^{key}:.*\n", "", text, flags=re.M) + f"{key}: {value}\n"
    path.write_text(text)
    return folder / "stacks"


def test_the_outputs_are_those_that_others_read(programs: dict[str, Program]) -> None:
    for stack, program in programs.items():
        assert set(program.outputs) == (PLATFORM_OUTPUTS if stack == "dev" else TEAM_OUTPUTS)
    assert None not in programs["dev"].outputs.values()


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


def test_stateful_things_are_protected_in_production_only(
    programs: dict[str, Program], tmp_path: Path
) -> None:
    production = record("dev", {}, _changed(tmp_path, production="true"))
    assert not production.errors, production.errors
    for kind in STATEFUL:
        assert all(resource.protect for resource in production.of(kind)), kind
        assert not any(resource.protect for resource in programs["dev"].of(kind)), kind
    for table in production.of("aws:dynamodb/table:Table"):
        assert table.inputs["deletionProtectionEnabled"] is True
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
    assert not any(bucket.inputs["forceDestroy"] for bucket in production.of("aws:s3/bucket:Bucket"))
    assert {key.inputs["deletionWindowInDays"] for key in production.of("aws:kms/key:Key")} == {30}
    [policy] = [p for p in production.of("aws:s3/bucketPolicy:BucketPolicy") if "audit" in p.inputs["bucket"]]
    assert "s3:BypassGovernanceRetention" in policy.inputs["policy"]


def test_a_region_without_a_registry_goes_without(tmp_path: Path) -> None:
    changes = {
        "region": "eu-central-1",
        "models": '{nova-lite: {id: "amazon.nova-lite-v1:0"}, nova-pro: {id: "amazon.nova-pro-v1:0"}}',
    }
    program = _changed(tmp_path, default_model="nova-lite")
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


def test_a_team_before_its_platform_is_told_so() -> None:
    team = record("dev.support", {PLATFORM: {}})
    assert any("run `pulumi up -s dev` first" in error for error in team.errors), team.errors


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
