"""Which regions have the services the kit needs.

`regions.json` is made from CloudFormation's own lists, as cfn-lint ships them. Make it anew with
`python -m corral.spec.regions`.
"""

import importlib.util
import json
from functools import cache
from pathlib import Path

REQUIRED = {
    "AWS::BedrockAgentCore::Harness": "AgentCore harnesses",
    "AWS::BedrockAgentCore::HarnessEndpoint": "AgentCore harness endpoints",
    "AWS::BedrockAgentCore::Gateway": "AgentCore gateways",
    "AWS::BedrockAgentCore::GatewayTarget": "AgentCore gateway targets",
    "AWS::BedrockAgentCore::PolicyEngine": "AgentCore policy engines",
    "AWS::BedrockAgentCore::Policy": "AgentCore policies",
    "AWS::BedrockAgentCore::Memory": "AgentCore memory",
    "AWS::Bedrock::Guardrail": "Bedrock guardrails",
    "AWS::Bedrock::ApplicationInferenceProfile": "Bedrock application inference profiles",
}
REGISTRY = "AWS::AgentRegistry::Registry"
_FILE = Path(__file__).with_name("regions.json")
# cfn-lint knows nothing of these partitions and ships them a copy of everything.
_UNKNOWN_PARTITIONS = ("us-iso", "eu-iso", "eusc-")


@cache
def types_by_region() -> dict[str, list[str]]:
    """Region to the resource types of the kit that it has."""
    regions: dict[str, list[str]] = json.loads(_FILE.read_text())
    return regions


def missing_services(region: str) -> list[str]:
    """The required services that a known region lacks, in words."""
    present = types_by_region()[region]
    return [words for kind, words in REQUIRED.items() if kind not in present]


def has_registry(region: str) -> bool:
    """Whether the agent registry, which is optional, exists in a region."""
    return REGISTRY in types_by_region().get(region, ())


def generate() -> str:
    """The content of regions.json, from the lists of the installed cfn-lint."""
    found = importlib.util.find_spec("cfnlint")
    if found is None or found.origin is None:
        raise SystemExit("cfn-lint is not installed")
    providers = Path(found.origin).parent / "data/schemas/providers"
    kinds = [*REQUIRED, REGISTRY]
    regions = {
        path.stem: [kind for kind in kinds if kind in available]
        for path in sorted(providers.glob("*-*.json"))
        if not path.stem.startswith(_UNKNOWN_PARTITIONS)
        for available in [json.loads(path.read_text())]
    }
    return json.dumps(regions, indent=1) + "\n"


if __name__ == "__main__":
    _FILE.write_text(generate())
