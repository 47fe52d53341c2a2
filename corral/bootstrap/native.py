"""Makes native_actions.json, the actions of aws-native types, from AWS's published schemas as cfn-lint ships them.

Run `python -m corral.bootstrap.native` after an update of cfn-lint; a test fails when the file is stale.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

from corral.bootstrap.actions import NATIVE_FILE

_REGION = "us-east-1"  # which has every type

TYPES = (
    "AWS::AgentRegistry::Registry",
    "AWS::AgentRegistry::RegistryRecord",
    "AWS::Bedrock::ApplicationInferenceProfile",
    "AWS::Bedrock::Guardrail",
    "AWS::Bedrock::GuardrailVersion",
    "AWS::BedrockAgentCore::Evaluator",
    "AWS::BedrockAgentCore::Gateway",
    "AWS::BedrockAgentCore::GatewayRateLimit",
    "AWS::BedrockAgentCore::GatewayTarget",
    "AWS::BedrockAgentCore::Harness",
    "AWS::BedrockAgentCore::HarnessEndpoint",
    "AWS::BedrockAgentCore::Memory",
    "AWS::BedrockAgentCore::OnlineEvaluationConfig",
    "AWS::BedrockAgentCore::Policy",
    "AWS::BedrockAgentCore::PolicyEngine",
)
# What handlers may call for things that Corral makes none of, by service or action.
LEFT_OUT = {
    "apigateway": "no gateway target is an API Gateway",
    "bedrock-mantle": "no gateway target is a model, and judges are asked through bedrock-runtime",
    "ec2": "no gateway target is in a VPC",
    "vpc-lattice": "no gateway target is in a VPC",
    "s3": "tool schemas are written in the target itself",
    "secretsmanager": "no gateway target and no registry record signs in with a secret",
    "bedrock-agentcore:GetResourceOauth2Token": "no gateway target and no registry record signs in by OAuth",
    "bedrock-agentcore:GetWorkloadAccessToken": "as above",
    "bedrock-agentcore:GetWorkloadAccessTokenForUserId": "as above",
    "bedrock-agentcore:ManageAdminPolicy": "for policies of every gateway at once; Corral's name theirs",
}
_USED = ("create", "read", "update", "delete")  # nothing is found by listing


def made() -> str:
    """Return the file's content by the installed cfn-lint."""
    found = {kind: _actions(kind) for kind in TYPES}
    return json.dumps(found, indent=1) + "\n"


def permissions(kind: str) -> set[str]:
    """Return all that AWS's schema says the handlers of a type may call."""
    handlers = _schema(kind)["handlers"]
    return {action for name in _USED if name in handlers for action in handlers[name]["permissions"]}


def _actions(kind: str) -> list[str]:
    return sorted(
        action
        for action in permissions(kind)
        if action not in LEFT_OUT and action.partition(":")[0] not in LEFT_OUT
    )


def _schema(kind: str) -> dict[str, Any]:
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("cfn-lint, whose resource schemas this reads, is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "data" / "schemas"
    name = json.loads((folder / "providers" / f"{_REGION}.json").read_text())[kind]
    schema: dict[str, Any] = json.loads((folder / "resources" / f"{name}.json").read_text())
    return schema


if __name__ == "__main__":
    NATIVE_FILE.write_text(made(), encoding="utf-8")
