"""What must stand before what, and how the program may be written for the engine to see it."""

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.components.aws_outputs import ACCOUNT
from tests.components.recorder import ROOT, Program, Recorded

pytestmark = pytest.mark.xdist_group("components")

WRITERS = {  # whatever writes to a bucket from the beginning
    "aws:cloudtrail/trail:Trail",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
    "aws:s3/bucketObjectv2:BucketObjectv2",
}


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [value] if isinstance(value, str) else []


def test_what_is_given_a_role_waits_for_the_roles_policies(stacks: dict[str, Program]) -> None:
    """AWS tries a role when it is given one: gateway, harness, trail, Firehose and functions fail without."""
    given = set()
    for program in stacks.values():
        roles = {
            f"arn:aws:iam::{ACCOUNT}:role{r.inputs['path']}{r.inputs['name']}": r
            for r in program.of("aws:iam/role:Role")
        }
        for resource in program.resources:
            for role in [roles[text] for text in _strings(resource.inputs) if text in roles]:
                policies = {
                    r.urn for r in program.of("aws:iam/rolePolicy:RolePolicy") if r.parent == role.parent
                }
                assert len(policies) == 1
                assert policies <= set(resource.dependencies), resource.urn
                given.add(resource.type)
    assert given == {
        *("aws:lambda/function:Function", "aws:cloudtrail/trail:Trail"),
        *("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", "aws:scheduler/schedule:Schedule"),
        *("aws-native:bedrockagentcore:Gateway", "aws-native:bedrockagentcore:Harness"),
        "aws-native:bedrockagentcore:OnlineEvaluationConfig",
    }


def test_nothing_is_written_to_a_bucket_before_it_encrypts_versions_locks_and_refuses(
    programs: dict[str, Program],
) -> None:
    resources = programs["dev"].resources
    policies = {r.inputs["bucket"]: r for r in resources if r.type == "aws:s3/bucketPolicy:BucketPolicy"}
    for bucket in [r for r in resources if r.type == "aws:s3/bucket:Bucket"]:
        settings = {
            r.urn for r in resources if r.parent == bucket.parent and not r.name.endswith("-lifecycle")
        }
        policy = policies[bucket.inputs["bucket"]]
        settings -= {
            policy.urn,
            *(r.urn for r in resources if r.parent == bucket.parent and r.type in WRITERS),
        }
        assert settings <= set(policy.dependencies), policy.urn
    written = [r for r in resources if r.type in WRITERS]
    assert {r.type for r in written} == WRITERS
    ready = {policy.urn for policy in policies.values()}
    assert [r.urn for r in written if not ready & set(r.dependencies)] == []


def test_nothing_relies_on_timeouts_that_the_provider_ignores(everything: list[Recorded]) -> None:
    """aws-native waits for as long as Cloud Control works and takes none; see docs/updates.md."""
    assert [r.urn for r in everything if r.timeouts and r.type.startswith("aws-native:")] == []


@pytest.mark.parametrize("path", sorted((ROOT / "components").glob("*.py")), ids=lambda path: path.stem)
def test_no_resource_is_made_inside_an_apply(path: Path) -> None:
    """A preview would not show it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "apply":
            [argument] = call.args
            body = functions[argument.id] if isinstance(argument, ast.Name) else argument
            assert not _makes(body), f"{path.name}:{call.lineno}"


def _makes(body: ast.AST) -> bool:
    calls = [node for node in ast.walk(body) if isinstance(node, ast.Call)]
    return any(
        any(keyword.arg == "opts" for keyword in call.keywords)
        or (isinstance(call.func, ast.Name) and call.func.id == "ResourceOptions")
        for call in calls
    )
