"""An agent under a new name is the same agent: nothing is replaced, and people see the new name."""

import json
from typing import Any

import pytest

from corral.local.engine import schemas
from corral.local.engine.native import to_cloudformation
from corral.local.provider.aws import KINDS
from tests.components.conftest import PLATFORM
from tests.components.recorder import REGION, Program, Recorded, project, record, replaced

pytestmark = pytest.mark.xdist_group("components")

OLD, NEW = "helpdesk", "service-desk"


@pytest.fixture(scope="module")
def renamed(programs: dict[str, Program], tmp_path_factory: pytest.TempPathFactory) -> Program:
    stacks = project(tmp_path_factory.mktemp("renamed"))
    replaced(stacks / "dev/teams/support.yaml", f"- name: {OLD}\n", f"- name: {NEW}\n    formerly: {OLD}\n")
    program = record("dev.support", {PLATFORM: programs["dev"].outputs}, stacks)
    assert not program.errors, program.errors
    return program


def test_nothing_is_made_or_deleted(programs: dict[str, Program], renamed: Program) -> None:
    assert list(_by_urn(renamed)) == list(_by_urn(programs["dev.support"]))


def test_nothing_is_replaced(programs: dict[str, Program], renamed: Program) -> None:
    changed = 0
    resources = _by_urn(renamed)
    for urn, before in _by_urn(programs["dev.support"]).items():
        after = resources[urn]
        assert _fixed(before) == _fixed(after), urn
        changed += before.inputs != after.inputs
    assert changed >= 8, "the comparison sees no change at all"


def _by_urn(program: Program) -> dict[str, Recorded]:
    return {resource.urn: resource for resource in sorted(program.resources, key=lambda r: r.urn)}


def _fixed(resource: Recorded) -> dict[str, Any]:
    """The inputs of which a change replaces the resource."""
    if resource.type.startswith("aws-native:"):
        _, schema = schemas.find(resource.type, REGION)
        given = to_cloudformation(schema, resource.inputs)
        pointers = schema.get("createOnlyProperties", [])
        return {pointer: _at(given, pointer.split("/")[2:]) for pointer in pointers}
    if resource.type in KINDS:
        return {
            key: value for key, value in resource.inputs.items() if key not in KINDS[resource.type].in_place
        }
    return {}


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def test_people_see_the_new_name(programs: dict[str, Program], renamed: Program) -> None:
    before = programs["dev.support"]
    assert list(renamed.outputs["agents"]) == [NEW, "onboarding"]
    assert renamed.outputs["agents"][NEW]["harness_arn"] == before.outputs["agents"][OLD]["harness_arn"]
    [door] = renamed.of("aws:lambda/function:Function")
    assert list(json.loads(door.inputs["environment"]["variables"]["AGENTS"])) == [NEW, "onboarding"]
    [record_] = [r for r in renamed.of("aws-native:agentregistry:RegistryRecord") if NEW in r.inputs["name"]]
    card = json.loads(record_.inputs["descriptors"]["a2aAgentCard"]["data"])
    assert card["name"] == record_.inputs["displayName"] == f"support/{NEW}"
    assert card["url"].endswith(f"/v1/agents/{NEW}")
    items = [json.loads(i.inputs["item"]) for i in renamed.of("aws:dynamodb/tableItem:TableItem")]
    assert sorted(item["name"]["S"] for item in items) == ["onboarding", NEW]
    tagged = [tags for r in renamed.resources if (tags := _tags(r)).get("corral:agent") == NEW]
    assert len(tagged) == len([r for r in before.resources if _tags(r).get("corral:agent") == OLD]) == 6


def test_policies_name_the_role_the_agent_really_has(renamed: Program) -> None:
    [role] = [r for r in renamed.of("aws:iam/role:Role") if _tags(r).get("corral:agent") == NEW]
    [policy] = [p for p in renamed.of("aws-native:bedrockagentcore:Policy") if OLD in p.inputs["name"]]
    statement = policy.inputs["definition"]["cedar"]["statement"]
    assert f":assumed-role/{role.inputs['name']}/*" in statement
    assert policy.inputs["description"] == f"The tools of support/{NEW}."


def _tags(resource: Recorded) -> dict[str, str]:
    tags = resource.inputs.get("tags", {})
    return tags if isinstance(tags, dict) else {tag["key"]: tag["value"] for tag in tags}
