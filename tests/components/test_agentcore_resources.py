"""Gateway, harnesses, policies: what decides whether an agent is held to what it was granted."""

import json
from typing import Any

import cfnlint.api
import pytest
from cfnlint.config import ManualArgs

from corral.local.engine import schemas
from corral.local.engine.native import to_cloudformation
from corral.spec.load import load_environment
from corral.spec.names import allowed_tool
from tests.components.recorder import REGION, ROOT, Program, Recorded

pytestmark = pytest.mark.xdist_group("components")

HOOKS = ("beforeInvocation", "beforeToolCall", "afterToolCall", "afterInvocation")


def test_cfn_lint_finds_nothing_in_any_aws_native_resource(everything: list[Recorded]) -> None:
    resources: dict[str, Any] = {}
    for resource in everything:
        if resource.type.startswith("aws-native:"):
            kind, schema = schemas.find(resource.type, REGION)
            name = "".join(part.capitalize() for part in resource.name.replace("_", "-").split("-"))
            assert name not in resources
            resources[name] = {"Type": kind, "Properties": to_cloudformation(schema, resource.inputs)}
    assert len(resources) >= 40
    assert _lint({"Resources": resources}) == []


def test_cfn_lint_would_find_a_bad_name() -> None:
    engine = {"Type": "AWS::BedrockAgentCore::PolicyEngine", "Properties": {"Name": "no-hyphens-here"}}
    assert len(_lint({"Resources": {"Engine": engine}})) == 1


def _lint(template: dict[str, Any]) -> list[str]:
    found = cfnlint.api.lint(json.dumps(template), config=ManualArgs(regions=[REGION]))
    return [f"{match.rule.id} {match.path}: {match.message}" for match in found]


@pytest.mark.control("gateway-authorizer", "agentcore-keys", "granted-tools-only")
def test_the_gateway_enforces_policies_for_iam_callers(programs: dict[str, Program]) -> None:
    [gateway] = programs["dev"].of("aws-native:bedrockagentcore:Gateway")
    assert gateway.inputs["authorizerType"] == "AWS_IAM"
    assert gateway.inputs["policyEngineConfiguration"] == {
        "arn": programs["dev"].outputs["policy_engine_arn"],
        "mode": "ENFORCE",
    }
    assert gateway.inputs["kmsKeyArn"] == programs["dev"].outputs["platform_key_arn"]
    assert "interceptorConfigurations" not in gateway.inputs
    assert any("rolePolicy" in urn for urn in gateway.dependencies)


def test_targets_name_live_aliases_and_wait_for_the_grant(programs: dict[str, Program]) -> None:
    platform = programs["dev"]
    targets = platform.of("aws-native:bedrockagentcore:GatewayTarget")
    assert {t.inputs["name"] for t in targets} == set(platform.outputs["tools"])
    for target in targets:
        function = target.inputs["targetConfiguration"]["mcp"]["lambda"]
        assert function["lambdaArn"].endswith(f"-tool-{target.inputs['name']}:live")
        [tool] = function["toolSchema"]["inlinePayload"]
        assert tool["name"] == target.inputs["name"]
        assert any(urn.endswith("dev-target-invoke") for urn in target.dependencies)


@pytest.mark.control("cascade-limits")
def test_each_tool_has_its_rate(programs: dict[str, Program]) -> None:
    environment = load_environment(ROOT / "stacks/dev")
    [limit] = programs["dev"].of("aws-native:bedrockagentcore:GatewayRateLimit")
    rates = {e["dimensions"]["toolName"]: e["requests"][0]["rate"] for e in limit.inputs["entries"]}
    assert rates == {
        f"{name}___{name}": tool.spec.limits.requests_per_minute for name, tool in environment.tools.items()
    }


@pytest.mark.control("granted-tools-only", "decision-records", "suspension", "cascade-limits")
def test_harnesses_name_their_tools_their_hooks_and_their_caps(programs: dict[str, Program]) -> None:
    environment = load_environment(ROOT / "stacks/dev")
    for team, agents in environment.agents.items():
        harnesses = {
            h.inputs["harnessName"]: h
            for h in programs[f"dev.{team}"].of("aws-native:bedrockagentcore:Harness")
        }
        assert len(harnesses) == len(agents)
        for agent in agents.values():
            given = harnesses[f"dev_{team}_{agent.name}".replace("-", "_")].inputs
            assert given["allowedTools"] == [allowed_tool(tool) for tool in agent.tools]
            assert not [
                tool for tool in given["allowedTools"] if "*" in tool or not tool.startswith("@tools/")
            ]
            assert given["maxIterations"] == agent.limits.max_iterations
            assert given["maxTokens"] == agent.limits.max_output_tokens
            assert given["timeoutSeconds"] == agent.limits.timeout_seconds
            assert given["systemPrompt"] == [{"text": agent.system_prompt}]
            assert [tool["type"] for tool in given["tools"]] == ["agentcore_gateway"]
            assert given["tools"][0]["config"]["agentCoreGateway"]["outboundAuth"] == {"awsIam": {}}
            assert (
                given["memory"]["agentCoreMemoryConfiguration"]["arn"]
                == programs[f"dev.{team}"].outputs["memory_arn"]
            )
            assert [next(iter(hook)) for hook in given["hooks"]] == list(HOOKS)
            for hook in given["hooks"]:
                target = next(iter(hook.values()))["target"]["lambda"]
                assert target["failureMode"] == "deny"
                assert target["arn"] == programs["dev"].outputs["supervisor_arn"]


