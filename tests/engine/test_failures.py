"""One call fails at each resource type in turn, on the way to a platform and a team that are whole in the end."""

import pytest

from tests.engine.engine import Engine
from tests.engine.made_by import CLASSIC, LATER

# Services whose types go through Cloud Control, as CloudFormation spells them.
NATIVE = {"bedrock": "Bedrock", "bedrockagentcore": "BedrockAgentCore", "agentregistry": "AgentRegistry"}


SAID = "ordered for a test"


def fault(service: str, operation: str, contains: str = "") -> dict[str, object]:
    return {
        "service": service,
        "operation": operation,
        "contains": contains,
        "code": "AccessDeniedException",
        "message": SAID,
    }


def first_and_later(token: str) -> list[dict[str, object]]:
    """A fault of the call that makes a type's first resource, and one of a later call where there is one."""
    if token in CLASSIC:
        return [fault(*calls[token]) for calls in (CLASSIC, LATER) if token in calls]
    _, service, kind = token.split(":")
    return [fault("cloudcontrol", "CreateResource", f'AWS::{NATIVE[service]}::{kind}"')]


def types(engine: Engine, stack: str) -> set[str]:
    """The types a stack would create."""
    return {step.type for step in engine.update("preview", stack).steps}


@pytest.mark.control("convergence")
@pytest.mark.parametrize("stack", ["dev", "dev.support"])
def test_a_failure_at_each_type_in_turn_is_named_and_made_good_by_the_next_up(
    engine: Engine, stack: str
) -> None:
    engine.init(stack)
    engine.faults(*(each for token in sorted(types(engine, stack)) for each in first_and_later(token)))
    failed = 0
    while (done := engine.update("up", stack)).code != 0:
        assert SAID in done.said
        assert "Traceback" not in done.said
        failed += 1
        assert failed < 80, done.said
    assert failed > 5
    assert engine.faults_left() == 0
    again = engine.up(stack, "--expect-no-changes")
    assert again.steps == ()
    refreshed = engine.update("refresh", stack, "--expect-no-changes")
    assert refreshed.code == 0, refreshed.said


@pytest.mark.control("convergence")
def test_nothing_was_made_twice(engine: Engine) -> None:
    states = [each for stack in ("dev", "dev.support") for each in engine.state(stack)]

    def ids(token: str) -> list[str]:
        return sorted(each["id"] for each in states if each["type"] == token)

    control = engine.client("cloudcontrol")

    def there(kind: str) -> list[str]:
        found = control.list_resources(TypeName=f"AWS::BedrockAgentCore::{kind}")["ResourceDescriptions"]
        return sorted(each["Identifier"] for each in found)

    assert there("Harness") == ids("aws-native:bedrockagentcore:Harness")
    assert there("Gateway") == ids("aws-native:bedrockagentcore:Gateway")
    roles = [role["RoleName"] for role in engine.client("iam").list_roles()["Roles"]]
    assert sorted(roles) == ids("aws:iam/role:Role")
    functions = [each["FunctionName"] for each in engine.client("lambda").list_functions()["Functions"]]
    assert sorted(functions) == ids("aws:lambda/function:Function")
    kms = engine.client("kms")
    keys = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
    customers = sorted(key["KeyId"] for key in keys if key["KeyManager"] == "CUSTOMER")
    assert customers == ids("aws:kms/key:Key")


@pytest.mark.control("convergence")
def test_a_failure_on_the_way_down_is_made_good_by_the_next_destroy(engine: Engine) -> None:
    engine.faults(
        fault("iam", "DeleteRole"),
        fault("cloudcontrol", "DeleteResource", 'AWS::BedrockAgentCore::Harness"'),
        fault("lambda", "DeleteFunction"),
    )
    failed = 0
    while (done := engine.update("destroy", "dev.support")).code != 0:
        assert SAID in done.said
        failed += 1
        assert failed < 5, done.said
    assert failed
    assert engine.faults_left() == 0
    assert [each for each in engine.state("dev.support") if each["type"] != "pulumi:pulumi:Stack"] == []