def test_the_supervisor_may_be_invoked_by_harnesses_of_this_account(programs: dict[str, Program]) -> None:
    [permission] = [
        each
        for each in programs["dev"].of("aws:lambda/permission:Permission")
        if each.inputs["principal"] == "bedrock-agentcore.amazonaws.com"
    ]
    assert permission.inputs["qualifier"] == "live"
    assert permission.inputs["sourceAccount"] == "111122223333"
    assert permission.inputs["sourceArn"] == "arn:aws:bedrock-agentcore:us-east-1:111122223333:harness/*"


@pytest.mark.control("granted-tools-only")
def test_policies_are_active_and_validated(programs: dict[str, Program]) -> None:
    policies = [p for program in programs.values() for p in program.of("aws-native:bedrockagentcore:Policy")]
    assert len(policies) >= 6
    for policy in policies:
        assert policy.inputs["enforcementMode"] == "ACTIVE"
        assert policy.inputs["validationMode"] == "FAIL_ON_ANY_FINDINGS"
        statement = policy.inputs["definition"]["cedar"]["statement"]
        assert programs["dev"].outputs["gateway_arn"] in statement


@pytest.mark.control("inventory", "tool-supply-chain")
def test_the_registry_lists_all_tools_and_agents(programs: dict[str, Program]) -> None:
    records = [r for p in programs.values() for r in p.of("aws-native:agentregistry:RegistryRecord")]
    agents = [f"agents/{s[4:]}/{a}" for s, p in programs.items() for a in p.outputs.get("agents", ())]
    tools = [f"tools/{tool}" for tool in programs["dev"].outputs["tools"]]
    assert sorted(r.inputs["name"] for r in records) == sorted(agents + tools)
    for record in records:
        if record.inputs["recordType"] == "AGENT":
            card = json.loads(record.inputs["descriptors"]["a2aAgentCard"]["data"])
            team, name = card["name"].split("/")
            assert card["url"] == f"{programs[f'dev.{team}'].outputs['front_door_url']}v1/agents/{name}"


@pytest.mark.control("guardrail")
@pytest.mark.parametrize("level", ["standard", "strict"])
def test_the_guardrails_stop_attacks_and_hold_back_personal_data(
    programs: dict[str, Program], level: str
) -> None:
    name = f"corral-dev{'-strict' if level == 'strict' else ''}"
    [guardrail] = [g for g in programs["dev"].of("aws-native:bedrock:Guardrail") if g.inputs["name"] == name]
    filters = {f["type"]: f for f in guardrail.inputs["contentPolicyConfig"]["filtersConfig"]}
    assert filters["PROMPT_ATTACK"]["inputStrength"] == "HIGH"
    entities = guardrail.inputs["sensitiveInformationPolicyConfig"]["piiEntitiesConfig"]
    answers = {e["type"]: e["outputAction"] for e in entities if e["outputEnabled"]}
    messages = {e["type"]: e["inputAction"] for e in entities if e["inputEnabled"]}
    assert answers["CREDIT_DEBIT_CARD_NUMBER"] == "BLOCK"
    assert len(answers) == len(entities) == 17
    if level == "standard":
        assert answers["EMAIL"] == "ANONYMIZE"
        assert not messages
    else:
        assert set(answers.values()) == {"BLOCK"}
        assert (messages["EMAIL"], messages["CREDIT_DEBIT_CARD_NUMBER"]) == ("ANONYMIZE", "BLOCK")
        assert messages.keys() == answers.keys()
    grounding = guardrail.inputs["contextualGroundingPolicyConfig"]["filtersConfig"]
    wanted = {"standard": 0.7, "strict": 0.85}[level]
    assert {g["type"]: g["threshold"] for g in grounding} == {"GROUNDING": wanted, "RELEVANCE": wanted}
    assert [t["name"] for t in guardrail.inputs["topicPolicyConfig"]["topicsConfig"]]
